import t from 'tap';
import { paneRows } from '../../../lib/client/screen/render/rows.js';
import { selectedMessage } from '../../../lib/client/screen/state/conversation.js';
import { current } from '../../../lib/client/screen/state/conversations.js';
import { possibleKeys } from '../../../lib/client/screen/state/message-keys.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { messageOf } from '../../support/fake-session.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { plainAppearance } from '../../support/screens.js';
import { settle } from '../../support/streams.js';

/** ana, with messages of ben and of her own. */
function reader(answer?: (request: RequestBody) => Reply | Promise<Reply>) {
  const scene = createScreenScene(answer === undefined ? {} : { answer });
  scene.synced();
  scene.message({ seq: 1, text: 'from ben' });
  scene.message({ seq: 2, from: 'ana', text: 'from ana' });
  scene.message({ seq: 3, text: 'see https://a.example/x and https://b.example/y' });
  return {
    ...scene,
    selected: () => selectedMessage(current(scene.store.state))?.text,
    keys: () =>
      possibleKeys(scene.store.state)
        .map(({ key }) => key)
        .join(' '),
    shown: () =>
      paneRows(scene.store.state, plainAppearance).map((row) => row.map(({ text }) => text).join('')),
  };
}

t.test('Alt-Up selects the newest message, then older ones; Alt-Down leads back and out', async (t) => {
  const { press, selected } = reader();
  press('alt-down');
  t.equal(selected(), undefined, 'below the newest there is nothing');
  press('alt-up');
  t.match(selected(), /^see/);
  press('alt-up', 'alt-up');
  t.equal(selected(), 'from ben');
  press('alt-up');
  t.equal(selected(), 'from ben', 'it stays at the oldest');
  press('alt-down');
  t.equal(selected(), 'from ana');
  press('alt-down', 'alt-down');
  t.equal(selected(), undefined);
});

t.test('notices and removed messages are passed over', async (t) => {
  const { press, selected, happen } = reader();
  const at = '2026-11-20T12:35:00.000Z';
  happen({ kind: 'event', event: { type: 'removed', seq: 4, room: 'lobby', from: 'ana', at, of: 2 } });
  press('/nosuch', 'enter', 'ctrl-u', 'alt-up');
  t.match(selected(), /^see/);
  press('alt-up');
  t.equal(selected(), 'from ben');
});

t.test('the selection follows its message, stays in view, and ends if that is gone', async (t) => {
  const { press, selected, message, shown, store, happen, calls } = reader();
  press('alt-up', 'alt-up');
  for (let seq = 10; seq < 60; seq++) message({ seq, text: `more ${seq}` });
  t.equal(selected(), 'from ana');
  t.match(shown()[0], 'from ana', 'as far up as needed');
  t.match(current(store.state), { unread: 50, newBelow: 50 }, 'what is below is not read');
  t.notOk(calls.includes('read 59'), 'and the server is not told that it is');
  happen({ kind: 'event', event: { type: 'gap', room: 'lobby', after: 60, before: 70 } });
  t.equal(selected(), undefined);
  t.equal(current(store.state).selected, undefined);
});

t.test('Escape leaves it: the newest messages are back, and read', async (t) => {
  const { press, selected, message, shown, store, calls } = reader();
  press('alt-up');
  for (let seq = 10; seq < 60; seq++) message({ seq, text: `more ${seq}` });
  press('escape');
  t.ok(calls.includes('read 59'));
  t.equal(selected(), undefined);
  t.match(shown().at(-1), 'more 59');
  t.match(current(store.state), { unread: 0, newBelow: 0 });
  press('alt-up');
  message({ seq: 60, text: 'one more' });
  press('alt-down', 'alt-down');
  t.ok(calls.includes('read 60'), 'also if Alt-Down leaves it');
});

t.test('PgUp goes on from what is in the pane, and Alt-Up from there', async (t) => {
  const { press, selected, message, shown } = reader();
  for (let seq = 10; seq < 200; seq++) message({ seq, text: `more ${seq}` });
  for (let i = 0; i < 100; i++) press('alt-up');
  t.equal(selected(), 'more 100');
  const before = shown().at(-1);
  press('pageup');
  t.equal(selected(), undefined);
  t.ok((shown().at(-1) ?? '') < (before ?? ''), 'not from the newest message');
  press('alt-up');
  t.match(shown().at(-1), selected());
  press('escape', 'alt-down');
  t.match(shown()[0], selected(), 'Alt-Down begins at the top');
});

t.test('above the oldest loaded message a page is loaded', async (t) => {
  const older = Array.from({ length: 9 }, (_, i) => messageOf({ seq: i + 1, text: `older ${i + 1}` }));
  const scene = createScreenScene({
    answer: () => ({ type: 'ok', re: 1, messages: older, more: false }),
  });
  scene.synced();
  scene.message({ seq: 10, text: 'newest' });
  scene.press('alt-up');
  await settle();
  t.match(scene.asked.at(-1), { type: 'history', before: 10 });
  scene.press('alt-up');
  t.equal(selectedMessage(current(scene.store.state))?.text, 'older 9');
});

t.test('only keys that are possible are offered', async (t) => {
  const { press, keys, message, happen, store } = reader();
  press('alt-up');
  t.equal(keys(), 'r + y Enter', 'a message of another person with a link');
  press('alt-up');
  t.equal(keys(), 'r e d + y', 'an own one');
  happen({
    kind: 'event',
    event: { type: 'role', room: 'lobby', name: 'ana', role: 'moderator', by: 'ben' },
  });
  press('alt-up');
  t.equal(keys(), 'r d + y', 'a moderator can delete');
  press('escape');
  message({ seq: 20, from: 'ana', text: '', file: { name: 'a.txt', size: 3, hash: 'h' } });
  press('alt-up');
  t.equal(keys(), 'r d + y', 'a file has no text to edit');
  press('escape', 'not sent yet', 'enter', 'alt-up');
  t.equal(keys(), 'y', 'the server does not have it');
  press('escape');
  message({ seq: 21, from: 'ben', to: 'ana', text: 'psst' });
  press('alt-2', 'alt-up');
  t.equal(keys(), 'r + y', 'no one moderates direct messages');
  t.equal(store.state.current, '@ben');
});

t.test('a server role counts in public rooms only', async (t) => {
  const people = [{ name: 'ana', role: 'moderator' as const, terminals: 1 }];
  const { press, keys, happen } = reader(() => ({ type: 'ok', re: 1, people }));
  await settle();
  press('alt-up');
  t.equal(keys(), 'r d + y Enter');
  happen({
    kind: 'event',
    event: {
      type: 'room',
      conversation: { room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0, private: true },
    },
  });
  t.equal(keys(), 'r + y Enter');
});

t.test('any other key leaves it and does what it always does', async (t) => {
  const { press, selected, typed, keyboard, said } = reader();
  press('draft ', 'alt-up', 'e');
  t.equal(typed(), 'draft e|', 'a key that is not possible is typed');
  t.equal(selected(), undefined);
  press('alt-up', 'x', 'yz');
  t.equal(typed(), 'draft exyz|');
  press('alt-up');
  keyboard.press({ kind: 'paste', text: 'y' });
  t.equal(typed(), 'draft exyzy|', 'a paste is not a key');
  press('alt-up', 'backspace');
  t.equal(typed(), 'draft exyz|');
  press('alt-up', 'alt-up', 'enter');
  t.equal(selected(), undefined);
  t.same(said, [], 'Enter without a link does not send the draft');
  press('alt-up', 'ctrl-c');
  t.equal(typed(), 'draft exyz|', 'nor does Ctrl-C clear it');
  press('alt-up');
  keyboard.press({ kind: 'focus', focused: false });
  t.match(selected(), /^see/, 'the window losing the keyboard is no key');
});

t.test('what is typed after a key in one piece is typed', async (t) => {
  const { press, typed } = reader();
  press('alt-up', 'alt-up', 'e! and more');
  t.equal(typed(), 'from ana! and more|');
});

t.test('e edits that message; the draft of before comes back', async (t) => {
  const { press, typed, asked, store } = reader();
  press('my draft', 'alt-up', 'alt-up', 'e');
  t.equal(typed(), 'from ana|');
  t.match(current(store.state).task, { of: 2, about: 'from ana' });
  press('!', 'enter');
  t.match(asked.at(-1), { type: 'edit', of: 2, text: 'from ana!' });
  t.equal(typed(), 'my draft|');
  t.equal(current(store.state).task, undefined);
});

t.test('Escape and Ctrl-C cancel an edit', async (t) => {
  const { press, typed, asked, store } = reader();
  for (const key of ['escape', 'ctrl-c']) {
    press('mine', 'alt-up', 'alt-up', 'e', 'changed', key);
    t.equal(typed(), 'mine|');
    t.equal(current(store.state).task, undefined);
    press('ctrl-u');
  }
  t.notMatch(asked, [{ type: 'edit' }]);
});

t.test('an edit keeps a slash at the start, and a command in between is a command', async (t) => {
  const { press, typed, asked, message, pane, store } = reader();
  message({ seq: 9, from: 'ana', text: '/etc is a folder' });
  press('alt-up', 'e');
  t.equal(typed(), '//etc is a folder|');
  press('enter');
  t.match(asked.at(-1), { type: 'edit', of: 9, text: '/etc is a folder' });
  press('alt-up', 'e', 'ctrl-u', '/help quit', 'enter');
  t.match(pane().at(-1), /^\/quit/);
  t.match(current(store.state).task, { of: 9 }, 'the edit goes on');
});

t.test('a refused edit comes back, unless something else was begun', async (t) => {
  const error: Reply = { type: 'error', re: 1, code: 'not-allowed', message: 'No.' };
  const { press, typed, pane, store } = reader((request) =>
    request.type === 'edit' ? error : { type: 'ok', re: 1 },
  );
  press('alt-up', 'alt-up', 'e', '!', 'enter');
  await settle();
  t.equal(typed(), 'from ana!|');
  t.match(current(store.state).task, { of: 2 });
  t.match(pane().at(-1), /^No\./);
  press('ctrl-u', 'enter');
  await settle();
  t.match(pane().at(-1), /empty/);
  press('escape', 'alt-up', 'alt-up', 'e', '!', 'enter', 'something else');
  await settle();
  t.equal(typed(), 'something else|');
  press('ctrl-u', 'up');
  t.equal(typed(), 'from ana!|', 'it is in the input history');
});

t.test('d asks, and deletes on y only', async (t) => {
  const { press, selected, store, asked } = reader();
  press('alt-up', 'alt-up', 'd');
  t.equal(store.state.question?.text, 'Delete "from ana"? y/n');
  press('n');
  t.equal(selected(), 'from ana', 'it stays selected');
  t.notMatch(asked, [{ type: 'remove' }]);
  press('d', 'y');
  t.match(asked.at(-1), { type: 'remove', of: 2 });
  t.equal(selected(), undefined);
});

t.test('y copies the text', async (t) => {
  const { press, copied, pane, selected, message, clipboard } = reader();
  press('alt-up', 'alt-up', 'alt-up', 'y');
  await settle();
  t.same(copied, ['from ben']);
  t.match(pane().at(-1), /^Copied the message from ben\. If it isn't in your clipboard, .*OSC 52.*Alt-L\.$/);
  t.equal(selected(), undefined);
  message({ seq: 9, text: '', file: { name: 'a.txt', size: 3, hash: 'h' } });
  for (const [outcome, words] of [
    ['too-long', /too long to copy: 56,244 bytes/],
    ['no-clipboard', /no clipboard.*Alt-L/],
    ['busy', /Nothing was copied/],
  ] as const) {
    clipboard.outcome = outcome;
    press('alt-up', 'y');
    await settle();
    t.match(pane().at(-1), words);
  }
  t.equal(copied.at(-1), 'a.txt', 'of a file, its name');
});

t.test('Enter shows where a link leads, Tab the next one, and Enter opens it', async (t) => {
  const { press, opened, store, pane, browser, copied, typed } = reader();
  press('draft', 'alt-up', 'enter');
  t.equal(store.state.question?.text, 'Open (1 of 2, Tab): _   [a.example/x]');
  press('tab');
  t.equal(store.state.question?.text, 'Open (2 of 2, Tab): _   [b.example/y]');
  press('enter');
  await settle();
  t.same(opened, ['https://b.example/y']);
  t.equal(pane().at(-1), 'Opened https://b.example/y');
  browser.works = false;
  press('alt-up', 'enter', 'a.ex');
  t.match(store.state.question?.text, 'Open: a.ex_   [a.example/x]');
  press('enter');
  await settle();
  t.same(copied, ['https://a.example/x'], 'without a browser it is copied');
  t.match(pane().at(-1), /no browser/);
  press('alt-up', 'enter', 'escape');
  t.equal(store.state.question, undefined);
  t.equal(opened.length, 2);
  t.equal(typed(), 'draft|');
});

t.test('switching conversations ends it', async (t) => {
  const { press, selected } = reader();
  press('/query bob', 'enter', 'alt-1', 'alt-up', 'alt-2', 'alt-1');
  t.equal(selected(), undefined);
});

t.test('r replies with what is in the input and typed further', async (t) => {
  const { press, typed, said, store } = reader();
  press('well', 'alt-up', 'alt-up', 'alt-up', 'r');
  t.equal(typed(), 'well|');
  t.same(current(store.state).task, { kind: 'reply', of: 1, about: 'ben: from ben' });
  press(', yes', 'enter');
  t.match(said, [{ room: 'lobby', text: 'well, yes', of: 1 }]);
  t.equal(typed(), '|');
  t.equal(current(store.state).task, undefined);
  press('next', 'enter');
  t.equal(said.at(-1)?.of, undefined, 'only once');
});

t.test('Escape cancels a reply and keeps what is typed', async (t) => {
  const { press, typed, said } = reader();
  press('alt-up', 'r', 'hello', 'escape');
  t.equal(typed(), 'hello|');
  press('enter');
  t.match(said, [{ text: 'hello' }]);
  t.equal(said.at(-1)?.of, undefined);
});

t.test('an empty or refused reply stays, and commands are commands', async (t) => {
  const { press, typed, said, store, keyboard, pane } = reader();
  press('alt-up', 'r', ' ', 'enter');
  t.match(current(store.state).task, { of: 3 });
  press('ctrl-u', '/help quit', 'enter');
  t.match(pane().at(-1), /^\/quit/);
  t.match(current(store.state).task, { of: 3 });
  keyboard.press({ kind: 'paste', text: 'x\n'.repeat(101) });
  press('enter');
  t.match(pane().at(-1), /not sent/);
  t.match(typed(), /^x\nx/);
  t.match(current(store.state).task, { of: 3 });
  t.same(said, []);
  press('ctrl-c', 'ctrl-c', '//etc', 'enter');
  t.match(said, [{ text: '/etc' }]);
});

t.test('each conversation has its own reply', async (t) => {
  const { press, said, store } = reader();
  press('/query bob', 'enter', 'alt-1', 'alt-up', 'r', 'alt-2');
  t.equal(current(store.state).task, undefined);
  press('psst', 'enter', 'alt-1', 'yes', 'enter');
  t.equal(said.at(0)?.of, undefined);
  t.match(said.at(1), { room: 'lobby', text: 'yes', of: 3 });
});

t.test('+ reacts by a short code, a part of one, or an emoji', async (t) => {
  const { press, asked, store, typed } = reader();
  const question = () => store.state.question?.text;
  press('draft', 'alt-up', '+');
  t.equal(question(), 'React (1 of 24, Tab): _   [👍 +1]');
  press('tab');
  t.equal(question(), 'React (2 of 24, Tab): _   [👎 -1]');
  press('enter');
  t.match(asked.at(-1), { type: 'react', of: 3, emoji: '-1' });
  press('alt-up', '+', ':tad');
  t.equal(question(), 'React: :tad_   [🎉 tada]');
  press('enter');
  t.match(asked.at(-1), { emoji: 'tada' });
  press('alt-up', '+', '🦊');
  t.equal(question(), 'React: 🦊_   [🦊]');
  press('enter');
  t.match(asked.at(-1), { emoji: '🦊' });
  const before = asked.length;
  press('alt-up', '+', 'no such');
  t.match(question(), 'no match');
  press('enter', 'alt-up', '+', 'escape');
  t.equal(asked.length, before);
  t.equal(typed(), 'draft|');
});

t.test('Enter on a reply selects what it replies to, and asks for it if it is not loaded', async (t) => {
  const { press, selected, keys, message, asked, store } = reader();
  message({ seq: 9, from: 'ana', text: 'hello', of: { seq: 1, from: 'ben', text: 'from ben' } });
  press('alt-up');
  t.equal(keys(), 'r e d + y Enter');
  press('enter');
  t.equal(selected(), 'from ben');
  press('escape');
  message({ seq: 10, text: 'hm', of: { seq: 8, from: 'ben', text: 'older' } });
  press('alt-up', 'enter');
  await settle();
  t.ok(asked.some((request) => request.type === 'history' && request.before === 9));
  message({ seq: 11, text: 'hm', of: { seq: 5 } });
  press('alt-up');
  t.equal(keys(), 'r + y', 'not to what is gone');
  press('escape');
  message({ seq: 12, text: 'as https://a.example/', of: { seq: 1, from: 'ben', text: 'from ben' } });
  press('alt-up', 'enter', 'tab');
  t.equal(store.state.question?.text, 'Open (2 of 2, Tab): _   [what it replies to]');
  press('enter');
  t.equal(selected(), 'from ben');
});
