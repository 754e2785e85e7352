/** A Store in one SQLite file. Knows that a thread answers and a queue orders; no SQL. */
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Store, StoreError } from '../store.js';
import type { DatabaseOptions } from './database.js';
import { storeError } from './failure.js';
import { lockFile } from './lock.js';
import { createQueue, type Queue } from './queue.js';
import { startThread } from './thread.js';

export interface SqliteOptions extends DatabaseOptions {
  /**
   * Called once if the store ends by itself: its thread died, or the disk failed in a way after which nothing
   * can be trusted. Everything pending and later rejects with the same error.
   */
  readonly onFailure: (error: StoreError) => void;
}

/**
 * Opens the store, making the file (mode 0600) in a folder that exists. Beside it lie FILE-wal and FILE-shm
 * while it is open, and FILE-lock, which must never be removed while it is.
 *
 * Calls of one turn, and those that come while a commit is under way, share one transaction; each resolves when
 * it is on disk.
 *
 * @throws StoreInUse where the file is open already, in this process or another
 * @throws StoreError where it cannot be opened, saying what to do
 */
export async function openSqliteStore({ file, onFailure, ...settings }: SqliteOptions): Promise<Store> {
  const path = resolve(file);
  // Here and not in the thread, without a pause between open and close: see lock.ts.
  makePrivate(path);
  makePrivate(lockFile(path));
  const started = await startThread({
    database: { ...settings, file: path },
    onOutcomes: (outcomes) => queue.settle(outcomes),
    onFailure(failure) {
      const error = storeError(path, failure);
      queue.fail(error);
      onFailure(error);
    },
  });
  if (!started.ok) throw storeError(path, started.failure);
  const { thread } = started;
  const queue = createQueue({
    send: (calls) => thread.send(calls),
    explain: (failure) => storeError(path, failure),
  });
  return createStore(queue, async () => {
    await queue.finish();
    await thread.close();
  });
}

function createStore(queue: Queue, close: () => Promise<void>): Store {
  let closed: Promise<void> | undefined;
  return {
    register: (...args) => queue.ask('register', args),
    account: (...args) => queue.ask('account', args),
    accounts: (...args) => queue.ask('accounts', args),
    setPassword: (...args) => queue.ask('setPassword', args),
    createInvite: (...args) => queue.ask('createInvite', args),
    invite: (...args) => queue.ask('invite', args),
    openSession: (...args) => queue.ask('openSession', args),
    resumeSession: (...args) => queue.ask('resumeSession', args),
    endSession: (...args) => queue.ask('endSession', args),
    stopSessions: (...args) => queue.ask('stopSessions', args),
    sweep: (...args) => queue.ask('sweep', args),
    rooms: (...args) => queue.ask('rooms', args),
    makeRoom: (...args) => queue.ask('makeRoom', args),
    enterRoom: (...args) => queue.ask('enterRoom', args),
    leaveRoom: (...args) => queue.ask('leaveRoom', args),
    members: (...args) => queue.ask('members', args),
    setRoomRole: (...args) => queue.ask('setRoomRole', args),
    inviteToRoom: (...args) => queue.ask('inviteToRoom', args),
    invitations: (...args) => queue.ask('invitations', args),
    dismissInvitation: (...args) => queue.ask('dismissInvitation', args),
    setTopic: (...args) => queue.ask('setTopic', args),
    block: (...args) => queue.ask('block', args),
    unblock: (...args) => queue.ask('unblock', args),
    blocks: (...args) => queue.ask('blocks', args),
    locate: (...args) => queue.ask('locate', args),
    edit: (...args) => queue.ask('edit', args),
    remove: (...args) => queue.ask('remove', args),
    seqBefore: (...args) => queue.ask('seqBefore', args),
    search: (...args) => queue.ask('search', args),
    fileBytes: (...args) => queue.ask('fileBytes', args),
    unreferenced: (...args) => queue.ask('unreferenced', args),
    prune: (...args) => queue.ask('prune', args),
    standings: (...args) => queue.ask('standings', args),
    said: (...args) => queue.ask('said', args),
    append: (...args) => queue.ask('append', args),
    floor: (...args) => queue.ask('floor', args),
    history: (...args) => queue.ask('history', args),
    markRead: (...args) => queue.ask('markRead', args),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** Makes an empty file for the owner alone; one that exists stays as it is. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && !statSync(file, { throwIfNoEntry: false })?.isDirectory()) return;
    throw new StoreError(`${file}: ${advice(code, dirname(file))}`, { cause: error });
  }
}

function advice(code: unknown, folder: string): string {
  if (code === 'EEXIST') return 'This is a folder. Move it away, or choose another data folder.';
  if (code === 'ENOENT') return `The folder ${folder} does not exist. Make it first.`;
  return `The folder ${folder} does not let this user make a file. Check its permissions and its disk.`;
}
