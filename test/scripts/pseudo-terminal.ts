import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openPseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';

/** Resolves after an action that was delayed by this many milliseconds. */
function timerOf(t: Test, delayMs: number): Promise<void> {
  const { setTimeout } = globalThis;
  t.teardown(() => {
    globalThis.setTimeout = setTimeout;
  });
  return new Promise((resolve) => {
    const observed = (action: () => void, ms?: number) =>
      setTimeout(() => {
        action();
        if (ms === delayMs) resolve();
      }, ms);
    globalThis.setTimeout = Object.assign(observed, setTimeout) as typeof setTimeout;
  });
}

t.test('all output is read, even long after the program ended', async (t) => {
  // node-pty closes its side that long after the end.
  const closed = timerOf(t, 200);
  const terminal = openPseudoTerminal(['/bin/sh', '-c', 'echo first; read _; echo last; exit 3'], {
    env: process.env,
  });
  await terminal.shows(/first/);
  terminal.pause();
  terminal.type('\r');
  await closed;
  await setImmediate();
  terminal.resume();
  t.equal(await terminal.ended, 3);
  t.match(terminal.screen(), /last/);
});
