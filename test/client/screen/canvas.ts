import t from 'tap';
import { createCanvas } from '../../../lib/client/screen/canvas.js';
import { createFakeClock } from '../../support/fake-clock.js';

function scene() {
  const clock = createFakeClock();
  const screen = { text: 'one', taken: [] as string[], takes: true };
  const canvas = createCanvas({
    clock,
    render: () => ({ lines: ['same', screen.text], cursor: { row: 0, column: 0 } }),
    draw(text) {
      if (screen.takes) screen.taken.push(text);
      return screen.takes;
    },
  });
  const change = (text: string): void => {
    screen.text = text;
    canvas.changed();
    clock.advance(100);
  };
  return { clock, screen, canvas, change };
}

t.test('after the first picture only what changed is drawn', (t) => {
  const { screen, change } = scene();
  change('one');
  change('two');
  change('two');
  t.equal(screen.taken.length, 2);
  t.match(screen.taken[0], 'same');
  t.notMatch(screen.taken[1], 'same');
  t.match(screen.taken[1], 'two');
  t.end();
});

t.test('a picture that was skipped is made up for when the terminal is ready', (t) => {
  const { clock, screen, canvas, change } = scene();
  change('one');
  screen.takes = false;
  change('two');
  change('three');
  screen.takes = true;
  canvas.ready();
  clock.advance(100);
  t.equal(screen.taken.length, 2);
  t.match(screen.taken[1], 'three');
  canvas.ready();
  clock.advance(100);
  t.equal(screen.taken.length, 2, 'once');
  t.end();
});

t.test('the same, where it is as it was before by then: nothing is missing', (t) => {
  const { clock, screen, canvas, change } = scene();
  change('one');
  screen.takes = false;
  change('two');
  screen.takes = true;
  screen.text = 'one';
  canvas.ready();
  clock.advance(100);
  t.equal(screen.taken.length, 1);
  t.end();
});

t.test('an unknown screen is drawn whole and at once', (t) => {
  const { screen, canvas, change } = scene();
  change('one');
  canvas.whole();
  t.equal(screen.taken.length, 2);
  t.equal(screen.taken[0], screen.taken[1]);
  canvas.stop();
  canvas.whole();
  t.equal(screen.taken.length, 2);
  t.end();
});
