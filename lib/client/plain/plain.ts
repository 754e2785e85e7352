/**
 * The plain front end: messages and what commands answer go to stdout, a line each, notices to stderr; lines come from
 * stdin. Knows streams and words, no terminal.
 */
import type { Readable, Writable } from 'node:stream';
import { printable } from '../../protocol/printable.js';
import type { Message } from '../../protocol/records.js';
import { createAwayStatus } from '../commands/away-status.js';
import { createListener, type FrontEnd, type OpenTransfers } from '../front-end.js';
import type { OpenHooks } from '../hooks.js';
import { createPipe } from '../pipe.js';
import { createReadMarks } from '../session/read-marks.js';
import type { LocalTime } from '../text/local-time.js';
import { continuation, plainMessage } from '../text/plain-message.js';
import { excerpt, failureWords, isOver, percentOf, transferWords } from '../text/wording.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';
import { createEventLines } from './event-lines.js';
import { createTypedLines } from './typed-lines.js';

interface PlainDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly time: LocalTime;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  /** Calls back once after about a second, without keeping the process alive. */
  readonly later: (callback: () => void) => void;
  readonly openTransfers: OpenTransfers;
  readonly openHooks?: OpenHooks | undefined;
  /** A person types, and sees a refusal before typing the next line. */
  readonly typed: boolean;
  /** About the chat that is hosted by this program; shown at the start. */
  readonly hosted?: readonly string[] | undefined;
}

export function createPlainFrontEnd(deps: PlainDeps): FrontEnd {
  const { stdout, stderr, time } = deps;
  const { listener, open } = createListener();
  const show = (words: string, at?: string | number): void => void stderr.write(noticeLines(words, time, at));
  const answer = (words: string): void => void stdout.write(noticeLines(words, time));
  const print = (message: Message): void => void stdout.write(plainMessage(message, time));
  const pipe = createPipe({
    ...deps,
    onRefused: (text, why) => show(`not sent: "${excerpt(text)}": ${failureWords(why)}`),
  });
  return {
    listener,
    async run(session, _servers, stay) {
      const marks = createReadMarks({ session, later: deps.later });
      const reports = createTransferReports(show, pipe.refuse);
      const transfers = deps.openTransfers(session, reports.report);
      const shared = { ...deps, session, stay, marks, transfers, show, print };
      const away = createAwayStatus({ session, show });
      const typed = createTypedLines({ ...shared, away, pipe, answer, idle: () => reports.idle(transfers) });
      const showEvent = createEventLines({ ...shared, away });
      const hooks = deps.openHooks?.(session, show);
      open((event) => {
        showEvent(event);
        if (event.kind === 'event') typed.notice(event.event);
        hooks?.notice(event);
        pipe.notice(event);
      });
      // Without a reader of stderr, messages still go to stdout.
      stderr.on('error', () => {});
      const result = await pipe.run(session, { onLine: typed.take, before: marks.flush });
      await hooks?.close();
      return result;
    },
  };
}

/** One line, or several for a text of several. */
function noticeLines(words: string, time: LocalTime, at: string | number = time.now()): string {
  const [first = '', ...more] = printable(words, { newlines: true }).split('\n');
  const all = [`${time.minute(at)} -- ${first}`, ...more.map((line) => continuation + line)];
  return all.map((line) => `${line}\n`).join('');
}

/** Transfers as lines: one at each change of state, and at each quarter. */
function createTransferReports(show: (words: string) => void, failed: () => void) {
  // The stage of each that was shown last.
  const shown = new Map<number, string>();
  let waiting: (() => void)[] = [];

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  }

  return {
    report(transfer: Transfer): void {
      const { id, direction, progress } = transfer;
      const quarter = Math.floor((percentOf(transfer) ?? 0) / 25);
      const stage = progress.state === 'moving' ? `moving ${quarter}` : progress.state;
      // The message with the file says that it was sent.
      const announced = direction === 'send' && progress.state === 'done';
      if (!announced && shown.get(id) !== stage) show(transferWords(transfer));
      shown.set(id, stage);
      if (!isOver(transfer)) return;
      shown.delete(id);
      if (progress.state === 'failed') failed();
      wake();
    },
    /** Resolves when no transfer is in progress. */
    async idle(transfers: Pick<Transfers, 'current'>): Promise<void> {
      while (transfers.current.length > 0) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
  };
}
