import t from 'tap';
import { byteCount, duration, parseDuration } from '../../lib/protocol/quantities.js';

t.test('a duration is a whole number and a unit', async (t) => {
  const minute = 60_000;
  t.same(['45s', '30m', '12h', '7d', ' 2W '].map(parseDuration), [
    45_000,
    30 * minute,
    12 * 60 * minute,
    7 * 24 * 60 * minute,
    14 * 24 * 60 * minute,
  ]);
});

t.test('anything else is not a duration', async (t) => {
  for (const text of ['', '0d', '7', 'd', '-7d', '1.5h', '7 d', '7y', '1e3d', '9999999d', '7dd']) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
});

t.test('durations are rounded up', async (t) => {
  const lengths: [number, string][] = [
    [0, '1 s'],
    [1001, '2 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [121_000, '3 min'],
    [7_200_000, '2 h'],
    [7_260_000, '2 h 1 min'],
    [47 * 3_600_000, '47 h'],
    [48 * 3_600_000, '2 d'],
    [7 * 86_400_000, '7 d'],
    [7 * 86_400_000 + 1, '7 d 1 h'],
  ];
  for (const [ms, words] of lengths) t.equal(duration(ms), words);
});

t.test('byte counts have a suitable unit', async (t) => {
  for (const [bytes, text] of [
    [0, '0 bytes'],
    [1, '1 byte'],
    [1_023, '1023 bytes'],
    [1_024, '1 KiB'],
    [1_434, '1.4 KiB'],
    [102_348, '99.9 KiB'],
    [102_400, '100 KiB'],
    [1_048_575, '1 MiB'],
    [104_857_600, '100 MiB'],
    [1_073_741_824, '1 GiB'],
    [2 ** 60, '1024 PiB'],
  ] as const) {
    t.equal(byteCount(bytes), text);
  }
});
