import { PassThrough } from 'node:stream';
import t, { type Test } from 'tap';
import { createClackPrompter } from '../../../lib/client/sign-in/clack-prompter.js';
import { Cancelled } from '../../../lib/client/sign-in/sign-in-questions.js';
import { createEmulator } from '../../support/emulator.js';
import { settle } from '../../support/streams.js';

function start(t: Test, columns = 60) {
  const screen = createEmulator(columns);
  const modes: ('raw' | 'line')[] = [];
  const setRawMode = (raw: boolean) => modes.push(raw ? 'raw' : 'line');
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
  const stdout = Object.assign(new PassThrough(), { columns, rows: 24, isTTY: true });
  stdout.on('data', (chunk) => screen.write(String(chunk)));
  const stop = new AbortController();
  const suspended: (() => void)[] = [];
  const suspend = () => new Promise<void>((resume) => suspended.push(resume));
  t.teardown(() => stdin.destroy());
  const type = async (...keys: string[]): Promise<void> => {
    for (const key of keys) {
      stdin.write(key);
      await settle();
    }
  };
  const rows = async (): Promise<string> => {
    await settle();
    await screen.drawn();
    return screen.rows().join('\n');
  };
  const prompter = createClackPrompter({ stdin, stdout, stop: stop.signal, suspend });
  return { prompter, stdin, stdout, stop, modes, suspended, type, rows };
}

async function ending(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error) => (error instanceof Cancelled ? error.how : error));
}

t.test('a text has a default, and is asked again until it will do', async (t) => {
  const { prompter, type, rows } = start(t);
  const first = prompter.text({ message: 'Name', initial: 'ana', check: () => 'never right' });
  t.match(await rows(), /secure-chat[\s\S]*Name[\s\S]*ana/);
  await type('\r');
  t.equal(await first, 'ana');
  const second = prompter.text({ message: 'Name', check: (text) => (text === 'ok' ? undefined : 'not so') });
  await type('o', '\r');
  t.match(await rows(), 'not so');
  await type('k', '\r');
  t.equal(await second, 'ok');
});

t.test('Ctrl-Z stops the program; afterwards the question is drawn again and answered', async (t) => {
  for (const kind of ['text', 'password', 'confirm'] as const) {
    const { prompter, modes, suspended, stdout, type, rows } = start(t);
    const answer: Promise<unknown> = prompter[kind]({ message: 'Which one', initial: undefined });
    if (kind !== 'confirm') await type('y');
    await type('\x1a');
    t.equal(suspended.length, 1, kind);
    t.equal(modes.at(-1), 'line', `${kind}: the shell reads lines`);
    stdout.write('\r\n$ fg\r\n');
    suspended[0]?.();
    const [, after = ''] = (await rows()).split('$ fg');
    t.equal(modes.at(-1), 'raw', `${kind}: the question reads keys again`);
    t.match(after, /Which one/, `${kind}: drawn below what the shell wrote`);
    await type(...(kind === 'confirm' ? 'y' : 'es\r'));
    t.equal(await answer, kind === 'confirm' ? true : 'yes');
  }
});

t.test('a password is never on the screen', async (t) => {
  const { prompter, type, rows } = start(t);
  const answer = prompter.password({
    message: 'Password',
    check: (text) => (text === '' ? 'empty' : undefined),
  });
  await type('\r');
  t.match(await rows(), 'empty');
  await type(...'hunter2', '\r');
  t.equal(await answer, 'hunter2');
  t.notMatch(await rows(), 'hunter2');
});

t.test('who types nothing says no, and the first of several choices', async (t) => {
  const { prompter, type } = start(t);
  const no = prompter.confirm({ message: 'Sure?' });
  await type('\r');
  t.equal(await no, false);
  const yes = prompter.confirm({ message: 'Sure?' });
  await type('y');
  t.equal(await yes, true);
  const early = prompter.confirm({ message: 'Sure?' });
  await type(...'hello', '\r');
  t.equal(await early, false, 'a password that is typed too early is no yes');
  const options = [
    { value: 'one', label: 'One' },
    { value: 'two', label: 'Two', hint: 'the other' },
  ] as const;
  const first = prompter.select({ message: 'Which?', options });
  await type('\r');
  t.equal(await first, 'one');
  const second = prompter.select({ message: 'Which?', options });
  await type('\x1b[B', '\r');
  t.equal(await second, 'two');
});

t.test('every question can be interrupted, and ends with its input', async (t) => {
  const questions = ['text', 'password', 'confirm', 'select'] as const;
  for (const kind of questions) {
    const ways: [string, (scene: ReturnType<typeof start>) => unknown, string][] = [
      ['Ctrl-C', ({ type }) => type('\x03'), 'interrupted'],
      ['Ctrl-D', ({ type }) => type('\x04'), 'input-ended'],
      ['the end', ({ stdin }) => stdin.end(), 'input-ended'],
      ['an error', ({ stdin }) => stdin.destroy(new Error('EIO')), 'input-ended'],
      ['a signal', ({ stop }) => stop.abort('SIGTERM'), 'interrupted'],
    ];
    for (const [name, act, how] of ways) {
      const scene = start(t);
      const message = 'Well?';
      const answer = ending(
        kind === 'select'
          ? scene.prompter.select({ message, options: [{ value: 'a', label: 'A' }] })
          : scene.prompter[kind]({ message }),
      );
      await settle();
      await act(scene);
      t.equal(await answer, how, `${kind}: ${name}`);
      if (name.startsWith('Ctrl')) continue;
      t.equal(await ending(scene.prompter.confirm({ message })), how, `${kind}: ${name}, again`);
    }
  }
});

t.test('long notes wrap, fingerprints stay as they are', async (t) => {
  const { prompter, rows } = start(t, 40);
  prompter.note(`${'word '.repeat(20)}\n  abcd efgh`, 'warning');
  prompter.finish('done');
  const lines = (await rows()).split('\n');
  t.ok(lines.every((line) => line.length <= 40));
  t.ok(lines.some((line) => line.endsWith('  abcd efgh')));
  t.match(lines.at(-1), 'done');
});
