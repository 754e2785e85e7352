/** The request table: one row per request, and how a frame is answered by its row. Knows no sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import type { RawFrame } from '../../protocol/frame.js';
import { parseRequest, type Request, type RequestType, requestId } from '../../protocol/requests.js';
import type { App } from '../app.js';
import type { Log } from '../log.js';
import { accountRows } from './account.js';
import { messageRows } from './messages.js';
import { peopleRows } from './people.js';
import { roomRows } from './rooms.js';
import type { Answer, Caller, RequestRow, RequestRows } from './row.js';
import { signInRows } from './sign-in.js';

export const requestTable: RequestRows<RequestType> = {
  ...signInRows,
  ...messageRows,
  ...roomRows,
  ...peopleRows,
  ...accountRows,
};

export interface AnswerDeps {
  readonly app: App;
  readonly log: Log;
}

/** Answers one request. @returns a promise if the next request has to wait for this one */
export function answerFrame(frame: RawFrame, caller: Caller, deps: AnswerDeps): Promise<void> | undefined {
  const re = requestId(frame);
  try {
    const request = parseRequest(frame);
    if (re === 0) throw new ProtocolError('bad-request', 'A request needs an id.');
    const row = requestTable[request.type] as RequestRow<RequestType>;
    const answer = run(row, request, caller, deps.app);
    if (!(answer instanceof Promise)) {
      grant(caller, re, answer);
      return undefined;
    }
    const answered = answer.then(
      (fields) => grant(caller, re, fields),
      (error: unknown) => refuse(caller, re, error, deps.log),
    );
    return row.needs === 'open' && row.concurrent === true ? undefined : answered;
  } catch (error) {
    refuse(caller, re, error, deps.log);
    return undefined;
  }
}

function run(row: RequestRow<RequestType>, request: Request, caller: Caller, app: App) {
  switch (row.needs) {
    case 'nothing':
      return row.run(caller, request as never);
    case 'greeting':
      if (caller.phase !== 'greeting') {
        throw new ProtocolError('already-signed-in', 'You are already signed in.');
      }
      caller.beginSignIn();
      return row.run(app, caller, request as never);
    case 'open':
      if (caller.phase !== 'open' || caller.member === undefined) {
        throw new ProtocolError('not-signed-in', 'Sign in first.');
      }
      return row.run(app, caller.member, request as never);
    default:
      return row satisfies never;
  }
}

function grant(caller: Caller, re: number, fields: Answer): void {
  if (fields !== undefined) caller.reply({ type: 'ok', re, ...fields });
  caller.granted();
}

function refuse(caller: Caller, re: number, error: unknown, log: Log): void {
  if (!(error instanceof ProtocolError)) {
    log.error('request failed', error, { name: caller.member?.account.name });
  }
  const { code, message, retryAfter } = error instanceof ProtocolError ? error : internalError();
  caller.reply({ type: 'error', re, code, message, ...(retryAfter !== undefined && { retryAfter }) });
  caller.refused(code, message);
}

function internalError(): ProtocolError {
  return new ProtocolError('internal', "Internal server error. The reason is in the server's log.");
}
