import t from 'tap';
import { byteCount } from '../../lib/protocol/byte-count.js';

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
