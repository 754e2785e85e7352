import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { openCommandLine } from '../support/run-main.js';

t.test('the version and the help are printed on stdout', async (t) => {
  const { run } = await openCommandLine(t);
  const version = await run(['--version']);
  t.same([version.code, version.out, version.err], [exitCode.ok, '1.2.3\n', '']);
  for (const args of [['--help'], ['-h'], ['help'], ['connect', '--help'], ['trust', '-h']]) {
    const { code, out, err } = await run(args);
    t.equal(code, exitCode.ok, args.join(' '));
    t.match(out, /^Usage: secure-chat/);
    t.equal(err, '');
  }
});

t.test('each help fits 80 columns, with an example and the exit codes of its command', async (t) => {
  const { run } = await openCommandLine(t);
  const helpOf = async (path: readonly string[]) => (await run([...path, '--help'])).out;
  const commandsIn = (help: string) =>
    [...(/\nCommands:\n((?: .*\n)+)/.exec(help)?.[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
  const paths: (readonly string[])[] = [[]];
  for (const path of paths) {
    const help = await helpOf(path);
    const name = path.join(' ');
    for (const line of help.split('\n')) t.ok(line.length <= 80, `${name}: ${line}`);
    t.match(help, /^Examples?:\n {2}\S/m, name);
    if (path.length > 0) {
      t.match(help, /^Exit codes:\n {2}0 {4}[\s\S]*\n {2}64 {3}/m, name);
    }
    paths.push(...commandsIn(help).map((command) => [...path, command]));
  }
  t.ok(paths.length > 20, `${paths.length} commands`);
  const codesIn = (help: string) =>
    [...help.matchAll(/^ {2}(\d+) {1,4}\S/gm)].map(([, code]) => Number(code));
  t.same(codesIn(await helpOf(['completion'])), [0, 64, 70]);
  t.same(codesIn(await helpOf(['trust', 'forget'])), [0, 64, 65, 70, 74, 78]);
  t.same(
    codesIn(await helpOf(['connect'])),
    Object.values(exitCode).sort((a, b) => a - b),
  );
});

t.test('wrong usage is reported on stderr', async (t) => {
  const { run } = await openCommandLine(t);
  const wrong = [
    [],
    ['conect'],
    ['connect', '--nmae', 'ana'],
    ['connect', 'a', 'b'],
    ['connect', '--port', '0', '--host', 'a'],
    ['connect', '--port', '70000'],
    ['connect', '--port'],
    ['connect', '--retry', 'soon'],
    ['connect', '--plain', '--json'],
    ['connect', '--attach', '--take-over'],
    ['server', '--port', '70000'],
    ['server', '--registration', 'maybe'],
    ['server', '--rate', 'fast'],
    ['server', '--public-host', 'no spaces'],
    ['server', '--nonsense'],
    ['invite', '--uses', '0'],
    ['invite', '--expires', 'soon'],
    ['invite', '--role', 'king'],
    ['trust', 'forget'],
    ['trust', 'forget', 'not a host'],
    ['trust', 'lsit'],
  ];
  for (const args of wrong) {
    const { code, out, err } = await run(args);
    t.equal(code, exitCode.usage, args.join(' '));
    t.equal(out, '');
    t.not(err, '');
    t.notMatch(err, /\n {4}at /, 'no stack');
  }
  t.match((await run(['conect'])).err, 'connect');
  t.match((await run(['connect', '--nmae', 'ana'])).err, '--name');
});
