/** The built program on a terminal of its own: keys in, the screen as an emulator renders it out. */
import { fileURLToPath } from 'node:url';
import {
  openPseudoTerminal,
  type PseudoTerminal,
  type PseudoTerminalOptions,
} from '../../scripts/screen/pseudo-terminal.js';

const script = fileURLToPath(new URL('../../bin/secure-chat.js', import.meta.url));

export type Terminal = PseudoTerminal;

export function openTerminal(args: readonly string[], options: PseudoTerminalOptions): Terminal {
  return openPseudoTerminal([process.execPath, script, ...args], options);
}
