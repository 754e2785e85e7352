/**
 * A command of the operator: through the control socket where a server runs on the data folder, on the folder itself
 * where none does. Knows both ways, not what commands do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RawFrame } from '../protocol/frame.js';
import { ControlError, callControl } from '../server/operator/control-socket.js';
import { StoreInUse } from '../store/store.js';
import { controlSocket, type Where } from './data-folder.js';
import { Exit, exitCode, refusal } from './exit.js';

/** They read the whole database, however large it is. */
const long: ReadonlySet<string> = new Set(['copy', 'damage']);

/** A command that makes an account holds the folder for a quarter of a second. */
const busyMs = 5_000;
const lookMs = 50;

/** @throws Exit with what was refused, or why nothing could be asked */
export async function operate(where: Where, command: string, args: RawFrame = {}): Promise<RawFrame> {
  for (const patient = Date.now() + busyMs; ; await pause(lookMs)) {
    try {
      return await operateNow(where, command, args);
    } catch (error) {
      // Another command is at work on the folder, or a server that starts or ends.
      const busy = error instanceof Exit && error.cause instanceof StoreInUse;
      if (!busy || Date.now() > patient) throw error;
    }
  }
}

async function operateNow({ data, io }: Where, command: string, args: RawFrame): Promise<RawFrame> {
  const socket = controlSocket(data);
  try {
    // Before a wait that has no end: whether it answers at all.
    if (long.has(command)) await callControl(socket, 'certificate', {});
    return await callControl(socket, command, args, long.has(command) ? 0 : undefined);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code !== 'not-running') throw controlExit(error);
  }
  // A whole server's code, which a running one spares.
  const { operateAlone } = await import('./operate-alone.js');
  return operateAlone({ data, io }, command, args);
}

function controlExit(error: ControlError): Exit {
  if (error.code === 'refused') return refusal(error);
  const code = error.code === 'unanswered' ? exitCode.unavailable : exitCode.io;
  return new Exit(code, error.message, { cause: error });
}
