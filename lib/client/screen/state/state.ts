/** Everything the screen shows, as one value. Knows neither how it is rendered nor how it changes. */
import type { ErrorCode } from '../../../protocol/errors.js';
import type { Role, RoomRole, RoomRules } from '../../../protocol/records.js';
import type { Settings } from '../../commands/settings.js';
import type { Editor } from './editor.js';

/** `#lobby` or `@bob`. */
export type ConversationId = `#${string}` | `@${string}`;

/** What a conversation's pane shows, oldest first. Texts are already printable. */
export type PaneEntry = MessageEntry | PresenceEntry | NoticeEntry;

export interface MessageEntry {
  readonly kind: 'message';
  /** Unique in its conversation; never changes. */
  readonly id: string;
  /** Undefined until the server has acknowledged the message. */
  readonly seq: number | undefined;
  readonly from: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly action: boolean;
  readonly mine: boolean;
  readonly edited?: true;
  /** Who removed it; the text is empty then. */
  readonly removed?: string;
  /** The file it announces, whose ID is the seq; size in bytes. */
  readonly file?: { readonly name: string; readonly size: number };
  /** The message that it replies to, as it is now: the start of its text on one line. Without both it is gone. */
  readonly of?: { readonly seq: number; readonly from?: string; readonly text?: string };
  /** In the order in which they came up; at least one. */
  readonly reactions?: readonly ReactionState[];
  /** Names the reader, and is from another person. */
  readonly mention: boolean;
  /** Of the reader's own messages; `sent` for all others. */
  readonly delivery:
    | { readonly state: 'sending'; readonly waitMs?: number }
    | { readonly state: 'sent' }
    | { readonly state: 'failed'; readonly code: ErrorCode; readonly why: string };
}

/** The people who reacted to a message with one emoji. */
export interface ReactionState {
  readonly emoji: string;
  readonly count: number;
  /** The reader is one of them. */
  readonly mine: boolean;
}

/** People who joined and left in a row, folded; names in order, each once. */
export interface PresenceEntry {
  readonly kind: 'presence';
  readonly id: string;
  readonly at: number;
  readonly joined: readonly string[];
  readonly left: readonly { readonly name: string; readonly reason?: string }[];
}

/** From the program itself: answers to commands, connection, errors. May have several lines. */
export interface NoticeEntry {
  readonly kind: 'notice';
  readonly id: string;
  readonly at: number;
  readonly text: string;
  /** `code`: a QR code, drawn as it is. */
  readonly tone: 'plain' | 'bad' | 'code';
  /** It answers the person: once it was read it is folded, that is, shown as one row. Undefined: it never is. */
  readonly folded?: boolean;
}

/** Which messages ring the bell. */
export type Notify = 'off' | 'mention' | 'all';

export interface ConversationState {
  readonly id: ConversationId;
  /** A bounded window of the history; the rest is loaded from the server. */
  readonly entries: readonly PaneEntry[];
  /** The pane was emptied with /clear. */
  readonly cleared?: true;
  /** What is folded is shown in full. */
  readonly unfolded?: true;
  /** The server has nothing older. */
  readonly fromStart: boolean;
  /** The window ends before the newest message. */
  readonly detached?: true;
  /** A page of history has been requested. */
  readonly loading: boolean;
  readonly topic: string;
  /** Only members know of it. */
  readonly private?: true;
  readonly rules?: RoomRules;
  /** The reader's own role in the room. */
  readonly role?: RoomRole;
  /** Of a room other than the lobby, once loaded; in the order they are listed. */
  readonly members?: readonly PersonState[];
  /** Other people who are writing here, as far as they share it. */
  readonly typing?: readonly string[];
  /** How far others have read, as far as they share it. */
  readonly readers?: readonly Reader[];
  /** Up to `limits.unreadCounted`, which stands for that many or more. */
  readonly unread: number;
  readonly mentions: number;
  /** The line "new messages" is above the first message of others after this seq, once what is before it is loaded. */
  readonly newAfter: number | undefined;
  /**
   * Scroll position: undefined at the bottom, following new messages; else the entry whose row `row` (0 its
   * first) is the last row of the pane.
   */
  readonly at: { readonly id: string; readonly row: number } | undefined;
  /** Id of the entry the reader jumped to. */
  readonly marked?: string;
  /** Id of the message that keys act on: the pane keeps it in view, wherever `at` is. */
  readonly selected?: string;
  /** Messages that arrived below while the reader was scrolled up. */
  readonly newBelow: number;
  readonly draft: Editor;
  /** What Enter does with the draft instead of posting it. */
  readonly task?: DraftTask;
  readonly notify: Notify;
}

/** `of` is the seq of the message it is about, `about` how that is shown. */
export type DraftTask =
  | { readonly kind: 'reply'; readonly of: number; readonly about: string }
  /** `before`: the draft that comes back afterwards. */
  | { readonly kind: 'edit'; readonly of: number; readonly about: string; readonly before: Editor };

export interface Reader {
  readonly name: string;
  /** Of the last entry that they have read. */
  readonly seq: number;
}

export interface PersonState {
  readonly name: string;
  readonly role: Role;
  /** Of a member of a room. */
  readonly room?: RoomRole;
  readonly online: boolean;
  readonly away: boolean;
}

export type ConnectionState =
  | { readonly state: 'online' }
  /** `address`: which of the chat's servers, if there are several. */
  | { readonly state: 'connecting'; readonly address?: string }
  /** Connected, but an answer takes long. */
  | { readonly state: 'late' }
  /** Connected, but the server does not answer. */
  | { readonly state: 'no-answer' }
  /** Next attempt at `until`, milliseconds since the epoch; at once if the person wants it. */
  | { readonly state: 'waiting'; readonly until: number; readonly why: string; readonly canHurry?: true }
  | { readonly state: 'offline'; readonly why: string };

/** Replaces the status line; answered by one key, by a line if it is about a secret, by typing if it is a search. */
export interface StatusQuestion {
  readonly text: string;
  readonly about: 'quit' | 'overwrite' | 'delete' | 'secret' | 'search';
}

/** What Tab goes through; it ends with any change of the draft. */
export interface Completion {
  /** The draft with the choice. */
  readonly text: string;
  readonly cursor: number;
  /** All that fit, and which of them is in the text. */
  readonly choices: readonly string[];
  readonly chosen: number;
  /** The choices as they are listed. */
  readonly labels: readonly string[];
  /** The text before and after the choice. */
  readonly before: string;
  readonly after: string;
}

/** An image that was asked for with /view; covers everything until it is closed. */
export interface ImageView {
  /** Printable. */
  readonly name: string;
  /** Bytes, once known. */
  readonly size?: number;
  /** Pixels. */
  readonly dimensions?: { readonly width: number; readonly height: number };
  /** For the size that the screen has now. */
  readonly drawing?: Drawing | undefined;
  /** What is shown until there is a drawing. */
  readonly progress: string;
  /** Unread messages when it was opened. */
  readonly unreadBefore: number;
}

/** Made by this program: its sequences need no check. */
export type Drawing =
  /** Text with SGR sequences, `columns` wide, each row complete in itself. */
  { readonly kind: 'rows'; readonly columns: number; readonly rows: readonly string[] } | GraphicsDrawing;

/** Sequences that draw at the cursor, below and to the right of it. */
export interface GraphicsDrawing {
  readonly kind: 'graphics';
  readonly columns: number;
  readonly rows: number;
  readonly sequences: string;
  /** Removes it; '' if clearing the screen does. */
  readonly erase: string;
}

/** A server that this client is on, as the lists of conversations show it. */
export interface ServerSummary {
  /** Unique in this client. */
  readonly key: number;
  readonly server: string;
  readonly connection: ConnectionState;
  /** In the order of Alt-1 … Alt-9, which count on from server to server; at least one. */
  readonly conversations: readonly ConversationState[];
  /** All direct conversations that are known, closed ones too, the last active first. */
  readonly directs: readonly ConversationId[];
}

/** A conversation of one of the servers. */
export interface ConversationPlace {
  /** The key of the server. */
  readonly server: number;
  readonly id: ConversationId;
}

/** The screen while this server's conversation is on it. */
export interface ScreenState extends ServerSummary {
  readonly columns: number;
  readonly rows: number;
  readonly me: string;
  /** The other servers, in the order of the lists. */
  readonly before: readonly ServerSummary[];
  readonly after: readonly ServerSummary[];
  /** What was chosen with /notify, by conversation id. */
  readonly notifyChoices?: Readonly<Record<string, Notify>>;
  readonly current: ConversationId;
  /** Who is online, in the order they are listed: admins first, then by name. */
  readonly people: readonly PersonState[];
  /** How many more are online than `people` names; 0 except on large servers. */
  readonly peopleUnnamed: number;
  /** `auto`: shown if the screen is wide enough. */
  readonly sideLists: 'auto' | 'shown' | 'hidden';
  readonly settings: Settings;
  /** The terminal window has the keyboard. */
  readonly focused: boolean;
  /** The hint for newcomers is shown. */
  readonly hint: boolean;
  readonly completion: Completion | undefined;
  readonly question: StatusQuestion | undefined;
  /** Replaces everything until a key is pressed; wrapped by the terminal. */
  readonly plainText?: string;
  /** Replaces everything until it is closed. */
  readonly image?: ImageView;
  /** Milliseconds since the epoch, for the time until the next attempt to connect. */
  readonly now: number;
}
