/** People who join and leave, as entries of the pane. Pure; knows no lists of people. */
import { bounded } from './history-window.js';
import type { ConversationState, PresenceEntry } from './state.js';

/** People who join or leave later than this after the last ones get an entry of their own. */
const foldMs = 30 * 60_000;

export interface Move {
  readonly change: 'joined' | 'left';
  readonly name: string;
  readonly reason?: string;
  readonly at: number;
  /** Makes the id of a new entry. */
  readonly serial: number;
}

/** Folds a person who joined or left into the entry just before; both within it cancel out. */
export function withMove(conversation: ConversationState, move: Move): ConversationState {
  const { change, name, reason, at, serial } = move;
  if (conversation.detached) return conversation;
  const last = conversation.entries.at(-1);
  const fold = last?.kind === 'presence' && at - last.at < foldMs ? last : undefined;
  const joined = fold?.joined ?? [];
  const left = fold?.left ?? [];
  const next: PresenceEntry = {
    kind: 'presence',
    id: fold?.id ?? `p${serial}`,
    at: fold?.at ?? at,
    joined: joined.filter((each) => each !== name),
    left: left.filter((each) => each.name !== name),
  };
  const returned = change === 'joined' ? left.some((each) => each.name === name) : joined.includes(name);
  const moved = returned
    ? next
    : change === 'joined'
      ? { ...next, joined: [...next.joined, name] }
      : { ...next, left: [...next.left, reason === undefined ? { name } : { name, reason }] };
  const before = fold === undefined ? conversation.entries : conversation.entries.slice(0, -1);
  const nothing = moved.joined.length === 0 && moved.left.length === 0;
  return bounded({ ...conversation, entries: nothing ? before : [...before, moved] });
}
