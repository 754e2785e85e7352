/** The chat screen and its terminal: however it ends, the terminal is as it was before. */
import t, { type Test } from 'tap';
import { ctrl } from '../support/screen-keys.js';
import { gather, type People, settle, typed } from '../support/screen-people.js';
import { openShell, type Shell } from '../support/screen-terminal.js';

interface ChatInShell extends Shell {
  /** As `stty -g` prints it. */
  readonly before: string;
  /** Runs the chat; returns its process id once its screen is shown. */
  start(): Promise<number>;
}

async function openChatShell(t: Test, people: People): Promise<ChatInShell> {
  const { words, env } = await people.command('alice', { args: ['--take-over'] });
  const shell = await openShell(t, env);
  const { terminal } = shell;
  let starts = 0;
  return {
    ...shell,
    before: await shell.run('stty -g'),
    async start() {
      const mark = `pid${++starts}`;
      // exec gives the program the process id that the shell prints.
      shell.begin(`sh -c 'echo "${mark} $$ "; exec "$@"' sh ${words.map((word) => `'${word}'`).join(' ')}`);
      const [, pid] = await terminal.shows(new RegExp(`${mark} (\\d+) \\n`));
      await terminal.until(() => terminal.modes().includes('alternate'), 'the chat screen');
      await settle(terminal);
      return Number(pid);
    },
  };
}

async function isRestored(t: Test, { terminal, run, before }: ChatInShell): Promise<void> {
  t.strictSame(terminal.modes(), [], 'no mode is left');
  t.equal(terminal.title, '', 'the title is restored');
  t.match(terminal.screen(), /ready>/, 'the earlier content is shown again');
  t.equal(await run('stty -g'), before);
}

t.test('the terminal of the chat screen', async (t) => {
  const people = await gather(t);
  await people.pipe('bob');
  const shell = await openChatShell(t, people);
  const { terminal } = shell;

  for (const [how, end, code] of [
    ['/quit', () => terminal.enter('/quit'), 0],
    ['SIGTERM', (pid: number) => process.kill(pid, 'SIGTERM'), 143],
    ['SIGHUP', (pid: number) => process.kill(pid, 'SIGHUP'), 129],
    ['SIGINT', (pid: number) => process.kill(pid, 'SIGINT'), 130],
    ['Ctrl-D and y', () => terminal.type(`${ctrl('d')}y`), 0],
    ['Ctrl-C, twice', () => terminal.type(ctrl('c') + ctrl('c')), 130],
  ] as const) {
    await t.test(`is restored after ${how}`, async (t) => {
      const pid = await shell.start();
      t.strictSame(terminal.modes().sort(), ['alternate', 'focus', 'mouse', 'no-wrap', 'paste']);
      t.equal(terminal.title, '#lobby – secure-chat');
      end(pid);
      t.equal(await shell.code(), code);
      await isRestored(t, shell);
    });
  }

  await t.test(
    'belongs to the shell after Ctrl-Z, and to the chat after fg, also at another size',
    async (t) => {
      await shell.start();
      terminal.type('a draft');
      await terminal.until(() => typed(terminal) === 'a draft', 'a draft');
      terminal.type(ctrl('z'));
      await shell.prompt();
      await isRestored(t, shell);
      terminal.resize(60, 20);
      shell.begin('fg');
      await terminal.until(() => terminal.modes().includes('alternate'), 'the screen again');
      await terminal.until(() => typed(terminal) === 'a draft', 'the draft');
      await terminal.until(
        () => terminal.rows()[0]?.trimEnd().length === 59 && terminal.rows().length === 20,
        'the top line across the window',
      );
      terminal.type(`${ctrl('u')}/quit\r`);
      t.equal(await shell.code(), 0);
      await isRestored(t, shell);
    },
  );

  await t.test('without a full screen: --plain, TERM=dumb', async (t) => {
    for (const [text, options] of [
      ['hello', { args: ['--plain', '--take-over'] }],
      ['hello again', { env: { TERM: 'dumb' }, args: ['--take-over'] }],
    ] as const) {
      const plain = await people.terminal('alice', options);
      await plain.shows(/in #lobby as alice/);
      plain.enter(text);
      await plain.shows(new RegExp(`alice: ${text}`));
      plain.enter('/quit');
      t.equal(await plain.ended, 0);
      t.notMatch(plain.output(), '\x1b[?1049h');
    }
  });

  await t.test('colours and marks follow NO_COLOR, --ascii, --theme, COLORTERM', async (t) => {
    let count = 0;
    const appearance = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
      const alice = await people.screen('alice', { env, cols: 100, args: ['--take-over', ...args] });
      await alice.shows(/bob/);
      count++;
      alice.enter(`in colour ${count}`);
      await alice.shows(new RegExp(`in colour ${count}(?! […~])`));
      await settle(alice);
      const colors = new Set(
        alice.cells().flatMap((row) => row.flatMap((cell) => [cell.foreground, cell.background])),
      );
      colors.delete('default');
      const row = alice.rows().findIndex((line) => /alice [│|] in colour|alice [│|] .*|in colour/.test(line));
      const name = alice.cells()[row]?.[alice.rows()[row]?.indexOf('alice') ?? 0];
      const text = alice.rows().join('\n');
      alice.enter('/quit');
      t.equal(await alice.ended, 0);
      return { colors: [...colors], name: name?.foreground, text };
    };
    t.strictSame((await appearance({ NO_COLOR: '1' })).colors, []);
    t.strictSame((await appearance({ FORCE_COLOR: '0' })).colors, []);
    const dark = await appearance({});
    const light = await appearance({}, '--theme', 'light');
    t.not(dark.colors.length, 0);
    t.not(light.name, dark.name, 'names have other colours on a light background');
    t.ok(dark.colors.every((color) => typeof color === 'number'));
    t.ok((await appearance({ COLORTERM: 'truecolor' })).colors.some((color) => typeof color === 'string'));
    const ascii = await appearance({}, '--ascii');
    t.match(ascii.text, /^[\x20-\x7e\n]*$/, 'only ASCII');
  });

  await t.test('is restored if the server stops while the chat is suspended', async (t) => {
    const pid = await shell.start();
    terminal.type('half a sent\x1a');
    await shell.prompt();
    await isRestored(t, shell);
    people.server.process().kill('SIGTERM');
    await people.server.process().ended;
    shell.begin('fg');
    await terminal.until(() => typed(terminal) === 'half a sent', 'the draft');
    t.ok(terminal.modes().includes('alternate'));
    process.kill(pid, 'SIGTERM');
    t.equal(await shell.code(), 143);
    await isRestored(t, shell);
  });
});
