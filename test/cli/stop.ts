import { EventEmitter } from 'node:events';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { watchSignals } from '../../lib/cli/stop.js';

t.test('the first signal stops gracefully, the second at once', async (t) => {
  const signals = new EventEmitter();
  const stop = watchSignals(signals);
  let second = false;
  stop.second.catch(() => {
    second = true;
  });
  signals.emit('SIGTERM');
  t.equal(stop.signal.reason, 'SIGTERM');
  await t.rejects(stop.first, { code: exitCode.terminated, message: '' });
  t.equal(second, false);
  signals.emit('SIGINT');
  t.equal(stop.signal.reason, 'SIGTERM');
  await t.rejects(stop.second, { code: exitCode.interrupted });
});

t.test('each signal has its exit code', async (t) => {
  for (const [name, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    const signals = new EventEmitter();
    const stop = watchSignals(signals);
    signals.emit(name);
    await t.rejects(stop.first, { code });
  }
});

t.test('after release, signals have their default meaning', async (t) => {
  const signals = new EventEmitter();
  watchSignals(signals).release();
  t.equal(signals.eventNames().length, 0);
});
