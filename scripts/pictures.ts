/**
 * `npm run pictures`: the screen as people see it, from a real talk of real clients through a real server, as
 * docs/screen-80x24.svg and docs/screen-120x40.svg. Knows what is said, not how it is shown.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPseudoTerminal, type PseudoTerminal } from './screen/pseudo-terminal.js';
import { drawSvg } from './screen/svg.js';

const program = fileURLToPath(new URL('../bin/secure-chat.js', import.meta.url));
const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const link = /secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]+/;

// The two whose screens are drawn.
const sizes: Readonly<Record<string, { cols: number; rows: number }>> = {
  ana: { cols: 120, rows: 40 },
  ben: { cols: 80, rows: 24 },
};

/** Alt-Enter. */
const newLine = '\x1b\r';

/** Who posts what, in order; `seen` is how the viewers know it has arrived. */
const talk: readonly { by: string; say: string; seen?: RegExp }[] = [
  { by: 'ana', say: 'welcome, everyone! This is our own server, in my kitchen 🏠', seen: /kitchen/ },
  { by: 'ben', say: "that was quick: one link, one password, and I'm in", seen: /password,/ },
  { by: 'mei', say: '大家好! 我也来了 👋', seen: /大家好/ },
  { by: 'tom', say: 'is the history kept? I was away on Thursday', seen: /Thursday/ },
  { by: 'ana', say: 'all of it: a message is on disk before anyone sees it', seen: /on disk/ },
  { by: 'ana', say: 'PgUp scrolls back as far as you like', seen: /PgUp/ },
  { by: 'sofia', say: '/me puts the kettle on', seen: /kettle/ },
  { by: 'tom', say: 'who else can read it?', seen: /else/ },
  { by: 'ana', say: "only me, since it's my server. TLS 1.3 on the way", seen: /only me/ },
  { by: 'ben', say: "/reply fine by me, I've seen your kitchen", seen: /fine/ },
  { by: 'mei', say: 'now, the picnic', seen: /picnic/ },
  {
    by: 'mei',
    say: "the list is at https://example.org/saturday, add what you'll bring",
    seen: /example\.org/,
  },
  { by: 'mei', say: 'rain or shine ☔', seen: /shine/ },
  { by: 'sofia', say: "I'll make salad, and bread if the oven is free: I have 2 kg of flour", seen: /flour/ },
  { by: 'ana', say: 'the oven is yours from ten, and so is the big table', seen: /ten/ },
  { by: 'tom', say: "I'll bring plates, glasses and the blue blanket", seen: /blanket/ },
  {
    by: 'tom',
    say: 'ben, ana: can one of you take the grill? Mine is too heavy for the tram',
    seen: /grill/,
  },
  { by: 'ben', say: '/reply I can, with the bike trailer 🚲', seen: /trailer/ },
  { by: 'sofia', say: '/react tada', seen: /🎉 1/ },
  { by: 'tom', say: '/react +1', seen: /👍 1/ },
  { by: 'mei', say: '/react tada', seen: /🎉 2/ },
  {
    by: 'mei',
    say: `the way:${newLine}\`\`\`${newLine}for stop in park lake; do${newLine}  go "$stop"${newLine}done${newLine}\`\`\``,
    seen: /done/,
  },
  { by: 'mei', say: '/msg ben shall we surprise ana with a cake? 🎂' },
  { by: 'tom', say: 'ben: thank you! See you on Saturday', seen: /thank/ },
  { by: 'sofia', say: 'a domani! 🥗', seen: /domani/ },
  { by: 'ana', say: 'see you there 🎉', seen: /there/ },
];

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
    await rest(viewer);
    const file = join(docs, `screen-${cols}x${rows}.svg`);
    const { cursor, title } = viewer;
    await writeFile(file, drawSvg({ cells: viewer.cells(), cursor, title: title || 'secure-chat' }));
    process.stdout.write(`${file}\n`);
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

/** Resolves once nothing was drawn for half a second. */
async function rest(terminal: PseudoTerminal): Promise<void> {
  for (let before = -1; before !== terminal.output().length; ) {
    before = terminal.output().length;
    await pause(500);
  }
}
