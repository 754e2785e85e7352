/**
 * Shows a script what is posted, a line each, or runs a command for it, one after the other. Knows a session and streams, no
 * command line.
 */
import type { Writable } from 'node:stream';
import type { EntryEvent } from '../protocol/events.js';
import type { RoomOrPerson } from '../protocol/names.js';
import { printable, printableJson } from '../protocol/printable.js';
import type { Clock } from '../system/clock.js';
import { enterRoom } from './enter-room.js';
import { createListener, type FrontEnd, type FrontEndResult, whenStopped } from './front-end.js';
import { startCommand } from './run-command.js';
import { createConnectionWatch } from './session/connection-watch.js';
import { createEntryStream } from './session/entry-stream.js';
import { type Session, SessionEnded } from './session/session.js';
import type { LocalTime } from './text/local-time.js';
import { plainLine } from './text/plain-message.js';
import { createStatusLines } from './text/wording.js';

interface ListenDeps {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly time: LocalTime;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly wanted: ListenWanted;
}

export interface ListenWanted {
  /** Only these, which are joined if need be; without any, all conversations. */
  readonly rooms: readonly string[];
  /** Milliseconds since the epoch; without it, only what is posted from now on. */
  readonly since?: number;
  /** Messages as text, or all entries as the JSON front end prints them, or a program and its arguments to run for each. */
  readonly as: 'text' | 'json' | { readonly command: readonly string[] };
}

/** For each run of a command, in milliseconds. */
export const listenLimits = { commandMs: 60_000, closingMs: 1_000 } as const;

/** What is done with an entry. @returns false where there is no reader any longer */
type Take = (entry: EntryEvent) => Promise<boolean>;

/** Its `run` rejects with the stream's errors, and with ProtocolError where a room cannot be joined. */
export function createListen(deps: ListenDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    async run(session) {
      const connection = createConnectionWatch(session);
      const stream = createEntryStream({
        ...{ session, ask: connection.ask },
        wants: wantedBy(deps.wanted),
        since: deps.wanted.since,
      });
      const { take, end } = createTaker(session, deps);
      const showStatus = createStatusLines((words) => tell(words, deps));
      const stopped = whenStopped(deps.stop);
      deps.stderr.on('error', () => {});
      open((event) => {
        if (event.kind === 'synced') stream.start();
        if (event.kind === 'status') showStatus(event.status);
        connection.notice(event);
        stream.notice(event);
      });
      async function follow(): Promise<void> {
        for (const room of deps.wanted.rooms) await enterRoom(connection.ask, room);
        for await (const entry of stream.entries()) if (!(await take(entry))) return;
      }
      try {
        const signal = await Promise.race([follow(), stopped]);
        return resultOf(
          signal === undefined
            ? connection.end && { by: 'session', end: connection.end }
            : { by: 'signal', signal },
        );
      } catch (error) {
        if (error instanceof SessionEnded) return resultOf({ by: 'session', end: error.end });
        throw error;
      } finally {
        stream.close();
        await end();
        await session.quit();
      }
    },
  };
}

function wantedBy({ rooms }: ListenWanted): (place: RoomOrPerson) => boolean {
  return (place) => rooms.length === 0 || ('room' in place && rooms.includes(place.room));
}

function resultOf(endedBy: FrontEndResult['endedBy'] = { by: 'person' }): FrontEndResult {
  return { endedBy, refused: 0, unacknowledged: 0 };
}

/** @returns also what ends the command that runs, which has a second to end by itself */
function createTaker(session: Session, deps: ListenDeps): { take: Take; end: () => Promise<void> } {
  const { stdout, time, wanted } = deps;
  const nothing = async (): Promise<void> => {};
  stdout.on('error', () => {});
  if (wanted.as === 'text') {
    const take: Take = async (entry) => entry.type !== 'message' || written(stdout, plainLine(entry, time));
    return { take, end: nothing };
  }
  if (wanted.as === 'json') return { take: (entry) => written(stdout, jsonLine(entry)), end: nothing };
  return createCommandRuns(session, wanted.as.command, deps);
}

function createCommandRuns(session: Session, command: readonly string[], deps: ListenDeps) {
  const { env, clock } = deps;
  let running: ReturnType<typeof startCommand> | undefined;
  let ending = false;

  const take: Take = async (entry) => {
    // A command that posts must not answer itself.
    if (entry.from === session.name) return true;
    const options = {
      env,
      clock,
      line: jsonLine(entry),
      output: 'inherit',
      ms: listenLimits.commandMs,
    } as const;
    running = startCommand(command, options);
    const trouble = await running.ended;
    running = undefined;
    if (trouble !== undefined && !ending) {
      tell(`--exec: ${command[0]} ${trouble}, for ${entry.type} ${entry.seq}`, deps);
    }
    return true;
  };
  async function end(): Promise<void> {
    ending = true;
    const cancel = clock.after(listenLimits.closingMs, () => running?.end());
    await running?.ended;
    cancel();
  }
  return { take, end };
}

function jsonLine(entry: EntryEvent): string {
  return `${printableJson(entry)}\n`;
}

/** Resolves when there is room for more; with false where the text cannot be written. */
function written(stream: Writable, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    stream.write(text, (error) => resolve(error == null));
  });
}

function tell(words: string, { stderr }: ListenDeps): void {
  stderr.write(`secure-chat: ${printable(words)}\n`);
}
