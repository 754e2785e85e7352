import t from 'tap';
import { exitCode } from '../../lib/cli/exit.js';
import { openDesk } from '../support/run-main.js';

t.test('the version and the help are on stdout, and all is well', async (t) => {
  const { run } = await openDesk(t);
  const version = await run(['--version']);
  t.same([version.code, version.out, version.err], [exitCode.ok, '1.2.3\n', '']);
  for (const args of [
    ['--help'],
    ['-h'],
    ['help'],
    ['connect', '--help'],
    ['trust', '-h'],
    ['trust', 'forget', '-h'],
  ]) {
    const { code, out, err } = await run(args);
    t.equal(code, exitCode.ok, args.join(' '));
    t.match(out, /^Usage: secure-chat/);
    for (const [name, value] of Object.entries(exitCode)) {
      t.match(
        out.slice(out.indexOf('Exit codes:')),
        new RegExp(`^ +${value} `, 'm'),
        `${args.join(' ')}: ${name}`,
      );
    }
    t.equal(err, '');
    t.ok(
      out.split('\n').every((line) => line.length <= 100),
      'lines fit',
    );
  }
});

t.test('wrong usage is told on stderr', async (t) => {
  const { run } = await openDesk(t);
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
    ['trust', 'forget'],
    ['trust', 'forget', 'not a host'],
    ['trust', 'lsit'],
  ];
  for (const args of wrong) {
    const { code, out, err } = await run(args);
    t.equal(code, exitCode.usage, args.join(' '));
    t.equal(out, '');
    t.not(err, '');
  }
  t.match((await run(['conect'])).err, 'connect');
  t.match((await run(['connect', '--nmae', 'ana'])).err, '--name');
});
