/**
 * The Store's methods as data: one row for each, which says where and how it runs. Knows their shapes, no SQL.
 * The store's object, the worker and the group commit all follow this table.
 */
import type { PeerStore } from '../peer-store.js';
import type { ConversationSummary } from '../room-store.js';
import type { SignInState } from '../sign-in-store.js';
import type { Store } from '../store.js';

/** What is unread of a conversation, from the read mark to an entry. */
export interface UnreadCount {
  /** Of the conversation. */
  readonly id: number;
  readonly read: number;
  readonly last: number;
  readonly unread: number;
  readonly mentions: number;
}

/** What the threads are asked: the Store's methods; where unread messages are counted, as unread.ts wants it. */
export interface Calls extends Omit<Store, 'close' | 'peering' | 'conversations' | 'signInState'>, PeerStore {
  countUnread(account: number): Promise<readonly UnreadCount[]>;
  /** Undefined where counting would take the writer too long: with counts it never does. */
  conversations(
    account: number,
    counted?: readonly UnreadCount[],
  ): Promise<readonly ConversationSummary[] | undefined>;
  signInState(
    account: number,
    session: number,
    at: number,
    counted?: readonly UnreadCount[],
  ): Promise<SignInState | undefined>;
}

export type Method = keyof Calls;
export type Result<M extends Method> = Awaited<ReturnType<Calls[M]>>;
/** One call as it crosses to a database thread. */
export type MethodCall = {
  [M in Method]: { readonly method: M; readonly args: Readonly<Parameters<Calls[M]>> };
}[Method];
export type Arguments<M extends Method> = Extract<MethodCall, { method: M }>['args'];
/** What the SQL files make: the same methods, synchronous, inside a transaction that the caller begins and ends. */
export type Operations = { readonly [M in Method]: (...args: Parameters<Calls[M]>) => Result<M> };

interface MethodRow {
  /**
   * The writer answers in the order of the calls. What could delay a message is for the others: the reader has what a
   * sign-in waits for, the background what may take its time.
   */
  readonly thread: 'writer' | 'reader' | 'background';
  /** What its batch needs. `none`: SQLite refuses it inside a transaction, so it runs alone. */
  readonly transaction: 'write' | 'read' | 'none';
}

const write: MethodRow = { thread: 'writer', transaction: 'write' };
const read: MethodRow = { thread: 'writer', transaction: 'read' };
const slowRead: MethodRow = { thread: 'background', transaction: 'read' };

export const methods: { readonly [M in Method]: MethodRow } = {
  register: write,
  nameConflict: read,
  account: read,
  countAccounts: read,
  hasAdmin: read,
  listAccounts: read,
  setRole: write,
  removeAccount: write,

  setPassword: write,
  changePassword: write,
  renewPassword: write,
  setRecovery: write,
  addReset: write,
  checkRecovery: read,
  recover: write,
  setFactor: write,
  useFactor: write,

  createInvite: write,
  invites: read,
  removeInvite: write,
  inviteRole: read,

  openSession: write,
  endSession: write,
  rememberSession: write,
  revokeSession: write,
  revokeSessions: write,
  sessions: read,
  stopSessions: write,
  removeExpired: write,

  resumeSession: write,
  signInState: read,
  catchUpState: read,

  ban: write,
  unban: write,
  bans: read,
  banOf: read,
  mute: write,
  unmute: write,
  mutes: read,
  setRules: write,
  block: write,
  unblock: write,
  blocks: read,
  recordAudit: write,
  auditLog: read,

  rooms: read,
  createRoom: write,
  joinRoom: write,
  leaveRoom: write,
  members: read,
  roomRole: read,
  sharedRooms: read,
  setRoomRole: write,
  inviteToRoom: write,
  invitations: read,
  dismissInvitation: write,
  setTopic: write,
  conversations: read,
  countUnread: { thread: 'reader', transaction: 'read' },
  markRead: write,

  append: write,
  floor: read,
  history: read,
  findByKey: read,
  message: read,
  edit: write,
  remove: write,
  react: write,
  reactionsBy: read,
  pin: write,
  unpin: write,
  pins: read,
  seqBefore: read,
  search: slowRead,

  makeWebhook: write,
  webhook: read,
  webhooks: read,
  endWebhook: write,
  setPush: write,
  removePush: write,
  pausePush: write,
  pushes: read,
  pushFor: read,

  fileBytes: read,
  fileHashes: slowRead,
  unreferenced: read,
  prune: write,

  copy: { thread: 'background', transaction: 'none' },
  damage: slowRead,

  look: read,
  beat: write,
  now: read,
  bury: write,
  enter: write,
  tell: write,
  setAway: write,
  stored: read,
  signedIn: read,
};

type Ask = <M extends Method>(method: M, args: Arguments<M>) => Promise<Result<M>>;

/** The calls, each of which asks the thread of its row. */
export function forwardTo(threads: Readonly<Record<MethodRow['thread'], { readonly ask: Ask }>>): Calls {
  const forwarded = Object.entries(methods).map(([method, { thread }]) => [
    method,
    (...args: Arguments<Method>) => threads[thread].ask(method as Method, args),
  ]);
  return Object.fromEntries(forwarded) as Calls;
}
