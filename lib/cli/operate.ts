/**
 * A command of the operator: through the control socket where a server runs on the data folder, on the folder itself
 * where none does. Knows both ways, not what commands do.
 */
import type { RawFrame } from '../protocol/frame.js';
import { ControlError, callControl } from '../server/control.js';
import { controlSocket, type Where } from './data-folder.js';
import { refusal } from './exit.js';

/** They read the whole database, however large it is. */
const long: ReadonlySet<string> = new Set(['copy', 'damage']);

/** @throws Exit with what was refused, or why nothing could be asked */
export async function operate({ data, io }: Where, command: string, args: RawFrame = {}): Promise<RawFrame> {
  try {
    return await callControl(controlSocket(data), command, args, long.has(command) ? 0 : undefined);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code === 'refused') throw refusal(error);
  }
  // A whole server's code, which a running one spares.
  const { operateAlone } = await import('./operate-alone.js');
  return operateAlone({ data, io }, command, args);
}
