import t from 'tap';
import {
  messageEntry,
  withEdit,
  withReacted,
  withReaction,
  withRemoval,
} from '../../../../lib/client/screen/state/message-entry.js';
import type { ConversationState } from '../../../../lib/client/screen/state/state.js';
import type { Reaction } from '../../../../lib/protocol/records.js';
import { hostileText } from '../../../fixtures/hostile-text.js';
import { at, edited, entry, removed, windowOf } from '../../../support/conversation-states.js';
import { lobbyMessage as message } from '../../../support/fake-session.js';
import { unsafe } from '../../../support/unsafe.js';

const quote = { seq: 1, from: 'ben', text: 'hi' };
const kinds = (...pairs: [string, number][]) => pairs.map(([emoji, count]) => ({ emoji, count }));
const reaction = (of: number, from: string, emoji: string | undefined, reactions: Reaction[]) =>
  ({
    ...({ type: 'reaction', seq: 92, of: { seq: of }, room: 'lobby', from, at, reactions } as const),
    ...(emoji !== undefined && { emoji }),
  }) as const;
const reactionsOf = ({ entries }: ConversationState, index = 0) =>
  (entries[index] as { reactions?: object }).reactions;

t.test('a hostile message becomes a printable entry', async (t) => {
  const entry = messageEntry(message(1, { from: 'b\x1b[2Job', text: 'x\x1b]0;pwned\x07y\nz' }), 'ana');
  t.notMatch(`${entry.from}${entry.text}`, /[^\x20-\x7e\n]/);
  t.match(entry.text, /\nz$/);
});

t.test('an edit changes its message in place, and nothing else', async (t) => {
  const before = windowOf(entry(1), entry(2), entry(3));
  const after = withEdit(before, edited(2, 'better, ana'), 'ana');
  t.match(after.entries[1], { id: 'm2', seq: 2, text: 'better, ana', edited: true, mention: true });
  t.equal(after.entries[0], before.entries[0], 'the others are the same ones');
  t.equal(after.entries[2], before.entries[2]);
  t.equal(withEdit(before, edited(7, 'x'), 'ana'), before, 'one that is not loaded changes nothing');
});

t.test('an own message keeps its place when it is edited', async (t) => {
  const mine = { ...entry(2, { from: 'ana' }), id: 'kkey' };
  t.match(withEdit(windowOf(entry(1), mine), edited(2, 'x'), 'ana').entries[1], { id: 'kkey', text: 'x' });
});

t.test('a removal leaves the name of who removed it, and no text, file or mention', async (t) => {
  const file = { name: 'a.txt', size: 1, hash: '' };
  const before = windowOf(entry(1, { text: 'ana: secret' }), entry(2, { file }));
  const after = withRemoval(withRemoval(before, removed(1)), removed(2));
  t.match(after.entries, [{ text: '', removed: 'mo', mention: false }, { removed: 'mo' }]);
  t.notOk('file' in (after.entries[1] ?? {}));
  t.equal(
    withEdit(after, edited(1, 'secret'), 'ana').entries[0],
    after.entries[0],
    'an edit brings nothing back',
  );
});

t.test('a reply keeps the quote of its message as that is now', async (t) => {
  const before = windowOf(
    entry(1),
    entry(2, { of: quote }),
    entry(3, { of: { seq: 9, from: 'ben', text: 'old' } }),
    entry(4),
  );
  t.match(before.entries[1], { of: quote });
  const after = withEdit(before, edited(1, 'one\ntwo'), 'ana');
  t.match(after.entries[1], { of: { ...quote, text: 'one two' } });
  t.equal(after.entries[2], before.entries[2], 'the others are the same ones');
  const unloaded = withEdit(after, edited(9, 'new'), 'ana');
  t.match(unloaded.entries[2], { of: { seq: 9, text: 'new' } }, 'also of one that is not loaded');
  const gone = withRemoval(unloaded, removed(1));
  t.same((gone.entries[1] as { of?: object }).of, { seq: 1 });
  t.notOk('of' in (withRemoval(before, removed(2)).entries[1] ?? {}), 'a removed reply is no reply');
});

t.test('reactions are as the last event says, with the reader’s own marked', async (t) => {
  const start = windowOf(entry(1), entry(2, { reactions: [{ emoji: '👍', count: 2, mine: true }] }));
  t.same(reactionsOf(start, 1), [{ emoji: '👍', count: 2, mine: true }]);
  const other = withReaction(start, reaction(2, 'mo', '🎉', kinds(['👍', 2], ['🎉', 1])), 'ana');
  t.same(reactionsOf(other, 1), [
    { emoji: '👍', count: 2, mine: true },
    { emoji: '🎉', count: 1, mine: false },
  ]);
  const own = withReaction(other, reaction(2, 'ana', '🎉', kinds(['👍', 1], ['🎉', 2])), 'ana');
  t.same(reactionsOf(own, 1), [
    { emoji: '👍', count: 1, mine: false },
    { emoji: '🎉', count: 2, mine: true },
  ]);
  const back = withReaction(own, reaction(2, 'ana', undefined, kinds(['👍', 1], ['🎉', 1])), 'ana');
  t.match(reactionsOf(back, 1), [{ mine: false }, { mine: false }]);
  t.notOk('reactions' in (withReaction(back, reaction(2, 'mo', undefined, []), 'ana').entries[1] ?? {}));
  t.equal(back.entries[0], start.entries[0]);
  t.equal(withReaction(back, reaction(7, 'mo', '👍', kinds(['👍', 1])), 'ana'), back, 'not loaded');
  const gone = withRemoval(back, removed(2));
  t.notOk('reactions' in (gone.entries[1] ?? {}));
  t.equal(withReaction(gone, reaction(2, 'mo', '👍', kinds(['👍', 1])), 'ana').entries[1], gone.entries[1]);
});

t.test('after a catch-up one’s own reactions are marked', async (t) => {
  const two = kinds(['👍', 2], ['🎉', 1]);
  const before = windowOf(entry(1, { reactions: two }), entry(2, { reactions: two }), entry(3));
  const own = [
    { of: 2, emoji: '🎉' },
    { of: 3, emoji: '🎉' },
    { of: 99, emoji: '👍' },
  ];
  const after = withReacted(before, { type: 'reacted', room: 'lobby', reactions: own });
  t.match(reactionsOf(after, 0), [{ mine: false }, { mine: false }]);
  t.match(reactionsOf(after, 1), [{ mine: false }, { mine: true }]);
  t.equal(after.entries[2], before.entries[2]);
});

t.test('hostile quotes and reactions are printable in the state', async (t) => {
  for (const { text } of hostileText) {
    const reactions = [{ emoji: text, count: 1 }];
    const shown = windowOf(entry(1, { of: { seq: 9, from: text, text }, reactions }));
    const after = withReaction(shown, reaction(1, text, text, reactions), 'ana');
    t.notMatch(JSON.stringify([shown.entries, after.entries]), unsafe);
  }
});
