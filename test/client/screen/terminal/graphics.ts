import t from 'tap';
import { createKeyReader } from '../../../../lib/client/screen/input/key-reader.js';
import type { Key } from '../../../../lib/client/screen/input/keys.js';
import { createGraphicsQuery, usualCell } from '../../../../lib/client/screen/terminal/graphics.js';
import { createFakeClock } from '../../../support/fake-clock.js';

const kitty = '\x1b_Gi=31;OK\x1b\\';
const cells = '\x1b[6;20;10t';
const noSixel = '\x1b[?62;22c';
const sixel = '\x1b[?62;4;22c';

/** A terminal that is asked, and whose answers go through the reader of keys. */
function scene(env: Readonly<Record<string, string>> = {}) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const keys: Key[] = [];
  const query = createGraphicsQuery({
    send: (text) => sent.push(text),
    size: () => ({ columns: 80, rows: 24 }),
    ...{ clock, env },
  });
  const reader = createKeyReader((key) => keys.push(key), clock, query.answer);
  return { ...query, clock, sent, keys, type: reader.push };
}

t.test('kitty graphics, sixel or nothing, as the terminal says', async (t) => {
  for (const [answers, protocol] of [
    [`${kitty}${cells}${noSixel}`, 'kitty'],
    [`${kitty}${cells}${sixel}`, 'kitty'],
    [`${cells}${sixel}`, 'sixel'],
    [`\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\${sixel}`, 'sixel'],
    [noSixel, undefined],
    // The first number is the kind of terminal.
    ['\x1b[?4;2c', undefined],
    ['\x1b[?1;2c', undefined],
    ['\x1b[?6c', undefined],
  ] as const) {
    const { ask, type, keys, clock } = scene();
    const asked = ask();
    type(answers);
    t.equal((await asked).protocol, protocol, JSON.stringify(answers));
    t.strictSame(keys, [], 'no answer is a key');
    t.equal(clock.pending, 0);
  }
});

t.test('answers may be split between any two bytes', async (t) => {
  const answers = `${kitty}${cells}\x1b[4;480;800t${sixel}`;
  for (let at = 1; at < answers.length; at++) {
    const { ask, type, keys } = scene();
    const asked = ask();
    type(answers.slice(0, at));
    type(answers.slice(at));
    if (!t.match(await asked, { protocol: 'kitty', cell: { width: 10, height: 20 } }, `${at}`)) return;
    t.strictSame(keys, []);
  }
  const { ask, type, keys } = scene();
  const asked = ask();
  for (const byte of answers) type(byte);
  t.match(await asked, { protocol: 'kitty', cell: { width: 10, height: 20 } });
  t.strictSame(keys, []);
});

t.test('answers between keys take none of them', async (t) => {
  const { ask, type, keys } = scene();
  const asked = ask();
  type(`a${kitty}b\x1b[A${sixel}c`);
  t.equal((await asked).protocol, 'kitty');
  t.strictSame(
    keys.map((key) => (key.kind === 'text' ? key.text : key.kind === 'key' ? key.name : key.kind)),
    ['a', 'b', 'up', 'c'],
  );
});

t.test('a terminal that does not answer within a second has nothing', async (t) => {
  const { ask, clock, type, keys } = scene();
  const asked = ask();
  clock.advance(1_000);
  t.strictSame(await asked, { protocol: undefined, cell: usualCell });
  t.strictSame(await ask(), { protocol: undefined, cell: usualCell }, 'and is not waited for again');
  t.equal(clock.pending, 0);
  type(`${kitty}${cells}${sixel}`);
  t.strictSame(keys, [], 'late answers are no keys');
  const again = ask();
  type(`${kitty}${noSixel}`);
  t.equal((await again).protocol, 'kitty', 'once it has answered it is waited for again');
});

t.test('one answer is enough for all who ask, and a new question waits for it', async (t) => {
  const { ask, type, clock } = scene();
  const all = [ask(), ask()];
  clock.advance(900);
  all.push(ask());
  type(sixel);
  for (const one of await Promise.all(all)) t.equal(one.protocol, 'sixel');
  t.equal(clock.pending, 0);
});

t.test('the size of a cell: as answered, from the window, or the usual one', async (t) => {
  for (const [answers, cell] of [
    ['\x1b[6;18;9t\x1b[4;1000;1000t', { width: 9, height: 18 }],
    ['\x1b[4;480;800t', { width: 10, height: 20 }],
    ['', usualCell],
    ['\x1b[6;0;0t\x1b[4;0;0t', usualCell],
    ['\x1b[6;99999999999999999999;9t', usualCell],
  ] as const) {
    const { ask, type } = scene();
    const asked = ask();
    type(`${answers}${noSixel}`);
    t.strictSame((await asked).cell, cell, JSON.stringify(answers));
  }
});

t.test('each question is asked, and the one that every terminal answers is the last', async (t) => {
  const { ask, sent, clock } = scene();
  void ask();
  clock.advance(1_000);
  t.strictSame(sent, ['\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[14t\x1b[c']);
});

t.test('tmux and screen, which take it for a title, are not asked about kitty', async (t) => {
  for (const env of [{ TMUX: '/tmp/tmux' }, { STY: '1.pts' }]) {
    const { ask, sent, type } = scene(env);
    const asked = ask();
    t.strictSame(sent, ['\x1b[16t\x1b[14t\x1b[c']);
    type(sixel);
    t.equal((await asked).protocol, 'sixel');
  }
});

t.test('other sequences are no answers', async (t) => {
  const { ask, type, clock } = scene();
  const asked = ask();
  type('\x1b_Gi=32;OK\x1b\\\x1b_Xi=31;OK\x1b\\\x1b]11;rgb:0/0/0\x07\x1b[24;80R\x1b[8;24;80t\x1b[>41;390;0c');
  clock.advance(1_000);
  t.strictSame(await asked, { protocol: undefined, cell: usualCell });
});
