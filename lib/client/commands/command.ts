/**
 * What a slash command is: one row with its name, arguments, help, parser and action, and what the front end
 * does for it. Knows no particular command.
 */
import type { ErrorCode } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import type { RoomOrPerson } from '../../protocol/names.js';
import type { Conversation } from '../../protocol/records.js';
import type { OutgoingMessage, Session, StaySignedIn } from '../session/session.js';
import type { LocalTime } from '../text/local-time.js';
import { errorWords } from '../text/wording.js';
import type { Transfers } from '../transfer/transfers.js';
import type { RequestBody } from '../wire/connection.js';
import type { SettingChange } from './settings.js';

export interface SlashCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  /** The arguments, as usage errors and /help show them. */
  readonly usage: string;
  readonly help: string;
  /** Needs the full screen. */
  readonly screenOnly?: true;
  /** Cannot be undone: a prefix of the name is not enough. */
  readonly fullNameOnly?: true;
  /** What can follow these words, for completion, where the usage does not say: words, or NAME, #ROOM and the like. Pure. */
  readonly next?: (typed: readonly string[]) => readonly string[] | undefined;
  /** Opens another conversation: what is typed after it goes there. */
  readonly opensConversation?: true;
  /** Reads the rest of the line, without the space before it. Pure. */
  readonly parse: (rest: string, context: ParseContext) => ParsedCommand | UsageError;
}

/** How a row is written: `run` gets what `parse` returned. Without `parse`, it takes no arguments. */
interface CommandRow<A extends object> extends Omit<SlashCommand, 'parse' | 'aliases' | 'usage'> {
  readonly aliases?: readonly string[];
  readonly usage?: string;
  readonly parse?: (rest: string, context: ParseContext) => A | UsageError;
  readonly run: (args: A, context: CommandContext) => CommandOutcome;
}

export interface ParseContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** There is a full screen. */
  readonly screen: boolean;
}

/** Why the arguments are wrong; '' shows the usage. */
export type UsageError = string;

/** @throws CommandRefused */
type CommandOutcome = void | Promise<void>;

export interface ParsedCommand {
  readonly args: object;
  readonly run: (context: CommandContext) => CommandOutcome;
}

export function command<A extends object>({ parse, run, ...row }: CommandRow<A>): SlashCommand {
  return {
    ...{ aliases: [], usage: '', ...row },
    parse(rest, context) {
      const args = parse === undefined ? noArguments<A>(rest) : parse(rest, context);
      return typeof args === 'string' ? args : { args, run: (given) => run(args, given) };
    },
  };
}

function noArguments<A extends object>(rest: string): A | UsageError {
  return rest.trim() === '' ? ({} as A) : '';
}

/** What a command works with. */
export interface CommandContext extends Omit<CommandFrontEnd, 'refuse' | 'conversation'> {
  /** The conversation the line was typed in. */
  readonly conversation: RoomOrPerson;
  readonly memory: CommandMemory;
  /**
   * One request to the server.
   * @throws CommandRefused if the server refused it, ConnectionLost, ProtocolError `frame-too-large`
   */
  ask(request: RequestBody): Promise<ServerFrameOf<'ok'>>;
}

/** What commands remember for later ones. */
export interface CommandMemory {
  /** Who sent the last direct message to this person. */
  lastPeer: string | undefined;
  /** Where the messages are that the last search found. */
  found: ReadonlyMap<number, RoomOrPerson>;
  /** The rest of the last search, if it has more results. */
  nextSearchPage: RequestBody | undefined;
  /** Where /list more continues; undefined if all is listed. */
  unlisted: UnlistedConversations | undefined;
}

interface UnlistedConversations {
  /** In the order of /list. */
  readonly conversations: readonly Conversation[];
  /** What the server is asked with for the ones after these; undefined if there are none. */
  readonly before: number | undefined;
}

/** What each front end does for commands. */
export interface CommandFrontEnd {
  readonly session: Pick<Session, 'ask' | 'name' | 'hello' | 'reconnect' | 'watched'>;
  readonly transfers: Pick<Transfers, 'send' | 'get' | 'cancel' | 'current'>;
  readonly time: LocalTime;
  /** A person types: short codes such as `:tada:` become emoji. What a program writes is not changed. */
  readonly emoji?: boolean | undefined;
  /** About the chat that is hosted by this program, its join link included. */
  readonly hosted?: readonly string[] | undefined;
  /** The conversation that is typed in. */
  conversation(): RoomOrPerson;
  /** Shows what a command answers. */
  answer(lines: readonly string[]): void;
  /** Shows why nothing was done. */
  refuse(message: string): void;
  /** Posts a message; its text was checked. */
  say(draft: OutgoingMessage): void;
  /** Goes to a conversation; a direct message that does not exist yet is created. */
  open(conversation: RoomOrPerson): void;
  /** Goes to what /window names: a number on the screen, `#room`, `@person` or a bare name. @returns whether there is one */
  goTo(which: string): boolean;
  /** The person left a room with /leave. */
  left?(room: string): void;
  /** Shows older messages of the conversation. @throws CommandRefused, ConnectionLost */
  showHistory(range: HistoryRange, query: HistoryQuery): Promise<void>;
  /** Shows one message in its context. @throws CommandRefused, ConnectionLost */
  jump(seq: number, query: HistoryQuery): Promise<void>;
  quit(reason: string | undefined): void;
  readonly stay?: StaySignedIn | undefined;
  /** Without it, commands that need a password are refused. */
  readonly secrets?: SecretPrompts;
  /** Only the full screen has it. */
  readonly screen?: ScreenCommands;
}

export type HistoryQuery = Pick<CommandContext, 'ask' | 'conversation'>;

/** The last so many messages, or those since a moment (milliseconds since the epoch). */
export type HistoryRange = { readonly last: number } | { readonly since: number };

/** Asks for secrets and shows them, so that they are neither sent as a message nor kept. */
interface SecretPrompts {
  /** One typed line; `hidden` shows stars. Undefined if the person cancels. */
  ask(question: string, options: { hidden: boolean }): Promise<string | undefined>;
  /** Shows the key for an authenticator app, as a QR code where there is room; the returned function removes it. */
  showKey(key: { uri: string; text: string }): () => void;
  /** One sentence: how to copy a long link here. */
  readonly copying: string;
}

/** The commands that only a full screen has. */
export interface ScreenCommands {
  clear(): void;
  /** Closes the direct message on the screen. */
  close(): void;
  compose(): void;
  /** Sends failed messages again. */
  retry(): void;
  /** Puts the last own message into the input line. */
  editLast(): void;
  save(path: string): void;
  /** Shows the image that a message announces. */
  view(seq: number): void;
  /** To the clipboard of the terminal. @throws CommandRefused, ConnectionLost */
  copy(choice: CopyChoice, query: HistoryQuery): Promise<void>;
  /** Without a choice, shows the current one. */
  notify(choice: NotifyChoice | undefined): void;
  set(change: SettingChange): void;
  /** Without a name, lists the ignored people. */
  ignore(name: string | undefined): void;
  unignore(name: string): void;
  keyHelp(): readonly string[];
  /** Joins another server, asking on the terminal; without an address, lists the servers. @throws CommandRefused */
  connect(address: string | undefined): Promise<void>;
  /** Leaves this server, or the client where it is the only one. */
  disconnect(reason: string | undefined): void;
}

/** The ID of a message, undefined for the newest one; or the newest link, or recovery code, on the screen. */
export type CopyChoice = number | 'link' | 'code' | undefined;

export const notifyChoices = ['off', 'mention', 'all'] as const;
export type NotifyChoice = (typeof notifyChoices)[number];

/** Nothing was done; the message is for the person. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

export const notConnected = 'Not connected. Try again once the connection is back.';

type Advice = (request: { room?: string; name?: string }) => string;

const roomOf = ({ room }: { room?: string }): string => `#${room?.replace(/^#/, '') ?? 'ROOM'}`;

const advice: Partial<Record<ErrorCode, Advice>> = {
  // With a name, it is that person who is not a member.
  'not-a-member': (request) => (request.name === undefined ? `Join it with /join ${roomOf(request)}.` : ''),
  'room-would-end': (request) => `To leave and close it, type /leave ${roomOf(request)} end.`,
  'no-such-room': () => 'List the rooms with /rooms.',
  'no-such-message': () => 'It may have been deleted. Find messages and their IDs with /search.',
  'no-such-file': () => 'List the files sent here with /files.',
  'room-name-taken': () => 'List the rooms with /rooms.',
  'too-many-rooms': () => 'Leave one with /leave #ROOM.',
};

/** What the server refused, in its words, and what to type next. */
export function refusedBy(reply: ServerFrameOf<'error'>, request: RequestBody): CommandRefused {
  const next = advice[reply.code]?.(request as { room?: string; name?: string }) ?? '';
  return new CommandRefused(`${errorWords(reply)} ${next}`.trimEnd());
}
