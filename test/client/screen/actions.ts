import t from 'tap';
import { paneRows } from '../../../lib/client/screen/render/rows.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { plainAppearance } from '../../support/screens.js';
import { settle } from '../../support/streams.js';

t.test('Enter sends the input to the current conversation and clears it', async (t) => {
  const scene = createScreenScene();
  scene.press('hello', 'enter');
  t.match(scene.said, [{ room: 'lobby', text: 'hello' }]);
  t.equal(scene.typed(), '|');
  scene.press('/query bob', 'enter', 'psst', 'enter');
  t.match(scene.said.slice(1), [{ to: 'bob', text: 'psst' }]);
  t.equal(scene.store.state.current, '@bob');
});

t.test('a refused line stays in the input', async (t) => {
  const scene = createScreenScene();
  scene.press('/nosuch thing', 'enter');
  t.equal(scene.typed(), '/nosuch thing|');
  t.match(scene.pane().at(-1), /no command/);
  scene.press('ctrl-u');
  scene.keyboard.press({ kind: 'paste', text: 'x\n'.repeat(101) });
  scene.press('enter');
  t.match(scene.pane().at(-1), /not sent/);
  t.match(scene.typed(), /^x\nx\n/);
  t.same(scene.said, []);
});

t.test('each conversation keeps its own draft', async (t) => {
  const scene = createScreenScene();
  scene.press('for all', 'alt-2');
  t.equal(scene.typed(), 'for all|', 'there is no second one');
  scene.press('ctrl-u', '/query bob', 'enter', 'for bob', 'alt-1', 'for all', 'ctrl-n');
  t.equal(scene.typed(), 'for bob|');
  scene.press('alt-/');
  t.equal(scene.typed(), 'for all|');
});

t.test('Up brings back earlier input, Down the draft', async (t) => {
  const scene = createScreenScene();
  scene.press('one', 'enter', 'two', 'enter', 'draft', 'up');
  t.equal(scene.typed(), 'two|');
  scene.press('up');
  t.equal(scene.typed(), 'one|');
  scene.press('up', 'down', 'down');
  t.equal(scene.typed(), 'draft|');
  scene.press('alt-enter', 'below', 'up');
  t.equal(scene.typed(), 'draft|\nbelow', 'within several lines it moves between them');
});

t.test('Ctrl-C clears the input; if it is empty it asks, and a second one quits', async (t) => {
  const scene = createScreenScene();
  scene.press('text', 'ctrl-c');
  t.equal(scene.typed(), '|');
  t.equal(scene.store.state.question, undefined);
  scene.press('ctrl-c');
  t.match(scene.store.state.question, { about: 'quit' });
  scene.press('x');
  t.equal(scene.store.state.question, undefined);
  t.equal(scene.typed(), 'x|', 'typed text is not lost');
  scene.press('ctrl-c', 'ctrl-c', 'ctrl-c');
  t.same(scene.left, ['interrupt']);
});

t.test('what would end with the client is said before it quits', async (t) => {
  const scene = createScreenScene();
  scene.warnings.quit = 'This ends the chat for 2 others.';
  scene.press('/quit', 'enter');
  t.equal(scene.store.state.question?.text, 'This ends the chat for 2 others. Quit anyway? y/n');
  scene.press('n', 'ctrl-c');
  t.match(scene.store.state.question?.text, /^This ends the chat for 2 others\. Quit\? y or Ctrl-C again/);
  t.same(scene.left, []);
  scene.press('n', '/quit', 'enter', 'y');
  t.same(scene.left, ['quit ']);
});

t.test('Tab completes the last speaker first, and cycles', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  for (const from of ['bea', 'ben', 'bob']) scene.message({ from });
  scene.press('b', 'tab');
  t.equal(scene.typed(), 'bob: |');
  scene.press('tab');
  t.equal(scene.typed(), 'ben: |');
  scene.press('shift-tab', 'shift-tab');
  t.equal(scene.typed(), 'bea: |');
  scene.press('c', 'tab');
  t.equal(scene.typed(), 'bea: c|', 'typing ends it');
  scene.press('ctrl-u', 'b', 'tab', 'left', 'left', 'tab');
  t.equal(scene.typed(), 'bob: |: ', 'so does moving the cursor');
  scene.press('ctrl-c', '/unig', 'tab');
  t.equal(scene.typed(), '/unignore |');
  t.ok(scene.calls.includes('hint hidden'));
});

t.test('F8 shows and hides the lists at the side', async (t) => {
  const scene = createScreenScene();
  scene.press('f8');
  t.equal(scene.store.state.sideLists, 'shown');
  scene.press('f8');
  t.equal(scene.store.state.sideLists, 'hidden');
});

t.test('Ctrl-R finds what was typed before, again and again, and Ctrl-C gives the draft back', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  for (const text of ['the red house', 'a blue house', 'a boat']) scene.press(text, 'enter');
  const question = () => scene.store.state.question?.text;
  scene.press('draft', 'ctrl-r');
  t.equal(question(), 'Search: _');
  scene.press('HO');
  t.equal(scene.typed(), 'a blue house|');
  scene.press('ctrl-r');
  t.equal(scene.typed(), 'the red house|');
  scene.press('ctrl-r');
  t.equal(question(), 'Not found: HO_');
  t.equal(scene.typed(), 'the red house|', 'the last one found stays');
  scene.press('backspace', 'backspace', 'boat');
  t.equal(scene.typed(), 'a boat|');
  scene.press('ctrl-c');
  t.equal(scene.typed(), 'draft|');
  t.equal(question(), undefined);
  scene.press('ctrl-r', 'boat', 'escape');
  t.equal(scene.typed(), 'draft|', 'so does Escape');
  scene.press('ctrl-r', 'red', 'left');
  t.equal(scene.typed(), 'the red hous|e', 'any other key takes it into the input');
  scene.press('ctrl-r', 'blue', 'enter');
  t.match(scene.said.at(-1), { text: 'a blue house' }, 'Enter sends it');
  t.equal(question(), undefined);
});

t.test('Alt-K goes to a conversation by some letters of its name', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  for (const name of ['bob', 'barbara', 'eve']) scene.press(`/query ${name}`, 'enter');
  const question = () => scene.store.state.question?.text;
  const current = () => scene.store.state.current;
  scene.press('draft', 'alt-k');
  t.equal(question(), 'Go to: _   [#lobby]  @bob   @barbara ');
  scene.press('B');
  t.equal(question(), 'Go to: B_   [@bob]  @barbara   #lobby ');
  scene.press('alt-k');
  t.equal(question(), 'Go to: B_    @bob  [@barbara]  #lobby ');
  scene.press('enter');
  t.equal(current(), '@barbara');
  t.equal(question(), undefined);
  scene.press('alt-k', 'lb');
  t.equal(question(), 'Go to: lb_   [#lobby]', 'letters in this order');
  scene.press('x');
  t.equal(question(), 'Go to: lbx_   no such conversation');
  scene.press('enter');
  t.equal(current(), '@barbara', 'Enter goes nowhere');
  scene.press('mine');
  for (const key of ['ctrl-u', 'ctrl-w', 'alt-backspace']) {
    scene.press('alt-k', 'lbx', key);
    t.match(question(), /^Go to: _ /, `${key} clears the name`);
    scene.press('escape');
    t.equal(scene.typed(), 'mine|', `${key} leaves the input alone`);
  }
  scene.press('alt-k', 'eve', 'escape');
  t.equal(current(), '@barbara', 'Escape stays');
  scene.press('alt-k', 'eve', 'enter');
  t.equal(scene.typed(), 'draft|', 'the draft is where it was');
});

t.test('keys and /window go to the conversations of other servers', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  const lobby = scene.store.state.conversations;
  const other = { connection: { state: 'online' }, conversations: lobby, directs: [] } as const;
  scene.store.update((state) => ({
    ...state,
    before: [{ ...other, key: 2, server: 'Lab' }],
    after: [{ ...other, key: 3, server: 'Home' }],
  }));
  const opened = () => scene.calls.filter((call) => call.startsWith('open ')).splice(0);
  scene.press('ctrl-n', 'ctrl-p', 'alt-1', 'alt-2', '/window 3', 'enter', '/window #lobby', 'enter');
  t.same(opened(), ['open #lobby of 3', 'open #lobby of 2', 'open #lobby of 2', 'open #lobby of 3']);
  scene.press('/window 4', 'enter');
  t.match(scene.pane().at(-1), 'There is no conversation "4" here.');
  scene.press('alt-k', 'lob');
  t.equal(scene.store.state.question?.text, 'Go to: lob_   [#lobby (Lab)]  #lobby (Home) ');
  scene.press(
    'escape',
    'ctrl-c',
    '/connect chat.example',
    'enter',
    '/connect',
    'enter',
    '/disconnect see you',
    'enter',
  );
  t.match(scene.pane().at(-1), /^Lab: nothing unread\n.*: nothing unread\nHome: nothing unread$/);
  t.same(
    scene.calls.filter((call) => /^(?:dis)?connect/.test(call)),
    ['connect chat.example', 'disconnect see you'],
  );
});

t.test('Alt-K, /window and /query find closed direct messages, and those of long ago', async (t) => {
  const direct = (peer: string, last: number) => ({ with: peer, last, read: last, unread: 0, mentions: 0 });
  let answered = () => {};
  const answer = async ({ type }: RequestBody): Promise<Reply> => {
    if (type !== 'conversations') return { type: 'ok', re: 1 };
    await new Promise<void>((resolve) => {
      answered = resolve;
    });
    return { type: 'ok', re: 1, conversations: [direct('ben', 5), direct('bea', 3), direct('bert', 4)] };
  };
  const scene = createScreenScene({ answer });
  const lobby = { room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 };
  scene.happen({ kind: 'synced', first: true, conversations: [lobby, direct('ben', 5)] });
  const question = () => scene.store.state.question?.text;
  scene.press('/query bob', 'enter', '/window 1', 'enter', 'alt-k', 'b');
  t.equal(question(), 'Go to: b_   [@bob]  @ben ', 'what is known from the start');
  scene.press('alt-k');
  answered();
  await settle();
  t.equal(question(), 'Go to: b_    @bob  [@ben]  @bert   @bea ', 'the rest, and the choice stays');
  scene.press('enter');
  t.equal(scene.store.state.current, '@ben');
  scene.press('/close', 'enter', 'alt-k', 'ben', 'enter');
  t.equal(scene.store.state.current, '@ben', 'it can be closed and found again');
  scene.press('alt-k', 'escape');
  answered();
  await settle();
  t.equal(question(), undefined, 'a late answer does not ask again');
  for (const [typed, id] of [
    ['/window bea', '@bea'],
    ['/window @nils', '@nils'],
  ] as const) {
    scene.press(typed, 'enter');
    t.equal(scene.store.state.current, id);
  }
});

t.test('/retry sends failed messages again', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.press('hello', 'enter');
  scene.deliver(scene.said[0]?.key ?? '', { state: 'failed', code: 'internal', message: 'No.' });
  scene.press('/retry', 'enter');
  t.match(scene.said, [{ text: 'hello' }, { text: 'hello' }]);
  t.equal(scene.pane().filter((text) => text === 'hello').length, 1);
  scene.press('/retry', 'enter');
  t.match(scene.pane().at(-1), /No failed messages here/);
});

t.test('the commands of the screen', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.message({ text: 'shown' });
  scene.press('/save talk.txt', 'enter');
  t.same(scene.saved, ['talk.txt']);
  scene.press('/notify all', 'enter');
  t.match(scene.pane().at(-1), /rings the bell for every message/);
  t.same(scene.kept.at(-1), { notify: { '#lobby': 'all' } });
  scene.press('/set clock 12h', 'enter');
  t.match(scene.pane().at(-1), /^clock +12h +24h\|12h +hours of the day, or with am and pm$/);
  t.match(scene.kept.at(-1), { settings: { clock: '12h', seconds: 'off' } });
  scene.press('/set', 'enter');
  t.match(
    scene.pane().at(-1),
    /^formatting +on .*\nmouse +on .*\nclock +12h .*\nseconds +off .*\nticks +off .*\ntyping +off .*\nreceipts +off /,
  );
  scene.press('/clear', 'enter');
  t.same(scene.pane(), []);
  const [row = []] = paneRows(scene.store.state, plainAppearance);
  t.match(row.map(({ text }) => text).join(''), /^ *Cleared\. PgUp/);
  scene.press('/close', 'enter');
  t.match(scene.pane().at(-1), /only close direct messages/);
  scene.press('/query bob', 'enter', '/close', 'enter');
  t.same(
    scene.store.state.conversations.map(({ id }) => id),
    ['#lobby'],
  );
  scene.press('/window 7', 'enter');
  t.match(scene.pane().at(-1), /no conversation "7"/);
  scene.press('ctrl-u', '/ignore ana', 'enter');
  t.match(scene.pane().at(-1), /can't ignore yourself/);
  scene.press('/help keys', 'enter');
  t.match(scene.pane().at(-1), /Alt-A/);
});

t.test('/compose begins with an empty input, Ctrl-X Ctrl-E with what is typed', async (t) => {
  const { press, calls, synced } = createScreenScene();
  synced();
  press('/compose', 'enter');
  t.equal(calls.at(-1), 'compose ""');
  press('hello', 'ctrl-x', 'ctrl-e');
  t.equal(calls.at(-1), 'compose "hello"');
});

t.test('/edit alone edits the last own message in the input', async (t) => {
  const { message, press, typed, pane, synced } = createScreenScene();
  synced();
  press('/edit', 'enter');
  t.match(pane().at(-1), 'You have no recent message here to edit.');
  message({ from: 'ana', text: 'teh fox', seq: 3 });
  press('/edit', 'enter');
  t.equal(typed(), 'teh fox|');
});

t.test('messages from ignored people are hidden and silent', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.message({ from: 'eve', text: 'shown' });
  scene.press('/ignore eve', 'enter');
  t.notOk(scene.pane().includes('shown'));
  t.same(scene.kept, [{ ignored: ['eve'] }]);
  scene.message({ from: 'eve', text: 'not shown' });
  t.notOk(scene.pane().includes('not shown'));
  t.same(scene.rung, ['#lobby shown']);
  scene.press('/unignore eve', 'enter');
  scene.message({ from: 'eve', text: 'again' });
  t.ok(scene.pane().includes('again'));
});

t.test('/view asks for an image', async (t) => {
  const scene = createScreenScene();
  scene.press('/view 17', 'enter');
  t.same(scene.calls, ['view 17']);
});

t.test('Enter on an empty line tries a lost connection at once, and nothing else does', async (t) => {
  const { press, status, said, calls, typed } = createScreenScene();
  status({ state: 'online' });
  press('enter');
  status({ state: 'connecting' });
  press('enter');
  t.same(calls, []);
  status({ state: 'waiting', inMs: 9_000, why: 'gone', canHurry: true });
  press('enter');
  t.same(calls, ['reconnect']);
  press('a', 'enter');
  t.match(said, [{ text: 'a' }], 'a text is sent once the connection is back');
  t.equal(typed(), '|');
  t.notOk(calls.slice(1).includes('reconnect'));
});
