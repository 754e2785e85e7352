import { setInterval, setTimeout } from 'node:timers/promises';
import t from 'tap';
import { openPseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { isAlive } from '../support/program.js';

t.test('all that a program wrote is read, however late', async (t) => {
  const terminal = openPseudoTerminal(['/bin/sh', '-c', 'echo first; read _; echo last; exit 3'], {
    env: process.env,
  });
  await terminal.shows(/first/);
  terminal.pause();
  terminal.type('\r');
  // node-pty gives up 200 ms after it has gone.
  for await (const _ of setInterval(20)) if (!isAlive(terminal.pid)) break;
  await setTimeout(400);
  terminal.resume();
  t.equal(await terminal.ended, 3);
  t.match(terminal.screen(), /last/);
});
