/** What keys do with the selected message, in one table, and which of them are possible for it. Pure; knows roles, no terminal. */
import { findLinks } from '../../../protocol/links.js';
import { selectedMessage } from './conversation.js';
import { current } from './conversations.js';
import { knownPerson } from './people.js';
import type { ConversationState, MessageEntry, ScreenState } from './state.js';

/** A key as it is typed and shown. */
export const messageKeys = [
  { key: 'r', does: 'reply', hint: 'reply', help: 'reply to it' },
  { key: 'e', does: 'edit', hint: 'edit', help: 'edit it, if it is yours' },
  { key: 'd', does: 'delete', hint: 'delete', help: 'delete it, if it is yours; moderators: any' },
  { key: '+', does: 'react', hint: 'react', help: 'react to it; the same again takes that back' },
  { key: 'y', does: 'copy', hint: 'copy', help: 'copy it' },
  { key: 'Enter', does: 'open-link', hint: 'open', help: 'open its link' },
  { key: 'Enter', does: 'jump', hint: 'jump', help: 'go to the message that it replies to' },
] as const;

export type MessageKey = (typeof messageKeys)[number];

/** The keys that can do something with the selected message; none without one. */
export function possibleKeys(state: ScreenState): readonly MessageKey[] {
  const conversation = current(state);
  const message = selectedMessage(conversation);
  if (message === undefined || message.removed !== undefined) return [];
  return messageKeys.filter(({ does }) => possible[does](message, conversation, state));
}

type Test = (message: MessageEntry, conversation: ConversationState, state: ScreenState) => boolean;

const isSent: Test = ({ seq }) => seq !== undefined;

const possible: { readonly [D in MessageKey['does']]: Test } = {
  reply: isSent,
  react: isSent,
  edit: ({ mine, seq, file }) => mine && seq !== undefined && file === undefined,
  delete: ({ mine, seq }, conversation, state) => seq !== undefined && (mine || leads(conversation, state)),
  copy: () => true,
  'open-link': ({ text }) => findLinks(text).length > 0,
  jump: ({ of, text }) => of?.from !== undefined && findLinks(text).length === 0,
};

/** Server roles count in public rooms only. */
function leads({ id, role, private: hidden }: ConversationState, state: ScreenState): boolean {
  if (!id.startsWith('#')) return false;
  if (role === 'owner' || role === 'moderator') return true;
  const { role: rank } = knownPerson(state, state.me);
  return hidden !== true && (rank === 'admin' || rank === 'moderator');
}
