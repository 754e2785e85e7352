import t from 'tap';
import { alt, keys } from '../support/screen-keys.js';
import { gather, settle } from '../support/screen-people.js';

const messages = 400;

t.test('scrolling back', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const bob = await people.pipe('bob');
  for (let i = 1; i <= messages; i++) bob.write(`message ${i}.\n`);
  await bob.prints(new RegExp(`bob: message ${messages}\\.`));
  const alice = await people.screen('alice', { cols: 100 });
  await alice.shows(new RegExp(`message ${messages}\\.`));
  const numbers = () => [...alice.screen().matchAll(/message (\d+)\./g)].map(([, number]) => Number(number));

  /** A day above the oldest message that is loaded leaves no row for "loading", and gives its own to what arrives. */
  const isLoading = () =>
    numbers()[0] !== 1 && /^── (loading older messages|\w+day, )/.test(alice.rows()[1] ?? '');

  await t.test('PgUp reaches the beginning, page by page, without a gap', async (t) => {
    await settle(alice);
    const seen = new Set(numbers());
    for (let presses = 0; !seen.has(1) && presses < 60; presses++) {
      // An older message at the top is no sign that the key had its effect: a page that arrives brings one, too.
      alice.type(keys.pageUp);
      await settle(alice);
      await alice.until(() => !isLoading(), 'the page above');
      const shown = numbers();
      for (const number of shown) seen.add(number);
      t.strictSame(
        shown,
        shown.map((_, i) => (shown[0] ?? 0) + i),
        'in order, none twice',
      );
    }
    const missing = Array.from({ length: messages }, (_, i) => i + 1).filter((number) => !seen.has(number));
    t.strictSame(missing, [], 'every one was on the screen');
    alice.type(keys.pageUp.repeat(2));
    await alice.shows(/beginning of #lobby/);
  });

  await t.test('the wheel scrolls three rows, unless /set mouse off', async (t) => {
    const wheel = (button: number) => alice.type(`\x1b[<${button};10;10M`);
    alice.type(keys.pageDown);
    await alice.until(() => (numbers()[0] ?? 0) > 10, 'a page further down');
    const [first = 0] = numbers();
    wheel(64);
    await alice.until(() => numbers()[0] === first - 3, 'three rows further up');
    wheel(65);
    await alice.until(() => numbers()[0] === first, 'three rows further down');
    t.ok(alice.modes().includes('mouse'));
    alice.enter('/set mouse off');
    await alice.until(() => !alice.modes().includes('mouse'), 'the mouse of the terminal');
    alice.enter('/set mouse on');
    await alice.until(() => alice.modes().includes('mouse'), 'the mouse again');
    alice.type('\x1b[1;3H');
    await alice.until(() => numbers()[0] === 1, 'the beginning');
  });

  await t.test('new messages do not move the page, and are counted below it', async (t) => {
    alice.type(keys.pageDown);
    await alice.until(() => (numbers()[0] ?? 0) > 1, 'a page further down');
    await settle(alice);
    const before = alice.rows().slice(1, -2);
    bob.write('new one\nnew two\nalice, new three\n');
    await alice.shows(/↓ 3 new below · PgDn/);
    t.strictSame(alice.rows().slice(1, -2), before);
    await alice.until(() => alice.title === '(3) #lobby – secure-chat', 'the title, which follows the rows');
    const cleo = await people.pipe('cleo');
    await alice.shows(/3 online/);
    t.strictSame(
      alice
        .rows()
        .slice(1, -2)
        .map((row) => row.slice(0, 60)),
      before.map((row) => row.slice(0, 60)),
      'nor by who comes',
    );
    cleo.end();
  });

  await t.test('Alt-End shows the newest, Alt-Home the oldest, PgDn goes down', async (t) => {
    alice.type(keys.altEnd);
    await alice.shows(/new three/);
    t.notMatch(alice.screen(), 'new below');
    await alice.until(() => alice.title === '#lobby – secure-chat', 'all is read');
    alice.type(keys.altHome);
    await alice.shows(/message 1\./);
    for (let presses = 0; !/new three/.test(alice.screen()) && presses < 60; presses++) {
      alice.type(keys.pageDown);
      await settle(alice);
    }
    t.match(alice.screen(), 'new three');
    await settle(alice);
    t.notMatch(alice.screen(), /PgDn/);
  });

  await t.test('a resize keeps the same messages shown', async (t) => {
    alice.type(keys.pageUp.repeat(3));
    await settle(alice);
    const last = numbers().at(-1);
    for (const [cols, rows] of [
      [40, 10],
      [120, 40],
      [24, 6],
      [80, 24],
    ] as const) {
      const frames = alice.frames;
      alice.resize(cols, rows);
      await alice.until(() => alice.frames > frames, 'a picture');
      await settle(alice);
      t.equal(numbers().at(-1), last, `at ${cols}x${rows}`);
    }
    bob.write('in between\n');
    await alice.shows(/1 new below/);
    alice.enter('an answer');
    await alice.shows(/an answer(?! …)/);
  });

  await t.test('cleared messages, and those far above, are loaded from the server again', async (t) => {
    alice.enter('/clear');
    await alice.until(() => numbers().length === 0, 'an empty pane');
    alice.type(keys.pageUp);
    await alice.until(() => numbers().includes(messages), 'the newest before');
    alice.type(keys.pageUp);
    await alice.until(() => numbers().length > 0 && !numbers().includes(messages), 'a page further up');
    alice.type(alt('1'));
    t.pass();
  });
});
