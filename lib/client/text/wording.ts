/**
 * The connection, refusals, people, messages, transfers and what is unread in words. No text of theirs can drive a terminal.
 * Knows no colours.
 */
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { printable } from '../../protocol/printable.js';
import { byteCount, duration } from '../../protocol/quantities.js';
import type { Conversation, Person, Quote, RoomRole } from '../../protocol/records.js';
import type { DeliveryStatus, SessionEnd, SessionStatus } from '../session/session.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Stamp } from './local-time.js';

/** The state of the connection; undefined if there is nothing to show. */
export function statusWords(status: SessionStatus): string | undefined {
  switch (status.state) {
    case 'online':
      return status.address === undefined ? 'connected again' : `connected again, to ${status.address}`;
    case 'no-answer':
      return 'no answer, waiting';
    case 'late':
      return undefined;
    case 'connecting':
      if (status.why === undefined) return undefined;
      return `not connected; trying ${status.address} (${withoutStop(status.why)})`;
    case 'waiting':
      return `not connected; trying again in ${duration(status.inMs)} (${withoutStop(status.why)})`;
    case 'ended':
      return undefined;
    default:
      return status satisfies never;
  }
}

/** The connection is mentioned only once something was wrong with it. */
export function createStatusLines(show: (words: string) => void): (status: SessionStatus) => void {
  let wasWell = true;
  return (status) => {
    const words = statusWords(status);
    if (words !== undefined && status.state !== 'online') wasWell = false;
    if (words !== undefined && !wasWell) show(words);
    if (status.state === 'online') wasWell = true;
  };
}

/** Why a session ended and what to do next. */
export function endWords(end: SessionEnd): string {
  switch (end.why) {
    case 'quit':
      return 'You left.';
    case 'logged-out':
      return sentence(printable(end.message));
    case 'refused':
      return refusalWords(end);
    case 'lost':
      return `The connection was lost and did not come back (${withoutStop(end.message)}). Try again later.`;
    case 'distrusted':
      // It shows two pins, one below the other.
      return printable(end.error.message, { newlines: true });
    default:
      return end satisfies never;
  }
}

/** What a server refused, in its words, and what to do next. */
export function refusalWords(refusal: {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number | undefined;
}): string {
  const said = sentence(printable(refusal.message));
  const { retryAfter } = refusal;
  // Unless the server's sentence has it already.
  const wait = retryAfter === undefined || /\d/.test(said) ? '' : ` Try again in ${duration(retryAfter)}.`;
  return `${said}${advice[refusal.code] ?? ''}${wait}`;
}

// The options of this program, which the server does not know.
const advice: Readonly<Record<string, string>> = {
  'name-in-use': ' Use --take-over to end the other session, or --attach to join as another terminal.',
  'too-many-terminals': ' Quit one of them, or use --take-over to end them all.',
  'wrong-credentials': ' Check both and try again.',
  'second-factor-needed': ' Sign in on a terminal, which asks for it; a bot uses a token (--token-file).',
  'name-taken': ' If it is yours, sign in with its password and without --create.',
};

/** Why a message was not sent. */
export function failureWords(delivery: Extract<DeliveryStatus, { state: 'failed' }>): string {
  return withoutStop(delivery.message);
}

/** Who is online, as in `ana (you, admin), ben (2 terminals)`; with a room, its members. */
export function peopleWords(
  people: readonly Person[],
  { me, room }: { me: string; room?: string | undefined },
): string {
  const words = people.map((person) => {
    const more = [
      person.name === me ? 'you' : '',
      room === undefined ? (person.role === 'member' ? '' : person.role) : roleMark(person.room),
      person.away === undefined ? '' : `away${person.away === '' ? '' : `: ${printable(person.away)}`}`,
      person.terminals === 0 ? 'offline' : '',
      person.terminals > 1 ? `${person.terminals} terminals` : '',
    ].filter((word) => word !== '');
    return `${printable(person.name)}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
  });
  const count = people.length === 1 ? '1 person is' : `${people.length} people are`;
  return `${count} ${room === undefined ? 'here' : `in #${printable(room)}`}: ${words.join(', ')}`;
}

function roleMark(role: RoomRole | undefined): string {
  return role === undefined || role === 'member' ? '' : role;
}

/** The message of the day, as lines that cannot be mistaken for a person's message. */
export function motdLines(motd: string | undefined): string[] {
  if (motd === undefined) return [];
  const text = printable(motd, { newlines: true }).trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => `* ${line}`);
}

/** Unread messages, as in `3 new in #dev (1 mention), 2 from ben`; undefined if there are none. */
export function newsWords(conversations: readonly Conversation[]): string | undefined {
  const news = conversations.filter(({ unread }) => unread > 0);
  const words = news.map(({ room, with: peer, unread, mentions }) => {
    if (room === undefined) return `${unreadNumber(unread)} from ${printable(peer ?? '')}`;
    const named = mentions > 0 ? ` (${mentionCount(mentions)})` : '';
    return `${unreadNumber(unread)} new in #${printable(room)}${named}`;
  });
  return words.length === 0 ? undefined : words.join(', ');
}

/** Messages are counted up to a limit. */
export function unreadNumber(unread: number): string {
  return unread >= limits.unreadCounted ? `${limits.unreadCounted}+` : `${unread}`;
}

export function mentionCount(mentions: number): string {
  return mentions === 1 ? '1 mention' : `${mentions} mentions`;
}

/** An error reply in words. */
export function errorWords(reply: ServerFrameOf<'error'>): string {
  return refusalWords({ code: '', message: reply.message, retryAfter: reply.retryAfter });
}

/** The beginning of a text, on one line. */
export function excerpt(text: string): string {
  const line = printable(text).trim();
  return line.length > 40 ? `${line.slice(0, 39).trimEnd()}…` : line;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function withoutStop(text: string): string {
  return printable(text).trim().replace(/\.$/, '');
}

/** Shown once: with this code a new password can be set. */
export function recoveryLines(code: string): string[] {
  return [
    `Your recovery code: ${printable(code)}`,
    'Write it down: you need it if you lose your password. It will not be shown again.',
  ];
}

/** After a password was typed. */
export const stayOffer =
  "Type /remember to stay signed in on this computer, without a password next time. /remember off: don't offer it again.";

/** The code in the text of `recoveryLines`; undefined for any other. */
export function recoveryCodeIn(text: string): string | undefined {
  return /^Your recovery code: (\S+)$/m.exec(text)?.[1];
}

/** An entry with its date; its further lines are indented, so that none can look like another entry. */
export function transcribed(words: string, { at, stamp }: { at: number; stamp: Stamp }): string {
  const [first = '', ...more] = printable(words, { newlines: true }).split('\n');
  const indent = ' '.repeat('YYYY-MM-DD HH:MM '.length);
  return [`${stamp(at)} ${first}`, ...more.map((line) => `${indent}${line}`)].join('\n');
}

/** `ana: text`, or `* ana text` for an action. */
export function spoken({ from, text, action }: { from: string; text: string; action: boolean }): string {
  return `${action ? `* ${from}` : `${from}:`} ${text}`;
}

/** `ana: start of the text`, of the message that another entry is about. */
export function quoteWords({ from, text }: Quote): string {
  if (from === undefined || text === undefined) return 'a deleted message';
  return `${printable(from)}: ${printable(text)}`;
}

/** The line above a reply. No message can begin so, since all begin with a name or `*`. */
export function replyWords(of: Quote): string {
  return `> ${quoteWords(of)}`;
}

/** The line below a message, as in `+ 👍 3 (you)  🎉 1`; undefined without reactions. No message can begin so. */
export function reactionWords(
  reactions: readonly { readonly emoji: string; readonly count: number; readonly mine?: boolean }[] = [],
): string | undefined {
  if (reactions.length === 0) return undefined;
  const words = reactions.map(
    ({ emoji, count, mine }) => `${printable(emoji)} ${count}${mine ? ' (you)' : ''}`,
  );
  return `+ ${words.join('  ')}`;
}

/** One line, always with the file's name: several may be in progress. */
export function transferWords(transfer: Transfer): string {
  const { id, direction, path, progress } = transfer;
  const name = printable(transfer.name);
  const verb = direction === 'send' ? 'sending' : 'downloading';
  switch (progress.state) {
    case 'hashing':
      return `${verb} ${name}: reading${percent(transfer)}`;
    case 'moving':
      return `${verb} ${name}${sizeOf(transfer)}${percent(transfer)} (/cancel ${id})`;
    case 'waiting':
      return `${verb} ${name}: waiting${percent(transfer)}`;
    case 'done':
      return direction === 'send' ? `Sent ${name}` : `Downloaded ${name} to ${printable(path ?? '')}`;
    case 'cancelled':
      return `Cancelled ${name}`;
    case 'failed':
      return `Couldn't ${direction === 'send' ? 'send' : 'download'} ${name}: ${printable(progress.why)}`;
    default:
      return progress satisfies never;
  }
}

const barColumns = 20;

/** The same with a progress bar while bytes move. */
export function transferBar(transfer: Transfer): string {
  const share = transfer.progress.state === 'moving' ? percentOf(transfer) : undefined;
  if (share === undefined) return transferWords(transfer);
  const full = Math.floor((share * barColumns) / 100);
  return `[${'#'.repeat(full)}${'.'.repeat(barColumns - full)}] ${transferWords(transfer)}`;
}

/** It is done, cancelled or failed. */
export function isOver({ progress }: Transfer): boolean {
  return progress.state === 'done' || progress.state === 'cancelled' || progress.state === 'failed';
}

/** 0 to 100; undefined while the size is unknown. */
export function percentOf({ size, done }: Pick<Transfer, 'size' | 'done'>): number | undefined {
  if (size === undefined) return undefined;
  return size === 0 ? 100 : Math.floor((100 * done) / size);
}

function sizeOf({ size }: Transfer): string {
  return size === undefined ? '' : `, ${byteCount(size)}`;
}

function percent(transfer: Transfer): string {
  const share = percentOf(transfer);
  return share === undefined || share === 0 ? '' : `, ${share} %`;
}
