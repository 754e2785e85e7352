/** A conversation as plain text: the view for copying with the mouse, and /save, which writes it to a file. Knows no styles. */
import { lstat, open, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { ProtocolError } from '../../protocol/errors.js';
import { printable } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import { diskReason, errorCode } from '../../system/disk-errors.js';
import { rewriteAtomically } from '../../system/shared-file.js';
import { type PathBase, typedPath } from '../../system/shell-words.js';
import { CommandRefused } from '../commands/command.js';
import { createStamp } from '../text/local-time.js';
import { reactionWords, replyWords, spoken, transcribed } from '../text/wording.js';
import { ConnectionLost } from '../wire/connection.js';
import type { HistoryLoader, Whole } from './history-loader.js';
import type { Keyboard } from './keyboard.js';
import { sizeOf } from './render/layout.js';
import type { Appearance } from './render/theme.js';
import { columnsOf, endOf } from './render/wrap.js';
import { messagesIn } from './state/conversation.js';
import { current } from './state/conversations.js';
import { withProgress } from './state/notices.js';
import type { ConversationId, MessageEntry, PaneEntry, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface SavedConversation {
  readonly conversation: ConversationId;
  readonly server: string;
  readonly me: string;
  /** Called once it is clear where they go. @throws CommandRefused, ConnectionLost, ProtocolError */
  readonly load: () => Promise<Whole>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface SaveDeps {
  readonly store: ScreenStore;
  readonly ask: Keyboard['ask'];
  readonly whole: HistoryLoader['whole'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly appearance: Appearance;
}

export interface SaveTarget extends PathBase {
  /** As typed; `~` is the home folder. */
  readonly file: string;
  /** Replaces an existing file. */
  readonly overwrite?: boolean;
}

export type SaveResult =
  | { readonly outcome: 'saved'; readonly path: string; readonly messages: number; readonly more: boolean }
  /** The file exists, and `overwrite` was not set. */
  | { readonly outcome: 'exists'; readonly path: string }
  /** `message` is a sentence for the person. */
  | { readonly outcome: 'failed'; readonly message: string };

const ownerOnly = 0o600;

/** Writes a conversation to a file that only this user can read; an existing one keeps a mode that allows less. */
export async function saveConversation(
  saved: SavedConversation,
  place: SaveTarget,
  timeZone?: string,
): Promise<SaveResult> {
  const name = place.file.trim();
  if (name === '') return { outcome: 'failed', message: 'Name a file, as in /save lobby.txt.' };
  const path = typedPath(name, place);
  try {
    const there = await isThere(path);
    if (there === 'link') return { outcome: 'failed', message: linkRefused(name) };
    if (there === 'other') return failed(name, 'EISDIR');
    if (there === 'file' && place.overwrite !== true) return { outcome: 'exists', path };
    const { entries, more } = await saved.load();
    const messages = messagesIn({ entries }).length;
    if (messages === 0) return { outcome: 'failed', message: 'There are no messages here to save.' };
    const text = conversationText({ ...saved, entries }, timeZone);
    if (there === 'file') await rewriteAtomically(path, text, { mode: ownerOnly, widest: ownerOnly });
    else await writeNew(path, text);
    return { outcome: 'saved', path, messages, more };
  } catch (error) {
    if (error instanceof CommandRefused) return { outcome: 'failed', message: error.message };
    if (error instanceof ConnectionLost) {
      return { outcome: 'failed', message: 'Nothing was saved: the connection was lost. Try again.' };
    }
    if (error instanceof ProtocolError) {
      const message = 'Nothing was saved: the server repeats itself. Tell its operator.';
      return { outcome: 'failed', message };
    }
    const code = errorCode(error);
    if (code === 'EEXIST') return { outcome: 'exists', path };
    return failed(name, code);
  }
}

/**
 * `YYYY-MM-DD HH:MM ana: text`, with continuation lines indented, so that none can look like another message.
 * Notices are left out.
 */
export function conversationText(
  { conversation, server, me, entries, now }: Omit<SavedConversation, 'load'> & Pick<Whole, 'entries'>,
  timeZone?: string,
): string {
  const stamp = createStamp(timeZone);
  const header = `${printable(conversation)} at ${printable(server)}, saved by ${printable(me)} on ${stamp(now)}`;
  const lines = entries.flatMap((entry) =>
    (entry.kind === 'notice' ? [] : entryLines(entry)).map((words) =>
      transcribed(words, { at: entry.at, stamp }),
    ),
  );
  return `${[header, '', ...lines].join('\n')}\n`;
}

function linkRefused(name: string): string {
  return `Couldn't save ${printable(name)}: it is a symbolic link, and could lead anywhere. Name its target.`;
}

/** What exists at a path: `other` is a folder, a device or the like. */
async function isThere(path: string): Promise<'file' | 'link' | 'other' | undefined> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return 'link';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Never through a dangling symbolic link, and never half. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', ownerOnly);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

function failed(name: string, code: string): SaveResult {
  return { outcome: 'failed', message: `Couldn't save ${printable(name)}: ${diskReason(code)}.` };
}

/** More than fits well into memory is for `secure-chat export`. */
const mostSaved = 50_000;

/** Saves a whole conversation, the current one, to the file that was typed. Never rejects. */
export function createSave({ store, ask, whole, env, appearance }: SaveDeps) {
  return (file: string) => save(file, store.state.current);

  async function save(file: string, id: ConversationId, overwrite = false): Promise<void> {
    const { me, server } = store.state;
    const now = appearance.time.now();
    const line = `save${store.serial()}`;
    const report = (text: string) =>
      store.update((state) => withProgress(state, { id: line, text, now, bad: false, sentTo: undefined }));
    const load = () => whole(id, mostSaved, (messages) => report(`Saving ${id}: ${counted(messages)}…`));
    const place = { file, home: env.HOME ?? homedir(), folder: process.cwd(), overwrite };
    const result = await saveConversation({ conversation: id, server, me, load, now }, place);
    switch (result.outcome) {
      case 'saved': {
        const which = result.more ? 'the newest ' : '';
        const rest = result.more ? '. For all of them, run secure-chat export.' : '';
        return report(`Saved ${which}${counted(result.messages)} to ${result.path}${rest}`);
      }
      case 'exists':
        return ask({ about: 'overwrite', text: `Overwrite ${result.path}? y/n` }, () => {
          void save(file, id, true);
        });
      case 'failed':
        return void store.notice(result.message, 'bad');
      default:
        return result satisfies never;
    }
  }
}

function counted(messages: number): string {
  return messages === 1 ? '1 message' : `${messages.toLocaleString('en-US')} messages`;
}

/** An entry as printable texts, each of one line or several. */
function entryLines(entry: PaneEntry): string[] {
  switch (entry.kind) {
    case 'message':
      return messageLines(entry);
    case 'presence': {
      const { joined, left } = entry;
      return [
        ...(joined.length === 0 ? [] : [`-- ${joined.join(', ')} joined`]),
        ...left.map(({ name, reason }) => `-- ${name} left${reason === undefined ? '' : ` (${reason})`}`),
      ];
    }
    default:
      return [entry.text];
  }
}

/** With a line above it for what it replies to, and one below for its reactions. */
function messageLines(entry: MessageEntry): string[] {
  const reactions = reactionWords(entry.reactions);
  return [
    ...(entry.of === undefined ? [] : [replyWords(entry.of)]),
    messageLine(entry),
    ...(reactions === undefined ? [] : [reactions]),
  ];
}

function messageLine({ from, text, action, delivery, seq, file, removed, edited }: MessageEntry): string {
  if (removed !== undefined) {
    return spoken({ from, text: `wrote a message that ${removed} deleted`, action: true });
  }
  const words = file === undefined ? text : `sent a file: ${file.name} (${byteCount(file.size)}), ID ${seq}`;
  const notes = [
    edited ? ' (edited)' : '',
    delivery.state === 'failed' ? ` (not sent: ${delivery.why})` : '',
    delivery.state === 'sending' ? ' (sending)' : '',
  ];
  return spoken({ from, text: `${words}${notes.join('')}`, action: action || file !== undefined });
}

const footer = '-- select and copy; any key goes back --';
// No continuation line looks like another message.
const indent = '  ';

/** As many lines as fit on the screen, up to the scroll position; the terminal wraps them, so each is copied whole. */
export function plainText(state: ScreenState, appearance: Appearance): string {
  const columns = sizeOf(state.columns);
  const { entries, at } = current(state);
  const end = at === undefined ? entries.length : entries.findIndex(({ id }) => id === at.id) + 1;
  const lines = [footer.slice(0, columns)];
  const height = sizeOf(state.rows) - 1;
  let room = height;
  for (const entry of entries.slice(0, end).toReversed()) {
    for (const line of linesOf(entry, appearance).toReversed()) {
      room -= Math.max(1, Math.ceil(columnsOf(line) / columns));
      if (room >= 0) lines.unshift(line);
      // Of the last line, if it is taller than the screen, the end; a wide character can leave a column free in each row.
      else if (lines.length === 1 && height > 0) lines.unshift(endOf(line, height * (columns - 1)));
      if (room < 0) return lines.join('\r\n');
    }
  }
  return lines.join('\r\n');
}

function linesOf(entry: PaneEntry, appearance: Appearance): string[] {
  // Notices need no time, and are copied as they are.
  if (entry.kind === 'notice') return entry.text.split('\n');
  return entryLines(entry).flatMap((words) => {
    const [first = '', ...more] = words.split('\n');
    return [`${appearance.time.minute(entry.at)} ${first}`, ...more.map((line) => `${indent}${line}`)];
  });
}
