/** What a terminal could send, in any pieces, for the reader of keys and for the prompts. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { createKeyReader } from '../../lib/client/screen/input/key-reader.js';
import type { Key } from '../../lib/client/screen/input/keys.js';
import { createClackPrompter } from '../../lib/client/sign-in/clack-prompter.js';
import { Cancelled } from '../../lib/client/sign-in/sign-in-questions.js';
import { hostileText } from '../fixtures/hostile-text.js';
import { pieces } from './byte-changes.js';
import { createFakeClock } from './fake-clock.js';
import { settle } from './streams.js';

const esc = '\x1b';
const parts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        'a',
        'hello ',
        '\u00e9',
        '\u{1f468}\u200d\u{1f469}',
        '\r',
        '\n',
        '\t',
        '\x03',
        '\x04',
        '\x1a',
        '\x7f',
      ],
      ...[esc, `${esc}${esc}`, `${esc}[A`, `${esc}[1;5D`, `${esc}OP`, `${esc}b`, `${esc}[`, `${esc}[200~`],
      ...[`${esc}[201~`, `${esc}[<0;10;20M`, `${esc}[M !!`, `${esc}]11;rgb:ffff/ffff/ffff\x07`, `${esc}P>|x`],
      ...[`${esc}\\`, '\x9b31m', `${esc}[I`, `${esc}[97;5u`, `${esc}[${'1'.repeat(300)}`, '~', ';', '9'],
    ),
  },
  fc.constantFrom(...hostileText.map(({ text }) => text.slice(0, 100))),
);

export interface KeyRun {
  readonly bytes: Buffer;
  /** Of the pieces that it comes in. */
  readonly sizes: readonly number[];
  /** Milliseconds after a piece. */
  readonly waits: readonly number[];
}

export const keyRuns: fc.Arbitrary<KeyRun> = fc
  .tuple(
    fc.array(fc.oneof(parts.map(Buffer.from), fc.uint8Array({ maxLength: 4 })), {
      maxLength: 30,
      size: 'max',
    }),
    fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constantFrom(0, 0, 0, 10, 50, 100, 500, 3_000), { minLength: 1, maxLength: 4 }),
  )
  .map(([list, sizes, waits]) => ({ bytes: Buffer.concat(list), sizes, waits }));

/** The same keys come of the same bytes, whole or in pieces. */
export function runKeys({ bytes, sizes, waits }: KeyRun): void {
  // A CR LF that is cut in two is two line ends: no key sends it, and a paste is gathered first.
  const clean = Buffer.from(bytes.toString('latin1').replace(/\r\n/g, '\n'), 'latin1');
  const [whole, cut] = [read([clean], [0]), read(pieces(clean, sizes), [0])];
  if (whole !== cut) throw new Error(`${JSON.stringify(whole)} whole, ${JSON.stringify(cut)} in pieces`);
  read(pieces(bytes, sizes), waits);
}

/** What was typed, one way for all ways to report it: texts, pastes and line ends depend on the pieces. */
function read(chunks: readonly Buffer[], waits: readonly number[]): string {
  const clock = createFakeClock();
  const keys: Key[] = [];
  const reader = createKeyReader((key) => void keys.push(key), clock);
  for (const [turn, chunk] of chunks.entries()) {
    reader.push(chunk);
    clock.advance(waits[turn % waits.length] ?? 0);
  }
  clock.advance(10_000);
  reader.end();
  reader.end();
  clock.advance(10_000);
  if (clock.pending > 0) throw new Error('A timer is left.');
  if (keys.filter(({ kind }) => kind === 'end').length !== 1) throw new Error('Not one end.');
  return keys.map(written).join('');
}

function written(key: Key): string {
  switch (key.kind) {
    case 'text':
    case 'paste':
      return key.text;
    case 'key':
      return key.name === 'enter' ? '\n' : key.name === 'tab' ? '\t' : `<${key.name}>`;
    case 'focus':
      return `<${key.focused}>`;
    case 'end':
      return '<end>';
    default:
      return key satisfies never;
  }
}

export type PromptKind = 'text' | 'password' | 'confirm' | 'select';

/** A prompt takes any bytes, and Ctrl-C still ends it. @returns the answer, or how it was cancelled */
export async function runPrompt(kind: PromptKind, { bytes, sizes }: KeyRun): Promise<unknown> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const stdout = Object.assign(new PassThrough(), { columns: 60, rows: 24, isTTY: true });
  stdout.resume();
  const { signal: stop } = new AbortController();
  const prompter = createClackPrompter({ stdin, stdout, stop, suspend: async () => {} });
  const message = 'Well?';
  let answer: unknown;
  const asked: Promise<unknown> =
    kind === 'select'
      ? prompter.select({ message, options: [{ value: 'a', label: 'A' }] })
      : prompter[kind]({ message });
  const ended = asked.then(
    (value) => {
      answer = { value };
    },
    (error: unknown) => {
      if (!(error instanceof Cancelled)) throw error;
      answer = error.how;
    },
  );
  for (const piece of pieces(bytes, sizes)) {
    stdin.write(piece);
    await settle(1);
  }
  await settle(3);
  // The first may end a sequence that was begun.
  for (let press = 0; press < 3 && answer === undefined; press++) {
    stdin.write('\x03');
    await settle(3);
  }
  stdin.destroy();
  if (answer === undefined) throw new Error('Ctrl-C does not end it.');
  await ended;
  return answer;
}
