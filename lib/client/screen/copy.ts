/** Copies a message, a link or a recovery code to the clipboard, and says so. Knows no terminal. */
import { findLinks } from '../../protocol/links.js';
import { printable } from '../../protocol/printable.js';
import { CommandRefused, type CopyChoice, type HistoryQuery } from '../commands/command.js';
import { recoveryCodeIn } from '../text/wording.js';
import { shownKey } from './input/keymap.js';
import { messagesIn } from './state/conversation.js';
import { current } from './state/conversations.js';
import { messageEntry } from './state/message-entry.js';
import type { MessageEntry, PaneEntry, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { type CopyOutcome, copiedBytesMax } from './terminal/clipboard.js';

export interface Copy {
  /** Copies a text and says so. @param what it is, as in `the link`. Never rejects. */
  text(text: string, what: string): Promise<void>;
  /** Copies a message and says so. Never rejects. */
  message(message: MessageEntry): Promise<void>;
  /** What /copy names. @throws CommandRefused, ConnectionLost */
  choice(choice: CopyChoice, query: HistoryQuery): Promise<void>;
}

interface CopyDeps {
  readonly store: ScreenStore;
  readonly clipboard: (text: string) => Promise<CopyOutcome>;
}

/** The key for text that can be copied with the mouse. */
const otherwise = shownKey('alt-l');
/** How to copy a long link. */
export const copyingLinks = `Copy it with /copy link; ${otherwise} shows plain text that can be copied whole.`;

export function createCopy({ store, clipboard }: CopyDeps): Copy {
  async function text(wanted: string, what: string): Promise<void> {
    const outcome = await clipboard(printable(wanted, { newlines: true }));
    const other = `Use Shift and the mouse, or ${otherwise}.`;
    const words: Readonly<Record<CopyOutcome, string>> = {
      sent: `Copied ${what}. If it isn't in your clipboard, your terminal doesn't allow OSC 52: use Shift and the mouse, or ${otherwise}.`,
      'too-long': `That is too long to copy: ${copiedBytesMax.toLocaleString('en-US')} bytes at most. ${other}`,
      'no-clipboard': `This terminal has no clipboard for programs. ${other}`,
      busy: 'Nothing was copied: the terminal takes no output. Try again.',
    };
    store.notice(words[outcome], outcome === 'sent' ? 'plain' : 'bad');
  }

  function message({ from, mine, text: words, file }: MessageEntry): Promise<void> {
    if (file !== undefined) return text(file.name, `the name of the file`);
    return text(words, mine ? 'your message' : `the message from ${from}`);
  }

  return {
    text,
    message,
    async choice(choice, query) {
      if (choice === 'link') return text(lastLink(current(store.state).entries), 'the link');
      if (choice === 'code') return text(lastCode(store.state), 'the recovery code');
      return message(await messageFor(choice, store.state, query));
    },
  };
}

async function messageFor(
  seq: number | undefined,
  state: ScreenState,
  { ask, conversation }: HistoryQuery,
): Promise<MessageEntry> {
  const loaded = messagesIn(current(state)).findLast((message) =>
    seq === undefined ? message.removed === undefined : message.seq === seq,
  );
  const found = loaded ?? (seq === undefined ? undefined : await load(seq));
  if (found === undefined) throw new CommandRefused('There is no message here to copy.');
  if (found.removed !== undefined) throw new CommandRefused('That message was deleted.');
  return found;

  async function load(wanted: number): Promise<MessageEntry> {
    const { messages = [] } = await ask({ type: 'history', ...conversation, before: wanted + 1, limit: 1 });
    const last = messages.at(-1);
    if (last?.seq === wanted) return messageEntry(last, state.me);
    throw new CommandRefused(`There is no message ${wanted} here. Find messages and their IDs with /search.`);
  }
}

/** Of the newest entry that has links, the first one: the best of an invite link's. @throws CommandRefused */
function lastLink(entries: readonly PaneEntry[]): string {
  const link = entries.map(linkOf).findLast((each) => each !== undefined);
  if (link !== undefined) return link;
  throw new CommandRefused('There is no link here to copy.');
}

function linkOf(entry: PaneEntry): string | undefined {
  if (entry.kind === 'presence') return undefined;
  const [join] = /secure-chat:\/\/\S+/.exec(entry.text) ?? [];
  return join ?? findLinks(entry.text)[0]?.href;
}

/** The newest that is on the screen somewhere. @throws CommandRefused */
function lastCode({ conversations }: ScreenState): string {
  const notices = conversations
    .flatMap(({ entries }) => entries)
    .filter(({ kind }) => kind === 'notice')
    .sort((a, b) => a.at - b.at);
  for (const entry of notices.toReversed()) {
    const code = entry.kind === 'notice' ? recoveryCodeIn(entry.text) : undefined;
    if (code !== undefined) return code;
  }
  throw new CommandRefused('There is no recovery code here. Get a new one with /recovery.');
}
