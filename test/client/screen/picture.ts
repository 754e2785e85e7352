import t from 'tap';
import { createFrames, frameMs } from '../../../lib/client/screen/picture.js';
import { createFakeClock } from '../../support/fake-clock.js';

function scene() {
  const clock = createFakeClock();
  const drawn: number[] = [];
  const frames = createFrames({ clock, draw: () => void drawn.push(clock.ticks()) });
  return { clock, drawn, frames };
}

t.test('the first change is drawn at once, those within its frame together', (t) => {
  const { clock, drawn, frames } = scene();
  const start = clock.ticks();
  for (let change = 0; change < 10; change++) frames.soon();
  t.strictSame(drawn, [start]);
  clock.advance(frameMs);
  t.strictSame(drawn, [start, start + frameMs]);
  clock.advance(10_000);
  t.equal(drawn.length, 2, 'nothing is drawn that did not change');
  frames.soon();
  t.equal(drawn.length, 3, 'after a rest at once again');
  t.end();
});

t.test('a thousand changes a second make thirty frames at most', (t) => {
  const { clock, drawn, frames } = scene();
  for (let ms = 0; ms < 1_000; ms++) {
    frames.soon();
    clock.advance(1);
  }
  t.ok(drawn.length >= 29 && drawn.length <= 30, `${drawn.length}`);
  t.end();
});

t.test('now draws at once and cancels what was due', (t) => {
  const { clock, drawn, frames } = scene();
  frames.soon();
  frames.soon();
  frames.now();
  t.equal(drawn.length, 2);
  clock.advance(1_000);
  t.equal(drawn.length, 2);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('nothing is drawn after the end', (t) => {
  const { clock, drawn, frames } = scene();
  frames.soon();
  frames.soon();
  frames.stop();
  frames.soon();
  frames.now();
  clock.advance(1_000);
  t.equal(drawn.length, 1);
  t.equal(clock.pending, 0);
  t.end();
});
