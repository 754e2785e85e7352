/**
 * Everything that the chat screen shows, as one value. Knows what there is; neither how it looks nor how it
 * changes.
 */
import type { ErrorCode } from '../../../protocol/errors.js';
import type { Role, RoomRole, RoomRules } from '../../../protocol/records.js';
import type { Editor } from '../input/editor.js';

/** `#lobby` or `@bob`. */
export type ConversationId = `#${string}` | `@${string}`;

/** What stands in a conversation's pane, oldest first. Texts are printable already. */
export type Entry =
  | {
      readonly kind: 'message';
      /** Unique in its conversation and the same for as long as it is there. */
      readonly id: string;
      /** Undefined until the server acknowledged it. */
      readonly seq: number | undefined;
      readonly from: string;
      readonly text: string;
      /** Milliseconds since the epoch. */
      readonly at: number;
      readonly action: boolean;
      readonly mine: boolean;
      readonly edited?: true;
      /** The name of whoever took it away; the text is empty then. */
      readonly removed?: string;
      /** It announces a file, whose ID is the seq; size in bytes. */
      readonly file?: { readonly name: string; readonly size: number };
      /** Names this person, and is not by them. */
      readonly mention: boolean;
      /** For what is said here: how far it has come. `sent` for everything else. */
      readonly delivery:
        | { readonly state: 'sending'; readonly waitMs?: number }
        | { readonly state: 'sent' }
        | { readonly state: 'failed'; readonly code: ErrorCode; readonly why: string };
    }
  /** Comings and goings in a row, folded; names in order, each once. */
  | {
      readonly kind: 'presence';
      readonly id: string;
      readonly at: number;
      readonly joined: readonly string[];
      readonly left: readonly { readonly name: string; readonly reason?: string }[];
    }
  /** What the program itself says: answers of commands, connection, errors. May have several lines. */
  | {
      readonly kind: 'notice';
      readonly id: string;
      readonly at: number;
      readonly text: string;
      /** `code`: a picture for a camera, whose rows are drawn as they are. */
      readonly tone: 'plain' | 'bad' | 'code';
    };

export type Notify = 'off' | 'mention' | 'all';

export interface ConversationState {
  readonly id: ConversationId;
  /** A bounded window; older ones are loaded from the server again. */
  readonly entries: readonly Entry[];
  /** Nothing older exists on the server. */
  readonly fromStart: boolean;
  /** The window ends before the newest message: it comes from the server again when the reader goes there. */
  readonly detached?: true;
  /** An older page is on its way. */
  readonly loading: boolean;
  readonly topic: string;
  /** Only members know of it. */
  readonly private?: true;
  /** What the room asks of those who do not lead it. */
  readonly rules?: RoomRules;
  /** What this person is in the room. */
  readonly role?: RoomRole;
  /** Of a room that not everybody is in, once they are known; in the order they are shown. */
  readonly members?: readonly PersonState[];
  /** Up to `limits.unreadCounted`, which stands for that many or more. */
  readonly unread: number;
  readonly mentions: number;
  /** Id of the entry above which the line "new" stands. */
  readonly newFrom: string | undefined;
  /**
   * Where the reader is: undefined at the bottom, following what comes; else the id of the entry whose row
   * `row` (0 its first) is the last row of the pane.
   */
  readonly at: { readonly id: string; readonly row: number } | undefined;
  /** Id of the entry that somebody jumped to. */
  readonly marked?: string;
  /** Messages that came below while the reader was not at the bottom. */
  readonly below: number;
  readonly draft: Editor;
  readonly notify: Notify;
}

export interface PersonState {
  readonly name: string;
  readonly role: Role;
  /** In the room of whose members it is one. */
  readonly room?: RoomRole;
  readonly online: boolean;
  readonly away: boolean;
}

export type LinkState =
  | { readonly state: 'online' }
  | { readonly state: 'connecting' }
  /** Tried again at `until`, milliseconds since the epoch. */
  | { readonly state: 'waiting'; readonly until: number; readonly why: string }
  | { readonly state: 'offline'; readonly why: string };

/** A question in place of the status line, answered by one key, or by a line where it is about a secret. */
export interface Question {
  readonly text: string;
  readonly about: 'quit' | 'paste' | 'overwrite' | 'secret';
}

export interface ScreenState {
  readonly columns: number;
  readonly rows: number;
  readonly me: string;
  readonly server: string;
  readonly link: LinkState;
  /** When conversations ring that are not here yet, where it was chosen. */
  readonly chosen?: Readonly<Record<string, Notify>>;
  /** In the order of Alt-1 … Alt-9; at least one. */
  readonly conversations: readonly ConversationState[];
  readonly current: ConversationId;
  /** In the order they are shown: online before the rest, admins first, then by name. */
  readonly people: readonly PersonState[];
  /** More people than are named, in large rooms; 0 for none. */
  readonly peopleBeyond: number;
  /** The side list of people: as the width allows, or as a key said. */
  readonly side: 'auto' | 'shown' | 'hidden';
  /** The window has the keyboard. */
  readonly focused: boolean;
  /** The newcomer's hint is still wanted. */
  readonly hint: boolean;
  readonly question: Question | undefined;
  /** Text in place of everything, until a key is pressed; the terminal wraps it. */
  readonly bare?: string;
  /** The clock, for the time until a reconnection. Milliseconds since the epoch. */
  readonly now: number;
}

/** One picture of the screen. */
export interface Frame {
  /** In place of lines, without sequences; the terminal wraps it. */
  readonly bare?: string;
  /** Exactly `rows` strings of at most `columns` columns, SGR and OSC 8 sequences in them, each complete in itself. */
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}
