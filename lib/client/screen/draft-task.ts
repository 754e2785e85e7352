/** Editing a message and replying to one in the input: what Enter does then instead of posting it. Knows the state, no keys. */

import { recipientOf, toRoomOrPerson } from '../../protocol/names.js';
import { typedAs, typedText } from '../commands/commands.js';
import type { OutgoingMessage } from '../session/session.js';
import { withEmoji } from '../text/emoji.js';
import { current } from './state/conversations.js';
import { edit } from './state/editor.js';
import type { ConversationState, DraftTask, MessageEntry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

/** The message comes into the input, until it is sent or the person cancels. */
export function beginEdit(store: ScreenStore, { seq, text }: MessageEntry): void {
  if (seq === undefined) return;
  store.change(store.state.current, (conversation) => {
    const before = withoutTask(conversation).draft;
    const draft = edit(before, { edit: 'set', text: typedAs(text) });
    return { ...conversation, draft, task: { kind: 'edit', of: seq, about: text, before } };
  });
}

/** What is in the input, and what is typed further, becomes the reply. */
export function beginReply(store: ScreenStore, { seq, from, text, file }: MessageEntry): void {
  if (seq === undefined) return;
  store.change(store.state.current, (conversation) => {
    const about = `${from}: ${file?.name ?? text}`;
    return { ...withoutTask(conversation), task: { kind: 'reply', of: seq, about } };
  });
}

/** After an edit the draft of before comes back; a reply is a draft. */
export function withoutTask({ task, ...conversation }: ConversationState): ConversationState {
  return task?.kind === 'edit' ? { ...conversation, draft: task.before } : conversation;
}

interface TaskDeps {
  /** Resolves with whether it was accepted; a refusal was shown. */
  readonly edit: (of: number, text: string) => Promise<boolean>;
  /** @returns whether it was accepted; a refusal was shown */
  readonly post: (draft: OutgoingMessage) => boolean;
}

/** Does what Enter does instead of posting. @returns whether there was something to do; a command is left alone */
export function carryOut(store: ScreenStore, { edit, post }: TaskDeps): boolean {
  const { id, task, draft } = current(store.state);
  const typed = typedText(draft.text);
  if (task === undefined || typed === undefined) return false;
  const text = typed.literal ? typed.text : withEmoji(typed.text);
  if (task.kind === 'reply') {
    if (text.trim() === '') return true;
    const where = recipientOf(toRoomOrPerson(id));
    if (post({ ...where, text, of: task.of })) store.change(id, (after) => emptied(withoutTask(after)));
    return true;
  }
  store.change(id, withoutTask);
  void edit(task.of, text).then((accepted) => {
    if (!accepted) store.change(id, (now) => withRefused(now, { task, draft }));
  });
  return true;
}

function emptied(conversation: ConversationState): ConversationState {
  return { ...conversation, draft: edit(conversation.draft, { edit: 'clear' }) };
}

/** A refused edit comes back, unless something else was begun meanwhile. */
function withRefused(
  now: ConversationState,
  { task, draft }: { task: DraftTask & { kind: 'edit' }; draft: ConversationState['draft'] },
): ConversationState {
  return now.task === undefined && now.draft === task.before ? { ...now, task, draft } : now;
}
