/**
 * The talk of `npm run pictures` in WeeChat, for docs/compared.md: docs/weechat-80x24.svg and docs/weechat-120x40.svg. Needs
 * weechat and ngircd. Build, then run: node dist/scripts/weechat-pictures.js
 *
 * IRC has no replies and reactions: a reply is said as a message, a reaction is left out, and each line is a message.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { servers } from './bench/chat-servers.js';
import { openPseudoTerminal, type PseudoTerminal } from './screen/pseudo-terminal.js';
import { newLine, rest, savePicture, sizes, talk } from './screen/talk.js';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const channel = '#kitchen';

interface Person {
  say(line: string): void;
}

const folder = await mkdtemp(join(tmpdir(), 'weechat-pictures-'));
const start = servers.ngircd;
if (start === undefined) throw new Error('ngircd is not installed');
const server = await start(join(folder, 'ngircd'), 5);
const screens = new Map<string, PseudoTerminal>();
try {
  await takePictures();
} finally {
  for (const terminal of screens.values()) terminal.kill('SIGKILL');
  await Promise.all([...screens.values()].map(({ ended }) => ended));
  server.process.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function takePictures(): Promise<void> {
  const people = new Map<string, Person>();
  for (const name of Object.keys(sizes)) people.set(name, await openWeechat(name));
  for (const { by } of talk) if (!people.has(by)) people.set(by, await enterOnSocket(by));
  for (const { by, say } of talk) {
    if (say.startsWith('/react')) continue;
    for (const line of say.replace(/^\/reply /, '').split(newLine)) people.get(by)?.say(line);
    for (const terminal of screens.values()) await rest(terminal);
  }
  screens.get('ben')?.type('what about the ');
  for (const [name, terminal] of screens) {
    await savePicture(
      terminal,
      join(docs, `weechat-${sizes[name]?.cols}x${sizes[name]?.rows}.svg`),
      'WeeChat',
    );
  }
}

async function openWeechat(name: string): Promise<Person> {
  const home = join(folder, name);
  await mkdir(home);
  const add = `/server add kitchen 127.0.0.1/${server.port} -ssl -nossl_verify -nicks=${name} -autojoin=${channel}`;
  const env = { PATH: process.env.PATH, HOME: home, TZ: 'UTC', LANG: 'C.UTF-8' };
  const command: [string, ...string[]] = ['weechat', '--dir', home, '-r', `${add};/connect kitchen`];
  const terminal = openPseudoTerminal(command, { env, cwd: home, ...sizes[name] });
  screens.set(name, terminal);
  await terminal.until(
    () => terminal.screen().includes(`(${name}) has joined`) || terminal.screen().includes(channel),
    channel,
  );
  await rest(terminal);
  return { say: (line) => terminal.enter(line) };
}

async function enterOnSocket(name: string): Promise<Person> {
  const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  let received = '';
  socket.on('data', (data) => {
    received += data;
    for (const [, token] of data.toString().matchAll(/^PING (.*)\r$/gm)) socket.write(`PONG ${token}\r\n`);
  });
  socket.write(`NICK ${name}\r\nUSER ${name} 0 * :${name}\r\nJOIN ${channel}\r\n`);
  // The end of the list of names: they are in the channel.
  while (!received.includes(' 366 ')) await once(socket, 'data');
  return {
    say(line) {
      const [, direct, text = line] = /^\/msg (\S+) (.*)/.exec(line) ?? [];
      const [, action] = /^\/me (.*)/.exec(line) ?? [];
      const body = action === undefined ? text : `\x01ACTION ${action}\x01`;
      socket.write(`PRIVMSG ${direct ?? channel} :${body}\r\n`);
    },
  };
}
