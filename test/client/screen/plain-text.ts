import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { HistoryLoader } from '../../../lib/client/screen/history-loader.js';
import {
  conversationText,
  createSave,
  plainText,
  saveConversation,
} from '../../../lib/client/screen/plain-text.js';
import type { PaneEntry } from '../../../lib/client/screen/state/state.js';
import { pageRepeated } from '../../../lib/client/session/pages.js';
import { ConnectionLost } from '../../../lib/client/wire/connection.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { createEmulator } from '../../support/emulator.js';
import { createScreenScene } from '../../support/screen-scene.js';
import {
  conversation,
  messageAt,
  minutes,
  plainAppearance,
  screen,
  noon as shownNoon,
} from '../../support/screens.js';
import { noon } from '../../support/streams.js';

type MessageEntry = Extract<PaneEntry, { kind: 'message' }>;

function message(more: Partial<MessageEntry>): MessageEntry {
  return {
    kind: 'message',
    id: 'm1',
    seq: 1,
    from: 'ana',
    text: 'hello',
    at: noon,
    action: false,
    mine: false,
    mention: false,
    delivery: { state: 'sent' },
    ...more,
  };
}

function saved(...entries: PaneEntry[]) {
  const load = async () => ({ entries, more: false });
  const about = { conversation: '#lobby', server: 'chat.example.org', me: 'ben', now: noon } as const;
  return { ...about, entries, load };
}

const lines = (...entries: PaneEntry[]): string[] =>
  conversationText(saved(...entries), 'UTC')
    .split('\n')
    .slice(2, -1);

async function place(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const home = join(folder, 'home');
  await mkdir(home);
  return { folder, home };
}

t.test('a conversation is saved as lines with date and time', (t) => {
  const text = conversationText(
    saved(
      message({}),
      message({ from: 'ben', text: 'one\ntwo\n2026-11-20 13:00 ana: not said', at: noon + 86_400_000 }),
      message({ text: 'waves', action: true }),
      {
        kind: 'presence',
        id: 'p',
        at: noon,
        joined: ['cleo', 'dan'],
        left: [{ name: 'eve', reason: 'bye' }],
      },
      { kind: 'notice', id: 'n', at: noon, text: 'There is no command /x.', tone: 'bad' },
    ),
    'UTC',
  );
  t.equal(
    text,
    `#lobby at chat.example.org, saved by ben on 2026-11-20 13:00

2026-11-20 13:00 ana: hello
2026-11-21 13:00 ben: one
                 two
                 2026-11-20 13:00 ana: not said
2026-11-20 13:00 * ana waves
2026-11-20 13:00 -- cleo, dan joined
2026-11-20 13:00 -- eve left (bye)
`,
  );
  t.end();
});

t.test('the time is in the local time zone, on a 24-hour clock', (t) => {
  const midnight = Date.UTC(2026, 0, 1, 0, 5);
  t.match(conversationText(saved(message({ at: midnight })), 'UTC'), '2026-01-01 00:05 ana');
  t.match(conversationText(saved(message({ at: midnight })), 'America/New_York'), '2025-12-31 19:05 ana');
  t.end();
});

t.test('messages that are not delivered are marked', (t) => {
  t.strictSame(
    lines(
      message({ delivery: { state: 'failed', code: 'busy', why: 'the server is busy' } }),
      message({ delivery: { state: 'sending' } }),
    ),
    ['2026-11-20 13:00 ana: hello (not sent: the server is busy)', '2026-11-20 13:00 ana: hello (sending)'],
  );
  t.end();
});

t.test('files, edits and removed messages are named', (t) => {
  t.strictSame(
    lines(
      message({ seq: 7, text: 'a.txt', file: { name: 'a.txt', size: 6 } }),
      message({ edited: true }),
      message({ text: '', removed: 'ben' }),
    ),
    [
      '2026-11-20 13:00 * ana sent a file: a.txt (6 bytes), ID 7',
      '2026-11-20 13:00 ana: hello (edited)',
      '2026-11-20 13:00 * ana wrote a message that ben deleted',
    ],
  );
  t.end();
});

t.test('messages are printable in the file too', (t) => {
  for (const { name, text } of hostileText) {
    const [first, ...more] = lines(message({ text }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not there
    t.notMatch([first, ...more].join(''), /[\x00-\x1f\x7f-\x9f]/, name);
    t.match(first, /^2026-11-20 13:00 ana: /, name);
    t.ok(
      more.every((line) => line.startsWith(' '.repeat(17))),
      name,
    );
  }
  t.end();
});

t.test('a new file can be read by its owner only', async (t) => {
  const { folder, home } = await place(t);
  const result = await saveConversation(saved(message({})), { file: ' talk.txt ', home, folder }, 'UTC');
  const path = join(folder, 'talk.txt');
  t.strictSame(result, { outcome: 'saved', path, messages: 1, more: false });
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.match(await readFile(path, 'utf8'), 'ana: hello\n');
});

t.test('without messages no file is created', async (t) => {
  const { folder, home } = await place(t);
  const result = await saveConversation(saved(), { file: 'talk.txt', home, folder });
  t.match(result, { outcome: 'failed', message: /no messages/ });
  t.strictSame(await readdir(folder), ['home']);
});

t.test('~ is the home folder', async (t) => {
  const { folder, home } = await place(t);
  const result = await saveConversation(saved(message({})), { file: '~/talk.txt', home, folder });
  t.match(result, { outcome: 'saved', path: join(home, 'talk.txt') });
});

t.test('an existing file is kept unless it is to be overwritten', async (t) => {
  const { folder, home } = await place(t);
  const path = join(folder, 'talk.txt');
  await writeFile(path, 'precious', { mode: 0o644 });
  const there = { file: path, home, folder };
  t.strictSame(await saveConversation(saved(message({})), there), { outcome: 'exists', path });
  t.equal(await readFile(path, 'utf8'), 'precious');
  t.match(await saveConversation(saved(message({})), { ...there, overwrite: true }), { outcome: 'saved' });
  t.match(await readFile(path, 'utf8'), 'ana: hello');
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.strictSame((await readdir(folder)).sort(), ['home', 'talk.txt']);
});

t.test('an overwritten file keeps a mode that allows less', async (t) => {
  const { folder, home } = await place(t);
  const path = join(folder, 'talk.txt');
  await writeFile(path, 'precious', { mode: 0o400 });
  const there = { file: path, home, folder, overwrite: true };
  t.match(await saveConversation(saved(message({})), there), { outcome: 'saved' });
  t.equal((await stat(path)).mode & 0o777, 0o400);
});

t.test('a symbolic link is not followed, whether it dangles or not', async (t) => {
  const { folder, home } = await place(t);
  const target = join(folder, 'elsewhere');
  await symlink(target, join(folder, 'link'));
  const save = () => saveConversation(saved(message({})), { file: 'link', home, folder, overwrite: true });
  t.match(await save(), { outcome: 'failed', message: /symbolic link/ });
  t.strictSame((await readdir(folder)).sort(), ['home', 'link']);
  await writeFile(target, 'precious');
  t.match(await save(), { outcome: 'failed', message: /symbolic link/ });
  t.equal(await readFile(target, 'utf8'), 'precious');
});

t.test('a file that cannot be written is reported in a sentence', async (t) => {
  const { folder, home } = await place(t);
  const talk = saved(message({}));
  const file = (name: string) => saveConversation(talk, { file: name, home, folder, overwrite: true });
  const lost = async () => Promise.reject(new ConnectionLost('gone'));
  t.match(await saveConversation({ ...talk, load: lost }, { file: 'lost', home, folder }), {
    outcome: 'failed',
    message: /the connection was lost/,
  });
  const repeats = async () => Promise.reject(pageRepeated());
  t.match(await saveConversation({ ...talk, load: repeats }, { file: 'lost', home, folder }), {
    outcome: 'failed',
    message: /Nothing was saved.*repeats itself/,
  });
  t.match(await file(''), { outcome: 'failed', message: /\/save lobby\.txt/ });
  t.match(await file('~'), { outcome: 'failed', message: /not a file/ });
  t.match(await file('/dev/null'), { outcome: 'failed', message: /not a file/ });
  t.match(await file('none/talk.txt'), { outcome: 'failed', message: /no such file or folder/ });
  t.match(await file('x'.repeat(300)), { outcome: 'failed', message: /too long/ });
  t.match(await file('a\0b'), { outcome: 'failed', message: /not a valid file name/ });
});

t.test('/save tells how far it is, and whether it has saved all', async (t) => {
  const { folder } = await place(t);
  const scene = createScreenScene();
  const ask = () => t.fail('nothing is asked');
  for (const [file, more, outcome] of [
    ['all.txt', false, 'Saved 2 messages to FILE'],
    ['most.txt', true, 'Saved the newest 2 messages to FILE. For all of them, run secure-chat export.'],
  ] as const) {
    const whole: HistoryLoader['whole'] = async (id, _most, progress) => {
      t.equal(id, '#lobby');
      progress(1_200);
      t.equal(scene.pane().at(-1), 'Saving #lobby: 1,200 messages…');
      return { entries: [message({}), message({})], more };
    };
    const path = join(folder, file);
    await createSave({ store: scene.store, ask, whole, env: {}, appearance: plainAppearance })(path);
    t.equal(scene.pane().at(-1), outcome.replace('FILE', path), 'in the same line');
  }
  t.equal(scene.pane().length, 2);
});

const footer = '-- select and copy; any key goes back --';
const link = `secure-chat://chat.example.org:6697/${'k'.repeat(43)}/${'c'.repeat(22)}`;
const notice = (text: string): PaneEntry => ({
  kind: 'notice',
  id: 'n1',
  at: shownNoon + 2 * minutes,
  text,
  tone: 'plain',
});

const shown = (entries: readonly PaneEntry[], size: { columns: number; rows: number }, at?: string) =>
  plainText(
    screen({
      ...size,
      conversations: [
        conversation('#lobby', { entries, at: at === undefined ? undefined : { id: at, row: 0 } }),
      ],
    }),
    plainAppearance,
  ).split('\r\n');

t.test('messages are without bars, and notices as they are', (t) => {
  const left: PaneEntry = {
    kind: 'presence',
    id: 'p',
    at: shownNoon + 2 * minutes,
    joined: ['cyd'],
    left: [{ name: 'dan', reason: 'bye' }],
  };
  const entries = [messageAt(2, 'ana', 'hello\n12:00 ben: I agree'), left, notice(`A link:\n  ${link}`)];
  t.same(shown(entries, { columns: 40, rows: 20 }), [
    '12:00 ana: hello',
    '  12:00 ben: I agree',
    '12:00 -- cyd joined',
    '12:00 -- dan left (bye)',
    'A link:',
    `  ${link}`,
    footer,
  ]);
  t.end();
});

t.test('as many lines as fit are shown, up to the scroll position', async (t) => {
  const entries = Array.from({ length: 9 }, (_, n) => messageAt(2, 'ana', `line ${n}`, { id: `m${n}` }));
  t.same(shown(entries, { columns: 40, rows: 3 }), ['12:00 ana: line 7', '12:00 ana: line 8', footer]);
  t.same(shown(entries, { columns: 40, rows: 3 }, 'm4'), ['12:00 ana: line 3', '12:00 ana: line 4', footer]);
  const wide = [messageAt(2, 'ana', 'older'), notice(link), messageAt(2, 'ana', '好'.repeat(15))];
  for (const columns of [20, 25, 40, 80, 102, 103]) {
    for (const rows of [3, 5, 8, 12]) {
      const text = shown(wide, { columns, rows }).join('\r\n');
      const emulator = createEmulator(columns);
      emulator.write(text);
      await emulator.drawn();
      t.ok(emulator.rows().length <= rows, `${columns}x${rows}: nothing is scrolled away`);
    }
  }
  const tall = [messageAt(2, 'ana', `${'x'.repeat(900)} the end`)];
  const [end, ...more] = shown(tall, { columns: 20, rows: 5 });
  t.match(end, /^x+ the end$/, 'of a message taller than the screen, its end');
  t.equal(end?.length, 4 * 19);
  t.same(more, [footer.slice(0, 20)]);
  t.end();
});

t.test('a reply has its quote above it, and reactions are below a message', async (t) => {
  const reactions = [{ emoji: '👍', count: 2, mine: true }];
  const reply = message({ of: { seq: 3, from: 'ben', text: 'shall we?' }, reactions });
  const [first, ...more] = lines(reply, message({ of: { seq: 3 }, text: 'x\n> ben: never' }));
  t.match(first, /^\S{10} \d\d:\d\d > ben: shall we\?$/);
  t.same(
    more.map((line) => line.slice('YYYY-MM-DD HH:MM'.length)),
    [' ana: hello', ' + 👍 2 (you)', ' > a deleted message', ' ana: x', ' > ben: never'],
  );
  t.match(more.at(-1), /^ {17}> ben/, 'what imitates one is indented');
});
