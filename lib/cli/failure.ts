/** What each failure of a client means to whoever started it: an exit code and a sentence. */

import type { Leave } from '../client/front-end.js';
import { Cancelled } from '../client/sign-in/prompter.js';
import { AnswerMissing } from '../client/sign-in/sign-in-unattended.js';
import { Untrusted } from '../client/sign-in/trust-decision.js';
import { endWords, refusalWords } from '../client/text/wording.js';
import { ConnectionLost, NotSecureChat, Unreachable } from '../client/wire/errors.js';
import { type ErrorCode, ProtocolError } from '../protocol/errors.js';
import { printable } from '../protocol/printable.js';
import { KnownHostsError } from '../trust/known-hosts.js';
import { Exit, type ExitCode, exitCode } from './exit.js';
import { signalExit } from './stop.js';

/** Refusals that say something about the server's state, not about who asks. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'internal',
  'server-full',
  'shutting-down',
  'slow-consumer',
  'timed-out',
  'too-many-connections',
  'bad-frame',
  'frame-too-large',
]);

/** The exit that an error on the way into a session stands for; other errors come back as they are. */
export function failureExit(error: unknown): unknown {
  if (error instanceof Cancelled) {
    return new Exit(error.how === 'declined' ? exitCode.refused : exitCode.interrupted);
  }
  if (error instanceof Untrusted) return new Exit(exitCode.untrusted, error.message);
  if (error instanceof AnswerMissing) return new Exit(exitCode.usage, error.message);
  if (error instanceof KnownHostsError) {
    const badFile = error.code === 'malformed' || error.code === 'contradictory';
    return new Exit(badFile ? exitCode.configuration : exitCode.io, error.message);
  }
  if (error instanceof ProtocolError) return new Exit(refusalCode(error.code), refusalWords(error));
  if (error instanceof ConnectionLost && error.closing !== undefined) {
    return new Exit(refusalCode(error.closing.code), refusalWords(error.closing));
  }
  if (error instanceof Unreachable || error instanceof ConnectionLost || error instanceof NotSecureChat) {
    return new Exit(exitCode.unavailable, printable(error.message));
  }
  return error;
}

/** How a session that was left ends the command; undefined where all is well. */
export function leaveExit({ how, refused, unacknowledged }: Leave): Exit | undefined {
  let closing = '';
  const unsent =
    unacknowledged === 0
      ? ''
      : `${unacknowledged === 1 ? 'One message was' : `${unacknowledged} messages were`} not acknowledged and may be lost.`;
  switch (how.by) {
    case 'signal':
      return new Exit(signalExit[how.signal], unsent);
    case 'session': {
      const code = endCode(how.end);
      if (code !== exitCode.ok) return new Exit(code, `${endWords(how.end)} ${unsent}`.trim());
      if (how.end.why === 'logged-out') closing = endWords(how.end);
      break;
    }
    case 'person':
      break;
    default:
      return how satisfies never;
  }
  if (unacknowledged > 0) return new Exit(exitCode.unavailable, `${closing} ${unsent}`.trim());
  if (refused > 0) {
    const lines = refused === 1 ? 'One line was' : `${refused} lines were`;
    return new Exit(exitCode.data, `${closing} ${lines} refused; see above.`.trim());
  }
  return closing === '' ? undefined : new Exit(exitCode.ok, closing);
}

function endCode(end: Extract<Leave['how'], { by: 'session' }>['end']): ExitCode {
  switch (end.why) {
    case 'quit':
    case 'logged-out':
      return exitCode.ok;
    case 'refused':
      return refusalCode(end.code);
    case 'lost':
      return exitCode.unavailable;
    case 'distrusted':
      return exitCode.untrusted;
    default:
      return end satisfies never;
  }
}

function refusalCode(code: ErrorCode): ExitCode {
  return passing.has(code) ? exitCode.unavailable : exitCode.refused;
}
