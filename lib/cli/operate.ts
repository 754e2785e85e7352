/**
 * Runs an operator command: through the control socket of a running server, otherwise on the data folder itself.
 * Knows both ways, not what the commands do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RawFrame } from '../protocol/frame.js';
import { ControlError, callControl } from '../server/operator/control-socket.js';
import { StoreInUse } from '../store/store.js';
import { Exit } from './command.js';
import { controlSocket } from './folders.js';
import type { OperatorContext } from './operator-context.js';

/** They read the whole database, and may take long. */
const slow: ReadonlySet<string> = new Set(['copy', 'damage']);

/** A command that creates an account holds the folder for a quarter of a second. */
const busyMs = 5_000;
const retryMs = 50;

/** For the help of commands that use `operate`. */
export const operateExits = [
  ['unavailable', 'the running server does not respond'],
  ['io', 'the data folder cannot be read or written'],
  ['configuration', 'no server data in the folder'],
] as const;

/** @throws Exit with the refusal, or why the command could not run */
export async function operate(
  where: OperatorContext,
  command: string,
  args: RawFrame = {},
): Promise<RawFrame> {
  for (const deadline = Date.now() + busyMs; ; await pause(retryMs)) {
    try {
      return await operateNow(where, command, args);
    } catch (error) {
      // Another command uses the folder, or a server is starting or ending.
      const busy = error instanceof Exit && error.cause instanceof StoreInUse;
      if (!busy || Date.now() > deadline) throw error;
    }
  }
}

async function operateNow(where: OperatorContext, command: string, args: RawFrame): Promise<RawFrame> {
  const socket = controlSocket(where.data);
  try {
    // Before a wait without a limit: does it respond at all?
    if (slow.has(command)) await callControl(socket, 'certificate', {});
    return await callControl(socket, command, args, slow.has(command) ? 0 : undefined);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code !== 'not-running') throw controlExit(error);
  }
  // Loads the whole server's code, so only when needed.
  const { operateOffline } = await import('./operate-offline.js');
  return operateOffline(where, command, args);
}

function controlExit(error: ControlError): Exit {
  const { code } = error;
  const how = code === 'refused' ? code : code === 'unanswered' ? 'unavailable' : 'io';
  return new Exit(how, error.message, { cause: error });
}
