/** The part of a Store that keeps messages and their files. */
import type { FileInfo } from '../protocol/records.js';

/** A room, or the direct messages of two accounts (ids in any order; the same id twice for notes to oneself). */
export type ConversationKey = { readonly room: number } | { readonly direct: readonly [number, number] };

/** The message that another entry is about, as it is now. */
export interface QuotedMessage {
  /** The author's name. */
  readonly from: string;
  /** The text, or more than the start of it that `quoteText` looks at. */
  readonly text: string;
}

/** How many people reacted to a message with one emoji. */
export interface ReactionCount {
  readonly emoji: string;
  readonly count: number;
}

/** An entry in the log of a conversation. */
export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  /** The author's name. */
  readonly from: string;
  readonly key: string;
  /** `edit`, `removal`, `reaction`, `pin` and `unpin` are about the message `of`. */
  readonly kind: 'text' | 'action' | 'file' | 'edit' | 'removal' | 'reaction' | 'pin' | 'unpin' | 'topic';
  /**
   * A message's current text, '' for a removed one; of an edit, the current text of its message; of a reaction the emoji, ''
   * if it was taken back.
   */
  readonly text: string;
  /** The seq of the message that the entry is about, or that a message replies to. */
  readonly of?: number;
  /** That message, but not of an edit or a removal; missing once it is removed or gone. */
  readonly quoted?: QuotedMessage;
  /** To the message, or to the message `of` a reaction; in the order in which they came up. */
  readonly reactions?: readonly ReactionCount[];
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
  /** The seq of the message that it replies to. */
  readonly of?: number;
}

export type AppendResult =
  | {
      readonly outcome: 'kept';
      readonly seq: number;
      readonly at: number;
      /** This account used this key before: nothing was added, and seq and at are those of the first entry. */
      readonly repeated: boolean;
      /** The message that it replies to; not if repeated. */
      readonly quoted?: QuotedMessage;
    }
  /**
   * A direct message to an account that blocks the sender; a room that ended meanwhile; in this conversation, `of` is no
   * message, or a removed one.
   */
  | { readonly outcome: 'blocked' | 'no-such-room' | 'no-such-message' };

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

export type ReactResult =
  | (LogPosition & {
      readonly outcome: 'kept';
      /** '' if it was taken back. */
      readonly emoji: string;
      /** All to the message, in the order in which they came up. */
      readonly reactions: readonly ReactionCount[];
    })
  /** `too-many`: it would be one kind more than `limits.reactionKinds`. */
  | { readonly outcome: 'no-such-message' | 'too-many' };

export type PinResult =
  | (LogPosition & { readonly outcome: 'kept' })
  /** `unchanged`: it is pinned already. `too-many`: there are `limits.pins`. */
  | { readonly outcome: 'no-such-message' | 'unchanged' | 'too-many' };

/** Entries that a page or a floor is about: those of the log, or those and reactions. */
export type EntryKinds = 'entries' | 'everything';

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
   * `messages` (text, action and file, removed ones too), `files` (without removed ones), `entries` (messages, edits,
   * removals, pins and topics) or `everything` (those and reactions). Default `messages`.
   */
  readonly what?: 'messages' | 'files' | EntryKinds;
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
  /** The message that it replies to, as in a LogEntry. */
  readonly of?: number;
  readonly quoted?: QuotedMessage;
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
  /** Removes all but so many of the newest entries of each conversation, without counting reactions. */
  readonly keep?: number;
  /** Entries at once, and then the reactions to the last of them: a long transaction would delay new messages. */
  readonly limit: number;
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface MessageStore {
  /** Resolves once the entry is on disk. Entries get increasing seqs in the order of the calls. */
  append(entry: NewEntry): Promise<AppendResult>;
  /**
   * The newest `count` entries are those with a greater seq; 0 where the conversation has no more than that after a seq.
   * @param after by default from its beginning
   * @param what by default `entries`; with `everything` there are at most `count` reactions, too
   */
  floor(target: ConversationKey, count: number, after?: number, what?: EntryKinds): Promise<number>;
  /** Entries in seq order. */
  history(page: HistoryPage): Promise<readonly LogEntry[]>;
  /** The entry that an account added under this key, even if it was removed since. */
  findByKey(account: number, key: string): Promise<LogPosition | undefined>;
  /** The message of a seq; undefined where there is none (an edit, a removal or a topic is none). */
  message(seq: number): Promise<StoredMessage | undefined>;
  /** Undefined where the message is removed, gone, or announces a file. */
  edit(change: MessageChange & { readonly text: string }): Promise<LogPosition | undefined>;
  /** Removes text, file, reactions and pin for good. Undefined where the message is removed or gone. */
  remove(change: MessageChange): Promise<LogPosition | undefined>;
  /** Replaces the account's reaction to a message, or takes it back if it is this emoji. */
  react(change: MessageChange & { readonly emoji: string }): Promise<ReactResult>;
  /** An account's reactions to some messages, in the order of these. */
  reactionsBy(
    account: number,
    messages: readonly number[],
  ): Promise<readonly { readonly of: number; readonly emoji: string }[]>;
  pin(change: MessageChange): Promise<PinResult>;
  /** Undefined where it is not pinned. */
  unpin(change: MessageChange): Promise<LogPosition | undefined>;
  /** Pinned messages, in the order in which they were pinned. */
  pins(target: ConversationKey): Promise<readonly LogEntry[]>;
  /**
   * The seq up to which the log is older than a time, 0 for none: of its last entry from before `at` that is followed,
   * if at all, by one from `at` to `now`. So it doesn't matter whether a clock was set back, or was ahead: entries from
   * after `now` say nothing about the others. Where the clocks of several servers differ by up to 5 minutes, it is as exact as they
   * are.
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
  /** @returns how many entries were removed, reactions included; fewer than the limit when it is done */
  prune(prune: PruneOptions): Promise<number>;
}
