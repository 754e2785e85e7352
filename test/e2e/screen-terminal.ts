import t, { type Test } from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { ctrl } from '../support/screen-keys.js';
import { gather, settle, typed } from '../support/screen-people.js';

const modes = ['alternate', 'focus', 'no-wrap', 'paste'];

t.test('what becomes of the terminal', async (t) => {
  const people = await gather(t);
  await people.pipe('bob');
  const restored = (t: Test, terminal: PseudoTerminal) => {
    t.strictSame(terminal.modes(), [], 'no mode is left');
    t.equal(terminal.title, '', 'the title is given back');
    t.match(terminal.screen(), /Signed in as/, 'what stood there before stands there again');
  };

  for (const [how, end, code] of [
    ['/quit', (terminal: PseudoTerminal) => terminal.enter('/quit'), 0],
    ['SIGTERM', (terminal: PseudoTerminal) => terminal.kill('SIGTERM'), 143],
    ['SIGHUP', (terminal: PseudoTerminal) => terminal.kill('SIGHUP'), 129],
    ['SIGINT', (terminal: PseudoTerminal) => terminal.kill('SIGINT'), 130],
    ['Ctrl-D and y', (terminal: PseudoTerminal) => terminal.type(`${ctrl('d')}y`), 0],
  ] as const) {
    await t.test(`is as before after ${how}`, async (t) => {
      const alice = await people.screen('alice', { args: ['--take-over'] });
      await settle(alice);
      t.strictSame(alice.modes().sort(), modes);
      t.equal(alice.title, '#lobby – secure-chat');
      end(alice);
      t.equal(await alice.ended, code);
      restored(t, alice);
    });
  }

  await t.test('Ctrl-Z gives it to the shell, fg takes it again, also at another size', async (t) => {
    const { words, env } = await people.command('alice', { args: ['--take-over'] });
    const shell = openPseudoTerminal(['/bin/bash', '--norc', '--noprofile', '-i'], {
      env: { ...env, PS1: 'ready> ' },
    });
    t.teardown(async () => {
      shell.kill('SIGKILL');
      await shell.ended;
    });
    const prompt = () => shell.until(() => /(^|\n)ready>$/.test(shell.screen()), 'a prompt');
    await prompt();
    shell.enter(words.map((word) => `'${word}'`).join(' '));
    await shell.until(() => shell.modes().includes('alternate'), 'a full screen');
    shell.type('a draft');
    await shell.until(() => typed(shell) === 'a draft', 'a draft');
    shell.type(ctrl('z'));
    await prompt();
    t.strictSame(
      shell.modes().filter((mode) => mode !== 'paste'),
      [],
      'nothing but what bash sets',
    );
    shell.enter('stty -a | grep -o -e "[-]*icanon"; echo "so"');
    await shell.shows(/\nicanon\nso/);
    shell.resize(60, 20);
    shell.enter('fg');
    await shell.until(
      () => shell.modes().includes('alternate') && shell.rows().length === 20,
      'the screen again',
    );
    await shell.until(() => typed(shell) === 'a draft', 'the draft');
    await shell.until(() => shell.rows()[0]?.trimEnd().length === 59, 'the top line across the window');
    shell.type(`${ctrl('u')}/quit\r`);
    await prompt();
    shell.enter('echo "code=$?"');
    await shell.shows(/code=0/);
  });

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

  await t.test('colours and marks as wished: NO_COLOR, --ascii, --theme, COLORTERM', async (t) => {
    let looks = 0;
    const look = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
      const alice = await people.screen('alice', { env, args: ['--take-over', ...args] });
      await alice.shows(/bob/);
      looks++;
      alice.enter(`in colour ${looks}`);
      await alice.shows(new RegExp(`in colour ${looks} [✓+]`));
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
    t.strictSame((await look({ NO_COLOR: '1' })).colors, []);
    t.strictSame((await look({ FORCE_COLOR: '0' })).colors, []);
    const dark = await look({});
    const light = await look({}, '--theme', 'light');
    t.not(dark.colors.length, 0);
    t.not(light.name, dark.name, 'names have other colours on a light ground');
    t.ok(dark.colors.every((color) => typeof color === 'number'));
    t.ok((await look({ COLORTERM: 'truecolor' })).colors.some((color) => typeof color === 'string'));
    const ascii = await look({}, '--ascii');
    t.match(ascii.text, /^[\x20-\x7e\n]*$/, 'nothing but ASCII');
  });
});
