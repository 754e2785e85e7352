/** The input history of this session, and how far back the reader is in it. Pure; knows texts, not what they mean. */

export interface InputHistory {
  /** Oldest first. */
  readonly inputs: readonly string[];
  /** How many older ones were dropped. */
  readonly forgotten: number;
  /** How far back the reader is, by conversation; absent while they type something new. */
  readonly visits: Readonly<Record<string, Visit>>;
}

interface Visit {
  /** The number of the input shown, counting dropped ones; undefined for the draft. */
  readonly at: number | undefined;
  readonly draft: string;
  /** Inputs that were edited when they were shown, by number. The history itself stays. */
  readonly changed: Readonly<Record<number, string>>;
}

export interface CurrentInput {
  /** The conversation: each has its own draft and its own place in the shared history. */
  readonly in: string;
  /** What is in the input now. */
  readonly text: string;
}

export interface Recalled {
  readonly history: InputHistory;
  readonly text: string;
}

export const inputsKept = 200;

export const emptyHistory: InputHistory = { inputs: [], forgotten: 0, visits: {} };

/** After `text` was sent. Blank inputs and repetitions are not kept. */
export function remember(history: InputHistory, { in: conversation, text }: CurrentInput): InputHistory {
  const { [conversation]: _, ...visits } = history.visits;
  if (text.trim() === '' || text === history.inputs.at(-1)) return { ...history, visits };
  const inputs = [...history.inputs, text].slice(-inputsKept);
  const forgotten = history.forgotten + history.inputs.length + 1 - inputs.length;
  return { inputs, forgotten, visits };
}

/** The input before the one shown; undefined if there is none. The draft is kept for `newer`. */
export function older(history: InputHistory, current: CurrentInput): Recalled | undefined {
  const end = history.forgotten + history.inputs.length;
  const visit = visitWith(history, current);
  const at = (visit.at ?? end) - 1;
  return at < history.forgotten ? undefined : show(history, current.in, { ...visit, at });
}

/** The input after the one shown, at the end the draft; undefined if that is shown. */
export function newer(history: InputHistory, current: CurrentInput): Recalled | undefined {
  const visit = visitWith(history, current);
  if (visit.at === undefined) return undefined;
  const at = Math.max(visit.at + 1, history.forgotten);
  const isLast = at >= history.forgotten + history.inputs.length;
  return show(history, current.in, { ...visit, at: isLast ? undefined : at });
}

/** The newest input before number `before` (from 0, the oldest) that contains the text in any case. */
export function searchInputs(
  { inputs }: InputHistory,
  { text, before = inputs.length }: { readonly text: string; readonly before?: number },
): { readonly at: number; readonly text: string } | undefined {
  const wanted = text.toLowerCase();
  const at = inputs.slice(0, before).findLastIndex((input) => input.toLowerCase().includes(wanted));
  return at < 0 ? undefined : { at, text: inputs[at] ?? '' };
}

/** The visit with the current input kept in its place. */
function visitWith(history: InputHistory, { in: conversation, text }: CurrentInput): Visit {
  const visit = history.visits[conversation] ?? { at: undefined, draft: '', changed: {} };
  if (visit.at === undefined) return { ...visit, draft: text };
  if (text === shownAt(history, visit)) return visit;
  return { ...visit, changed: { ...visit.changed, [visit.at]: text } };
}

function show(history: InputHistory, conversation: string, visit: Visit): Recalled {
  return {
    history: { ...history, visits: { ...history.visits, [conversation]: visit } },
    text: shownAt(history, visit),
  };
}

function shownAt({ inputs, forgotten }: InputHistory, { at, draft, changed }: Visit): string {
  return at === undefined ? draft : (changed[at] ?? inputs[at - forgotten] ?? '');
}
