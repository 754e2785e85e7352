/**
 * The Store's methods as data: one row for each, which says where and how it runs. Knows their shapes, no SQL.
 * The store's object, the worker and the group commit all follow this table.
 */
import type { Store } from '../store.js';

export type Method = Exclude<keyof Store, 'close'>;
export type Result<M extends Method> = Awaited<ReturnType<Store[M]>>;
/** One call as it crosses to a database thread. */
export type MethodCall = {
  [M in Method]: { readonly method: M; readonly args: Readonly<Parameters<Store[M]>> };
}[Method];
export type Arguments<M extends Method> = Extract<MethodCall, { method: M }>['args'];
/** What the SQL files make: the same methods, synchronous, inside a transaction that the caller begins and ends. */
export type Operations = { readonly [M in Method]: (...args: Parameters<Store[M]>) => Result<M> };

interface MethodRow {
  /** The writer answers in the order of the calls; the reader has slow calls, which must not delay a message. */
  readonly thread: 'writer' | 'reader';
  /** What its batch needs. `none`: SQLite refuses it inside a transaction, so it runs alone. */
  readonly transaction: 'write' | 'read' | 'none';
}

const write: MethodRow = { thread: 'writer', transaction: 'write' };
const read: MethodRow = { thread: 'writer', transaction: 'read' };
const slowRead: MethodRow = { thread: 'reader', transaction: 'read' };

export const methods: { readonly [M in Method]: MethodRow } = {
  register: write,
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
  resumeSession: write,
  signInState: read,
  endSession: write,
  revokeSession: write,
  revokeSessions: write,
  sessions: read,
  stopSessions: write,
  removeExpired: write,

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
  markRead: write,

  append: write,
  floor: read,
  history: read,
  findByKey: read,
  message: read,
  edit: write,
  remove: write,
  seqBefore: read,
  search: slowRead,

  fileBytes: read,
  fileHashes: read,
  unreferenced: read,
  prune: write,

  copy: { thread: 'reader', transaction: 'none' },
  damage: slowRead,
};

type Ask = <M extends Method>(method: M, args: Arguments<M>) => Promise<Result<M>>;

/** The Store's methods, each of which asks the thread of its row. */
export function forwardTo(threads: Readonly<Record<MethodRow['thread'], Ask>>): Pick<Store, Method> {
  const forwarded = Object.entries(methods).map(([method, { thread }]) => [
    method,
    (...args: Arguments<Method>) => threads[thread](method as Method, args),
  ]);
  return Object.fromEntries(forwarded) as Pick<Store, Method>;
}
