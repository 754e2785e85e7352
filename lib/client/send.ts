/** Sends messages and files for a script, and shows only what goes wrong. Knows a session and streams, no command line. */
import { Readable, type Writable } from 'node:stream';
import { ProtocolError } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import { messageText } from '../protocol/message-text.js';
import type { Recipient } from '../protocol/names.js';
import { printable } from '../protocol/printable.js';
import { enterRoom } from './enter-room.js';
import { createListener, type FrontEnd, type OpenTransfers } from './front-end.js';
import { createPipe, lineLimit, type Pipe } from './pipe.js';
import type { Session, SessionEvent } from './session/session.js';
import { excerpt, failureWords, isOver, statusWords, transferWords } from './text/wording.js';
import type { Transfer } from './transfer/transfer.js';
import { ConnectionLost } from './wire/connection.js';

interface SendDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly openTransfers: OpenTransfers;
  readonly wanted: SendWanted;
}

export interface SendWanted {
  /** A room that this person is not in is joined first, if there is one of that name. */
  readonly to: Recipient;
  /** One message, sent first. */
  readonly text?: string;
  /** Paths, sent before what comes from stdin. */
  readonly files: readonly string[];
  /** What comes from stdin: a message for each line that is not blank, one message, or nothing. */
  readonly input: 'lines' | 'whole' | 'none';
}

/** What the parts below share. */
interface Job {
  readonly deps: SendDeps;
  readonly session: Session;
  readonly pipe: Pipe;
}

/** Its result counts what was refused by the server or before that. */
export function createSend(deps: SendDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    run(session) {
      const stdin = deps.wanted.input === 'lines' ? deps.stdin : Readable.from([]);
      const pipe = createPipe({
        ...{ ...deps, stdin },
        onRefused: (text, why) => tell(deps, `not sent: "${excerpt(text)}": ${failureWords(why)}`),
      });
      const job: Job = { deps, session, pipe };
      const files = createFiles(job);
      deps.stderr.on('error', () => {});
      open((event) => {
        if (event.kind === 'synced') files.resume();
        show(event, deps);
        pipe.notice(event);
      });
      pipe.inTurn(begin(job, files));
      return pipe.run(session, {
        onLine(line) {
          if ('tooLong' in line) refuse(job, `a line of more than ${lineLimit} characters`);
          else if (line.text.trim() !== '') post(line.text, job);
          return undefined;
        },
        before: files.cancel,
      });
    },
  };
}

/** All that does not come line by line. Never rejects. */
async function begin(job: Job, files: ReturnType<typeof createFiles>): Promise<void> {
  const { pipe, deps, session } = job;
  const { to, text, files: paths, input } = deps.wanted;
  try {
    if ('room' in to) await enterRoom(session.ask, to.room);
    if (text !== undefined) post(text, job);
    for (const path of paths) await files.send(path);
    if (input === 'whole') post(await readWhole(deps.stdin), job);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof ConnectionLost)) throw error;
    refuse(job, error.message);
    pipe.close();
  }
}

function post(text: string, job: Job): void {
  const { deps, session, pipe } = job;
  try {
    pipe.say(session, { ...deps.wanted.to, text: messageText(text) });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refuse(job, `"${excerpt(text)}": ${error.message}`);
  }
}

function show(event: SessionEvent, deps: SendDeps): void {
  if (event.kind === 'status' && (event.status.state === 'waiting' || event.status.state === 'connecting')) {
    const words = statusWords(event.status);
    if (words !== undefined) tell(deps, words);
  }
}

function refuse(job: Job, what: string): void {
  job.pipe.refuse();
  tell(job.deps, `not sent: ${what}`);
}

function tell({ stderr }: SendDeps, words: string): void {
  stderr.write(`secure-chat: ${printable(words)}\n`);
}

/** Files, one after the other. */
function createFiles(job: Job) {
  const { deps, session, pipe } = job;
  const over = new Map<number, () => void>();
  const transfers = deps.openTransfers(session, (transfer: Transfer) => {
    if (!isOver(transfer)) return;
    if (transfer.progress.state === 'failed') {
      pipe.refuse();
      tell(deps, transferWords(transfer));
    }
    over.get(transfer.id)?.();
  });

  return {
    resume: transfers.resume,
    cancel: () => void transfers.close(),
    send(path: string): Promise<void> {
      return new Promise((resolve) => {
        over.set(transfers.send(path, deps.wanted.to).id, resolve);
      });
    },
  };
}

/** @throws ProtocolError `message-too-long` */
async function readWhole(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > lineLimit) {
      const most = limits.messageBytes;
      throw new ProtocolError('message-too-long', `The input is longer than a message of ${most} bytes.`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
