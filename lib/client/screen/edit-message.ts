/** Editing a message in the input: what Enter does then instead of posting it. Knows the state, no keys. */
import { typedAs, typedText } from '../commands/commands.js';
import { change, current } from './state/conversations.js';
import { edit } from './state/editor.js';
import type { ConversationState, DraftTask, MessageEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

/** The message comes into the input, until it is sent or the person cancels. */
export function beginEdit(store: ScreenStore, { seq, text }: MessageEntry): void {
  if (seq === undefined) return;
  store.change(store.state.current, (conversation) => {
    const { draft, task } = conversation;
    const before = task?.before ?? draft;
    const shown = edit(before, { edit: 'set', text: typedAs(text) });
    return { ...conversation, draft: shown, task: { kind: 'edit', of: seq, about: text, before } };
  });
}

/** The draft of before comes back. */
export function withoutTask({ task, ...conversation }: ConversationState): ConversationState {
  return task === undefined ? conversation : { ...conversation, draft: task.before };
}

/**
 * Sends what is in the input as the new text of the message. If it is refused, text and task come back, unless something
 * else was begun meanwhile.
 * @param send resolves with whether it was accepted; a refusal was shown
 * @returns whether there was something to send; a command is left alone
 */
export function sendEdit(store: ScreenStore, send: (of: number, text: string) => Promise<boolean>): boolean {
  const { id, task, draft } = current(store.state);
  const text = typedText(draft.text);
  if (task === undefined || text === undefined) return false;
  store.change(id, withoutTask);
  void send(task.of, text).then((accepted) => {
    if (!accepted) store.update((state) => change(state, id, (now) => withRefused(now, { task, draft })));
  });
  return true;
}

function withRefused(
  now: ConversationState,
  { task, draft }: { task: DraftTask; draft: ConversationState['draft'] },
): ConversationState {
  return now.task === undefined && now.draft === task.before ? { ...now, task, draft } : now;
}
