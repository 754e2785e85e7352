/** A Store in one SQLite file. Knows which thread answers what and that a queue orders; no SQL. */
import { closeSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Store } from '../store.js';
import { StoreError } from '../store.js';
import type { Arguments, Method } from './call.js';
import type { DatabaseOptions } from './database.js';
import { type Failure, storeError } from './failure.js';
import { lockFile } from './lock.js';
import { createQueue, type Queue } from './queue.js';
import { startThread, type Thread } from './thread.js';
import type { WorkerOptions } from './worker.js';

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
 * Searches, copies and checks have a thread of their own: some take 100 times as long as keeping a message, which
 * must not wait.
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
  const lines: Line[] = [];
  let failure: StoreError | undefined;
  const start = async (database: WorkerOptions, together?: number): Promise<Line> => {
    const line = await startLine(path, {
      database,
      together,
      onFailure(error) {
        for (const { queue, thread } of lines) {
          queue.fail(error);
          void thread.close();
        }
        if (failure === undefined) onFailure(error);
        failure ??= error;
      },
    });
    lines.push(line);
    if (failure !== undefined) {
      line.queue.fail(failure);
      void line.thread.close();
    }
    return line;
  };
  const database = { ...settings, file: path };
  const writer = await start(database);
  let reader: Promise<Line> | undefined;
  const reading = new Set<Promise<unknown>>();
  let closing = false;

  /** On a thread of its own, from the first one on; one at a time, so that none waits for the slowest of many. */
  const aside: Aside = <M extends Method>(method: M, args: Arguments<M>) => {
    if (closing) return writer.queue.ask(method, args);
    reader ??= start({ ...database, reader: true }, 1).catch((error: unknown) => {
      reader = undefined;
      throw error;
    });
    const answer = reader.then(({ queue }) => queue.ask(method, args));
    const settled = answer.catch(() => {}).finally(() => reading.delete(settled));
    reading.add(settled);
    return answer;
  };

  return createStore(writer.queue, aside, async () => {
    closing = true;
    await Promise.all([writer.queue.finish(), ...reading]);
    const line = await reader?.catch(() => undefined);
    await line?.thread.close();
    await writer.thread.close();
  });
}

type Aside = Queue['ask'];

/** A thread and what is asked of it. */
interface Line {
  readonly queue: Queue;
  readonly thread: Thread;
}

interface LineOptions {
  readonly database: WorkerOptions;
  readonly together: number | undefined;
  readonly onFailure: (error: StoreError) => void;
}

async function startLine(path: string, { database, together, onFailure }: LineOptions): Promise<Line> {
  const explain = (failure: Failure) => storeError(path, failure);
  const started = await startThread({
    database,
    onOutcomes: (outcomes) => queue.settle(outcomes),
    onFailure(failure) {
      const error = explain(failure);
      queue.fail(error);
      onFailure(error);
    },
  });
  if (!started.ok) throw explain(started.failure);
  const { thread } = started;
  const queue = createQueue({ send: (calls) => thread.send(calls), explain, ...(together && { together }) });
  return { queue, thread };
}

function createStore(queue: Queue, aside: Aside, close: () => Promise<void>): Store {
  let closed: Promise<void> | undefined;
  return {
    register: (...args) => queue.ask('register', args),
    account: (...args) => queue.ask('account', args),
    accounts: (...args) => queue.ask('accounts', args),
    renewPassword: (...args) => queue.ask('renewPassword', args),
    changePassword: (...args) => queue.ask('changePassword', args),
    setPassword: (...args) => queue.ask('setPassword', args),
    directory: (...args) => queue.ask('directory', args),
    setRole: (...args) => queue.ask('setRole', args),
    removeAccount: (...args) => queue.ask('removeAccount', args),
    setRecovery: (...args) => queue.ask('setRecovery', args),
    addReset: (...args) => queue.ask('addReset', args),
    recoverable: (...args) => queue.ask('recoverable', args),
    recover: (...args) => queue.ask('recover', args),
    setFactor: (...args) => queue.ask('setFactor', args),
    useFactor: (...args) => queue.ask('useFactor', args),
    ban: (...args) => queue.ask('ban', args),
    unban: (...args) => queue.ask('unban', args),
    bans: (...args) => queue.ask('bans', args),
    banOf: (...args) => queue.ask('banOf', args),
    mute: (...args) => queue.ask('mute', args),
    unmute: (...args) => queue.ask('unmute', args),
    mutes: (...args) => queue.ask('mutes', args),
    setRules: (...args) => queue.ask('setRules', args),
    record: (...args) => queue.ask('record', args),
    audit: (...args) => queue.ask('audit', args),
    invites: (...args) => queue.ask('invites', args),
    removeInvite: (...args) => queue.ask('removeInvite', args),
    revokeSession: (...args) => queue.ask('revokeSession', args),
    revokeSessions: (...args) => queue.ask('revokeSessions', args),
    sessions: (...args) => queue.ask('sessions', args),
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
    sharedRooms: (...args) => queue.ask('sharedRooms', args),
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
    search: (...args) => aside('search', args),
    async copy(copied) {
      makePrivate(copied);
      await aside('copy', [copied]);
    },
    damage: () => aside('damage', []),
    fileHashes: (...args) => queue.ask('fileHashes', args),
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
    const made = openSync(file, 'wx', 0o600);
    // What root makes in the folder of another user's server, that server has to be able to open.
    const { uid, gid } = statSync(dirname(file));
    if (process.getuid?.() === 0) fchownSync(made, uid, gid);
    closeSync(made);
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
