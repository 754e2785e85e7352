/** The part of a Store that keeps messages and their files. */
import type { FileInfo } from '../protocol/records.js';

/** A room, or the direct messages of two accounts (ids in any order; the same id twice for notes to oneself). */
export type ConversationKey = { readonly room: number } | { readonly direct: readonly [number, number] };

/** An entry in the log of a conversation. */
export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  /** The author's name. */
  readonly from: string;
  readonly key: string;
  /** `edit` and `removal` change the message `of`. */
  readonly kind: 'text' | 'action' | 'file' | 'edit' | 'removal' | 'topic';
  /** A message's current text, '' for a removed one; of an edit, the current text of its message. */
  readonly text: string;
  /** Of an edit or a removal: the seq of the message. */
  readonly of?: number;
  readonly file?: FileInfo;
  /** When the message was last edited. */
  readonly edited?: number;
  /** Who removed it, by name; its text and its file are gone from the store. */
  readonly removed?: string;
}

export interface NewEntry {
  readonly target: ConversationKey;
  readonly account: number;
  /** Like the text, without U+0000, which not every driver can store; rejected otherwise. */
  readonly key: string;
  readonly text: string;
  readonly action: boolean;
  readonly at: number;
  /** Announces a file, whose name is then the text. */
  readonly file?: FileInfo;
}

export type AppendResult =
  | {
      readonly outcome: 'kept';
      readonly seq: number;
      readonly at: number;
      /** This account used this key before: nothing was added, and seq and at are those of the first entry. */
      readonly repeated: boolean;
    }
  /** A direct message to an account that blocks the sender; a room that ended meanwhile. */
  | { readonly outcome: 'blocked' | 'no-such-room' };

/** Where an entry is in the log. */
export interface LogPosition {
  readonly seq: number;
  readonly at: number;
}

/** A message, with what decides who may change it. */
export interface StoredMessage {
  readonly entry: LogEntry;
  readonly target: ConversationKey;
  /** The author. */
  readonly account: number;
  /** Of a direct message: the recipient's name. */
  readonly to?: string;
}

export interface MessageChange {
  /** The seq of the message. */
  readonly of: number;
  /** Who changes it. */
  readonly account: number;
  readonly at: number;
}

export interface HistoryPage {
  readonly target: ConversationKey;
  /** Entries with a greater seq only. */
  readonly after?: number;
  /** Entries with a smaller seq only. */
  readonly before?: number;
  readonly limit: number;
  /** Which end of the range the limit keeps. */
  readonly keep: 'oldest' | 'newest';
  /**
   * `messages` (text, action and file, removed ones too), `files` (without removed ones) or `everything` (with edits,
   * removals and topics). Default `messages`.
   */
  readonly what?: 'messages' | 'files' | 'everything';
}

export interface SearchQuery {
  /** Who searches: only conversations of this account are searched. */
  readonly account: number;
  /** As typed: all words must match, "in quotes" next to each other, the last one also as a prefix. */
  readonly words: string;
  readonly target?: ConversationKey;
  /** Account id of the sender. */
  readonly from?: number;
  /** Times: the first is included, the second is not. */
  readonly since?: number;
  readonly until?: number;
  /** As for `seqBefore`. */
  readonly now?: number;
  /** Seqs smaller than this only. */
  readonly before?: number;
  /** Of the result of the turn before. */
  readonly blocks?: number;
  readonly limit: number;
}

export interface SearchHit {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  /** Of the conversation, as in a ConversationSummary. */
  readonly kind: 'room' | 'direct';
  readonly name: string;
  /** One line of at most `limits.excerptLength` around the first match, `…` where it is cut. */
  readonly excerpt: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

export interface SearchResult {
  /** The newest first. */
  readonly hits: readonly SearchHit[];
  /** There are further ones, or may be. */
  readonly more: boolean;
  /** It took too long and ended there: what is not older was searched. Goes on with its seq as `before`. */
  readonly reached?: LogPosition;
  /** How much at once the next turn begins with, in the store's own measure. */
  readonly blocks?: number;
}

export interface PruneOptions {
  /** Removes entries older than this time, as `seqBefore` finds them. */
  readonly before?: number;
  /** As for `seqBefore`. */
  readonly now?: number;
  /** Removes all but so many of the newest entries of each conversation. */
  readonly keep?: number;
  /** Entries at once, at most: a long transaction would delay new messages. */
  readonly limit: number;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface MessageStore {
  /** Resolves once the entry is on disk. Entries get increasing seqs in the order of the calls. */
  append(entry: NewEntry): Promise<AppendResult>;
  /**
   * The newest `count` entries are those with a greater seq; 0 where the conversation has no more than that after a seq.
   * @param after by default from its beginning
   */
  floor(target: ConversationKey, count: number, after?: number): Promise<number>;
  /** Entries in seq order. */
  history(page: HistoryPage): Promise<readonly LogEntry[]>;
  /** The entry that an account added under this key, even if it was removed since. */
  findByKey(account: number, key: string): Promise<LogPosition | undefined>;
  /** The message of a seq; undefined where there is none (an edit, a removal or a topic is none). */
  message(seq: number): Promise<StoredMessage | undefined>;
  /** Undefined where the message is removed, gone, or announces a file. */
  edit(change: MessageChange & { readonly text: string }): Promise<LogPosition | undefined>;
  /** Removes text and file for good. Undefined where the message is removed or gone. */
  remove(change: MessageChange): Promise<LogPosition | undefined>;
  /**
   * The seq up to which the log is older than a time, 0 for none: of its last entry from before `at` that is followed,
   * if at all, by one from `at` to `now`. So it doesn't matter whether a clock was set back, or was ahead: entries from
   * after `now` say nothing about the others.
   * @param now by default no entry is from the future
   */
  seqBefore(at: number, now?: number): Promise<number>;
  /** For a short time, so that other searches have their turn. */
  search(search: SearchQuery): Promise<SearchResult>;
  /** Never goes back, nor past the newest entry. @returns the new mark, undefined where it did not move */
  markRead(account: number, target: ConversationKey, seq: number): Promise<number | undefined>;

  /** Bytes of all files that an account has sent, without removed ones. */
  fileBytes(account: number): Promise<number>;
  /** Hashes of all files that messages name, each once. */
  fileHashes(): Promise<readonly string[]>;
  /** Which of these hashes no message names. */
  unreferenced(hashes: readonly string[]): Promise<readonly string[]>;
  /** @returns how many entries were removed; fewer than the limit when it is done */
  prune(prune: PruneOptions): Promise<number>;
}
