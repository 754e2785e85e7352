/** What was said, and its files. */
import type { FileInfo } from '../protocol/records.js';

/** A room, or what two people say to each other (ids in any order; the same id twice for notes to oneself). */
export type Target = { readonly room: number } | { readonly direct: readonly [number, number] };

/** What stands in the log of a conversation. */
export interface Entry {
  readonly seq: number;
  readonly at: number;
  /** Name of whoever said it or did it. */
  readonly from: string;
  readonly key: string;
  /** `edit` and `removal` change the message `of`; the rest stand for themselves. */
  readonly kind: 'text' | 'action' | 'file' | 'edit' | 'removal' | 'topic';
  /** As it is now: a message's last version, '' for a removed one; of an edit, the message's text now. */
  readonly text: string;
  /** Of an edit or a removal: the seq of the message. */
  readonly of?: number;
  readonly file?: FileInfo;
  /** When it was last edited. */
  readonly edited?: number;
  /** Name of whoever removed it; its text and its file are gone from the store. */
  readonly removed?: string;
}

export interface NewEntry {
  readonly target: Target;
  readonly account: number;
  /** Like the text, without U+0000, which not every storage keeps; rejected where it has one. */
  readonly key: string;
  readonly text: string;
  readonly action: boolean;
  readonly at: number;
  /** Makes it the announcement of a file, whose name is then its text. */
  readonly file?: FileInfo;
}

export type Appended =
  | {
      readonly outcome: 'kept';
      readonly seq: number;
      readonly at: number;
      /** This account used this key before; seq and at are those of the first time, and nothing was added. */
      readonly repeated: boolean;
    }
  /** Between two people, one of whom blocks the sender. */
  | { readonly outcome: 'blocked' };

/** Where a change of the log stands in it. */
export interface Logged {
  readonly seq: number;
  readonly at: number;
}

/** A message by its seq, with what decides who may change it. */
export interface Located {
  readonly entry: Entry;
  readonly target: Target;
  /** Who said it. */
  readonly account: number;
  /** Between two people: the name of the one to whom it was said. */
  readonly to?: string;
}

export interface Change {
  /** Seq of the message. */
  readonly of: number;
  /** Who changes it. */
  readonly account: number;
  readonly at: number;
}

export interface Page {
  readonly target: Target;
  /** Entries with a greater seq only. */
  readonly after?: number;
  /** Entries with a smaller seq only. */
  readonly before?: number;
  readonly limit: number;
  /** Which end of the range the limit keeps. */
  readonly keep: 'oldest' | 'newest';
  /**
   * Which entries: `messages` (text, action, file, removed ones too), `files` (those that were not removed), or
   * `everything` (edits, removals and topics as well). Default `messages`.
   */
  readonly what?: 'messages' | 'files' | 'everything';
}

export interface Search {
  /** Only in conversations that this account is in. */
  readonly account: number;
  /** As typed: all words must be there, "in quotes" next to each other, the last may be the beginning of one. */
  readonly words: string;
  readonly target?: Target;
  /** Account id of the sender. */
  readonly from?: number;
  /** Times, the first included, the second not. */
  readonly since?: number;
  readonly until?: number;
  /** Seqs smaller than this only. */
  readonly before?: number;
  readonly limit: number;
}

export interface Hit {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  /** Of the conversation, as in a Standing. */
  readonly kind: 'room' | 'direct';
  readonly name: string;
  /** One line of at most `limits.excerptLength` around the first match, `…` where it was cut. */
  readonly excerpt: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

export interface Prune {
  /** Entries older than this time go. */
  readonly before?: number;
  /** Of each conversation, all but its newest so many entries go. */
  readonly keep?: number;
  /** At most so many entries at once: a long transaction would hold up what people say. */
  readonly limit: number;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface MessageStore {
  /** Resolves once the entry is on disk. Entries get increasing seqs in the order of the calls. */
  append(entry: NewEntry): Promise<Appended>;
  /** The newest `count` entries are those with a seq greater than this; 0 where there are no more than that. */
  floor(target: Target, count: number): Promise<number>;
  /** Entries in seq order. */
  history(page: Page): Promise<readonly Entry[]>;
  /** What an account said under this key, also where it was removed since. */
  said(account: number, key: string): Promise<Logged | undefined>;
  /** The message of a seq, undefined where there is none (an edit, a removal or a topic is none). */
  locate(seq: number): Promise<Located | undefined>;
  /** Undefined where the message is removed or gone, or announces a file. */
  edit(change: Change & { readonly text: string }): Promise<Logged | undefined>;
  /** Takes text and file away for good. Undefined where that was done before. */
  remove(change: Change): Promise<Logged | undefined>;
  /** The greatest seq whose entry is older than this time, 0 for none. */
  seqBefore(at: number): Promise<number>;
  /** Newest first. `more`: there are further ones, before the last of these. */
  search(search: Search): Promise<{ readonly hits: readonly Hit[]; readonly more: boolean }>;
  /** Never goes back, nor past the newest entry. @returns the new mark, undefined where it did not move */
  markRead(account: number, target: Target, seq: number): Promise<number | undefined>;

  /** Bytes of all files that an account has sent and that are still there. */
  fileBytes(account: number): Promise<number>;
  /** Hashes of all files that are still there, each once. */
  fileHashes(): Promise<readonly string[]>;
  /** Those of these hashes (of FileInfo) that no file has. */
  unreferenced(hashes: readonly string[]): Promise<readonly string[]>;
  /** @returns how many entries went; fewer than the limit where there are no more */
  prune(prune: Prune): Promise<number>;
}
