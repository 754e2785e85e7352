/** A conversation as a text file. Knows entries and files, no screen. */
import { open, stat, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { printable } from '../../protocol/printable.js';
import { errorCode, writeAtomically } from '../../system/atomic-file.js';
import { diskReason } from '../../system/disk-reason.js';
import { type PathBase, typedPath } from '../../system/typed-path.js';
import { createStamp, transcribed } from '../text/transcript.js';
import { entryWords } from './entry-words.js';
import type { Questions } from './questions.js';
import { current } from './state/conversations.js';
import type { ConversationId, Entry } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Saved {
  readonly conversation: ConversationId;
  readonly server: string;
  readonly me: string;
  readonly entries: readonly Entry[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Place extends PathBase {
  /** As it was typed; `~` is the home folder. */
  readonly file: string;
  /** A file that is there may be replaced. */
  readonly overwrite?: boolean;
}

export type SaveResult =
  | { readonly outcome: 'saved'; readonly path: string; readonly messages: number }
  /** There is such a file, and it was not to be overwritten. */
  | { readonly outcome: 'exists'; readonly path: string }
  /** `message` is one sentence for the person. */
  | { readonly outcome: 'failed'; readonly message: string };

/** Writes `text` to a file that only this person can read. */
export async function saveConversation(saved: Saved, place: Place, timeZone?: string): Promise<SaveResult> {
  const name = place.file.trim();
  if (name === '') return { outcome: 'failed', message: 'Say which file, as in /save lobby.txt.' };
  const messages = saved.entries.filter(({ kind }) => kind === 'message').length;
  if (messages === 0)
    return { outcome: 'failed', message: 'Nothing to save is shown here: PageUp gets what was said before.' };
  const path = typedPath(name, place);
  try {
    const there = await isThere(path);
    if (there === 'other') return failed(name, 'EISDIR');
    if (there === 'file' && place.overwrite !== true) return { outcome: 'exists', path };
    const text = conversationText(saved, timeZone);
    if (there === 'file') await writeAtomically(path, text, 0o600);
    else await writeNew(path, text);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return { outcome: 'exists', path };
    return failed(name, code);
  }
  return { outcome: 'saved', path, messages };
}

/**
 * `YYYY-MM-DD HH:MM ana: text`, with further lines under the text's own place, so that none can look like
 * another message. What the program itself said is left out.
 */
export function conversationText(
  { conversation, server, me, entries, now }: Saved,
  timeZone?: string,
): string {
  const stamp = createStamp(timeZone);
  const header = `${printable(conversation)} at ${printable(server)}, saved by ${printable(me)} on ${stamp(now)}`;
  const lines = entries.flatMap((entry) =>
    (entry.kind === 'notice' ? [] : entryWords(entry)).map((words) =>
      transcribed(words, { at: entry.at, stamp }),
    ),
  );
  return `${[header, '', ...lines].join('\n')}\n`;
}

/** What a path leads to: `other` is a folder, a device or the like. */
async function isThere(path: string): Promise<'file' | 'other' | undefined> {
  try {
    return (await stat(path)).isFile() ? 'file' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Not through a symbolic link that leads nowhere, nor half. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
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
  return { outcome: 'failed', message: `Not saved: ${printable(name)}: ${diskReason(code)}.` };
}

export interface SavingDeps {
  readonly stage: ScreenStore;
  readonly me: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly ask: Questions['ask'];
}

/** Saves the conversation on the screen to the file that was typed. Never rejects. */
export function createSaving({ stage, me, env, now, ask }: SavingDeps): (file: string) => Promise<void> {
  return (file) => save(file, false);

  async function save(file: string, overwrite: boolean): Promise<void> {
    const { id, entries } = current(stage.state);
    const saved = { conversation: id, server: stage.state.server, me, entries, now: now() };
    const place = { file, home: env.HOME ?? homedir(), folder: process.cwd(), overwrite };
    const result = await saveConversation(saved, place);
    switch (result.outcome) {
      case 'saved':
        return void stage.tell(`${result.messages} messages are in ${result.path}`);
      case 'exists':
        return ask({ about: 'overwrite', text: `${result.path} exists. Overwrite it? y/n` }, () => {
          void save(file, true);
        });
      case 'failed':
        return void stage.tell(result.message, 'bad');
      default:
        return result satisfies never;
    }
  }
}
