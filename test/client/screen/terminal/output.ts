import t from 'tap';
import { createOutput } from '../../../../lib/client/screen/terminal/output.js';
import { createFakeClock } from '../../../support/fake-clock.js';

function scene() {
  const clock = createFakeClock();
  const pipe = { room: Number.POSITIVE_INFINITY, gone: false, got: '', slept: 0, ready: 0, lost: 0, drip: 0 };
  const output = createOutput({
    write(bytes) {
      if (pipe.gone) throw new Error('EIO');
      const taken = Math.min(pipe.room, bytes.length);
      pipe.got += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
      pipe.room -= taken;
      return taken;
    },
    clock,
    sleep(ms) {
      pipe.slept += ms;
      pipe.room += pipe.drip;
    },
    onReady: () => void pipe.ready++,
    onLost: () => void pipe.lost++,
  });
  return { clock, pipe, output };
}

t.test('output that fits is written at once', (t) => {
  const { clock, pipe, output } = scene();
  t.ok(output.offer('picture'));
  output.add('bell');
  t.equal(pipe.got, 'picturebell');
  t.equal(clock.pending, 0);
  t.end();
});

t.test('a half-written frame is finished before the next one is taken', (t) => {
  const { clock, pipe, output } = scene();
  pipe.room = 3;
  t.ok(output.offer('first'));
  t.notOk(output.offer('second'));
  output.add('!');
  t.notOk(output.offer('third'));
  clock.advance(1_000);
  t.equal(pipe.got, 'fir');
  t.equal(pipe.ready, 0);
  pipe.room = 100;
  clock.advance(100);
  t.equal(pipe.got, 'first!');
  t.equal(pipe.ready, 1);
  t.ok(output.offer('fourth'));
  clock.advance(1_000);
  t.equal(pipe.got, 'first!fourth');
  t.equal(pipe.ready, 1, 'ready is reported only after a refusal');
  t.equal(clock.pending, 0);
  t.end();
});

t.test('multibyte characters may be written in pieces', (t) => {
  const { clock, pipe, output } = scene();
  pipe.room = 2;
  output.offer('好');
  pipe.room = 9;
  clock.advance(100);
  t.equal(Buffer.from(pipe.got, 'latin1').toString(), '好');
  t.end();
});

t.test('waiting output is bounded', (t) => {
  const { clock, pipe, output } = scene();
  pipe.room = 0;
  for (let i = 0; i < 100_000; i++) output.add('0123456789');
  pipe.room = Number.POSITIVE_INFINITY;
  clock.advance(100);
  t.ok(pipe.got.length <= 16 * 1024, `${pipe.got.length}`);
  t.end();
});

t.test('at the end waiting output is written first, however slowly', (t) => {
  const { clock, pipe, output } = scene();
  pipe.room = 2;
  pipe.drip = 1;
  output.offer('picture');
  output.finish('end');
  t.equal(pipe.got, 'pictureend');
  t.equal(clock.pending, 0);
  t.end();
});

t.test('at the end a blocked terminal is not waited for', (t) => {
  const { clock, pipe, output } = scene();
  pipe.room = 2;
  output.offer('picture');
  output.finish('end');
  t.ok(pipe.slept >= 1_000 && pipe.slept <= 3_000, `${pipe.slept}`);
  pipe.room = 100;
  clock.advance(1_000);
  t.equal(pipe.got, 'pi', 'and gets nothing late');
  t.ok(output.offer('next'), 'but what comes after');
  t.end();
});

t.test('a terminal that disappears is reported once', (t) => {
  const { clock, pipe, output } = scene();
  pipe.gone = true;
  output.add('x');
  output.offer('picture');
  output.finish('end');
  clock.advance(1_000);
  t.equal(pipe.lost, 1);
  t.equal(pipe.slept, 0);
  t.notOk(output.offer('picture'));
  t.equal(clock.pending, 0);
  t.end();
});
