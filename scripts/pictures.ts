/**
 * `npm run pictures`: the screen as people see it, from a real talk of real clients through a real server, as
 * docs/screen-80x24.svg and docs/screen-120x40.svg.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPseudoTerminal, type PseudoTerminal } from './screen/pseudo-terminal.js';
import { rest, savePicture, sizes, talk } from './screen/talk.js';

const program = fileURLToPath(new URL('../bin/secure-chat.js', import.meta.url));
const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const link = /secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]+/;

const folder = await mkdtemp(join(tmpdir(), 'secure-chat-pictures-'));
const open: PseudoTerminal[] = [];
try {
  await takePictures();
} finally {
  for (const terminal of open) terminal.kill('SIGTERM');
  await Promise.all(open.map(({ ended }) => ended));
  await rm(folder, { recursive: true, force: true });
}

async function takePictures(): Promise<void> {
  const data = join(folder, 'data');
  const server = await start('server', [
    'server',
    '--data',
    data,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--name',
    'Kitchen',
  ]);
  const [first] = await server.shows(link);
  const inviter = await start('inviter', ['invite', '--data', data, '--uses', '20'], { cols: 200, rows: 24 });
  const [others] = await inviter.shows(link);
  const people = new Map<string, PseudoTerminal>();
  for (const name of ['ana', 'ben', 'mei', 'sofia', 'tom']) {
    people.set(name, await enterRoom(name, name === 'ana' ? first : others));
  }
  const viewers = Object.keys(sizes).flatMap((name) => people.get(name) ?? []);
  for (const { by, say, seen } of talk) {
    people.get(by)?.enter(say);
    // A direct message appears in one conversation only.
    for (const viewer of viewers) await (seen === undefined ? rest(viewer) : viewer.shows(seen));
  }
  people.get('tom')?.enter('/quit good night');
  people.get('ben')?.type('what about the ');
  await mkdir(docs, { recursive: true });
  for (const [name, { cols, rows }] of Object.entries(sizes)) {
    const viewer = people.get(name);
    if (viewer === undefined) continue;
    const file = join(docs, `screen-${cols}x${rows}.svg`);
    await savePicture(viewer, file, 'secure-chat');
  }
}

async function enterRoom(name: string, invite: string): Promise<PseudoTerminal> {
  const terminal = await start(name, ['connect', invite, '--name', name, '--create'], sizes[name]);
  await terminal.shows(/recovery code/);
  terminal.enter('/clear');
  return terminal;
}

async function start(
  name: string,
  args: readonly string[],
  size = { cols: 160, rows: 24 },
): Promise<PseudoTerminal> {
  const home = join(folder, name);
  await mkdir(home);
  const terminal = openPseudoTerminal([process.execPath, program, ...args], {
    ...size,
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      COLORTERM: 'truecolor',
      // This server is gone in a minute.
      SECURE_CHAT_PASSWORD: 'a picture of a password',
    },
  });
  open.push(terminal);
  return terminal;
}
