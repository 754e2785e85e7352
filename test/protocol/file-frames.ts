import t from 'tap';
import { parseFileAnswer, parseFileOpening } from '../../lib/protocol/file-frames.js';

const ticket = 'A'.repeat(43);

t.test('only an upload or a download with a ticket is a valid opening', async (t) => {
  t.same(parseFileOpening({ type: 'upload', ticket }), { type: 'upload', ticket });
  t.same(parseFileOpening({ type: 'download', ticket, offset: 7 }), { type: 'download', ticket, offset: 7 });
  const bad: object[] = [
    {},
    { type: 'upload' },
    { type: 'upload', ticket: 'short' },
    { type: 'upload', ticket: `${ticket}/` },
    { type: 'upload', ticket, offset: 1 },
    { type: 'upload', ticket, name: 'x' },
    { type: 'download', ticket },
    { type: 'download', ticket, offset: -1 },
    { type: 'download', ticket, offset: 1.5 },
    { type: 'download', ticket, offset: '0' },
    { type: 'remove', ticket },
    { type: ['upload'], ticket },
  ];
  for (const frame of bad) {
    t.throws(() => parseFileOpening({ ...frame }), { code: 'bad-request' }, JSON.stringify(frame));
  }
});

t.test('an answer can have unknown fields but must match its schema', async (t) => {
  t.match(parseFileAnswer({ type: 'ready', offset: 0, size: 1, later: true }), { offset: 0, size: 1 });
  t.match(parseFileAnswer({ type: 'kept', seq: 3 }), { seq: 3 });
  t.match(parseFileAnswer({ type: 'error', code: 'no-space', message: 'full' }), { code: 'no-space' });
  const bad: object[] = [
    {},
    { type: 'ready', offset: 0 },
    { type: 'ready', offset: -1, size: 1 },
    { type: 'kept' },
    { type: 'error', code: 'made-up', message: '' },
    { type: 'ok' },
  ];
  for (const frame of bad) {
    t.throws(() => parseFileAnswer({ ...frame }), { code: 'bad-frame' }, JSON.stringify(frame));
  }
});
