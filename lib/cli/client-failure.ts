/** How a client command ends: the exit code and sentence of each failure. */
import type { FrontEndResult } from '../client/front-end.js';
import { Cancelled } from '../client/sign-in/sign-in-questions.js';
import { AnswerMissing } from '../client/sign-in/sign-in-unattended.js';
import { UntrustedServer } from '../client/sign-in/trust-decision.js';
import { endWords, refusalWords } from '../client/text/wording.js';
import { ConnectionLost } from '../client/wire/connection.js';
import { NotSecureChat, Unreachable } from '../client/wire/handshake.js';
import { type ErrorCode, isAboutServer, ProtocolError } from '../protocol/errors.js';
import { printable } from '../protocol/printable.js';
import { KnownHostsError } from '../trust/known-hosts.js';
import { Exit, type ExitName } from './command.js';
import { signalExit } from './stop.js';

/** The exit for an error before or during sign-in; other errors are returned as they are. */
export function failureExit(error: unknown): unknown {
  if (error instanceof Cancelled) {
    return new Exit(error.how === 'declined' ? 'refused' : 'interrupted');
  }
  if (error instanceof UntrustedServer) return new Exit('untrusted', error.message);
  if (error instanceof AnswerMissing) return new Exit('usage', error.message);
  if (error instanceof KnownHostsError) {
    const badFile = ['link', 'malformed', 'contradictory'].includes(error.code);
    return new Exit(badFile ? 'configuration' : 'io', error.message);
  }
  if (error instanceof ProtocolError) return new Exit(refusalCode(error.code), refusalWords(error));
  if (error instanceof ConnectionLost && error.closing !== undefined) {
    return new Exit(refusalCode(error.closing.code), refusalWords(error.closing));
  }
  if (error instanceof Unreachable || error instanceof ConnectionLost || error instanceof NotSecureChat) {
    return new Exit('unavailable', printable(error.message));
  }
  return error;
}

/** The exit for a session that ended; undefined for success. */
export function resultExit({ endedBy: how, refused, unacknowledged }: FrontEndResult): Exit | undefined {
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
      if (code !== 'ok') return new Exit(code, `${endWords(how.end)} ${unsent}`.trim());
      if (how.end.why === 'logged-out') closing = endWords(how.end);
      break;
    }
    case 'person':
      break;
    default:
      return how satisfies never;
  }
  if (unacknowledged > 0) return new Exit('unavailable', `${closing} ${unsent}`.trim());
  if (refused > 0) {
    // Lines of stdin, an argument, files.
    const all = refused === 1 ? 'One was' : `${refused} were`;
    return new Exit('data', `${closing} ${all} refused; see above.`.trim());
  }
  return closing === '' ? undefined : new Exit('ok', closing);
}

function endCode(end: Extract<FrontEndResult['endedBy'], { by: 'session' }>['end']): ExitName {
  switch (end.why) {
    case 'quit':
    case 'logged-out':
      return 'ok';
    case 'refused':
      return refusalCode(end.code);
    case 'lost':
      return 'unavailable';
    case 'distrusted':
      return 'untrusted';
    default:
      return end satisfies never;
  }
}

function refusalCode(code: ErrorCode): ExitName {
  return isAboutServer(code) ? 'unavailable' : 'refused';
}
