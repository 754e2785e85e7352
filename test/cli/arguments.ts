import t from 'tap';
import { keepArgument, sizeArgument } from '../../lib/cli/arguments.js';

t.test('a size is a number with or without a unit of 1024', async (t) => {
  const kib = 1024;
  t.same(['500', '500K', '1.5m', '100M', '2GiB', '1T', '10KB'].map(sizeArgument), [
    500,
    500 * kib,
    1.5 * kib ** 2,
    100 * kib ** 2,
    2 * kib ** 3,
    kib ** 4,
    10 * kib,
  ]);
});

t.test('an invalid size is refused with an example', async (t) => {
  for (const text of [
    '',
    '0',
    '-1',
    'M',
    '1e3',
    '10X',
    '1,5M',
    '0.0001K',
    '9999999999999',
    '1 000',
    '10 M',
  ]) {
    t.throws(() => sizeArgument(text), { code: 'commander.invalidArgument', message: /100M/ }, text);
  }
});

t.test('--keep takes an age or a number of messages', async (t) => {
  const day = 24 * 60 * 60_000;
  t.same(['90d', '12h', '2w', '10000'].map(keepArgument), [
    { ms: 90 * day },
    { ms: day / 2 },
    { ms: 14 * day },
    { messages: 10_000 },
  ]);
  for (const text of ['', '0', '0d', '-5', '1.5d', 'forever', '90 d']) {
    t.throws(() => keepArgument(text), { code: 'commander.invalidArgument', message: /90d/ }, text);
  }
});
