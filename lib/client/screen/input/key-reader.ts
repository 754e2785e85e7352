/** Turns the bytes a terminal sends into keys. Knows how fast they come, but neither the terminal nor what a key does. */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../../system/clock.js';
import { controlKey, isString, type Key, sequenceEnd, sequenceKey, stringEnd } from './keys.js';

export interface KeyReader {
  /** What the terminal sent: UTF-8, cut anywhere. Keys are reported before it returns, or after a pause. */
  push(chunk: Buffer | string): void;
  /** The terminal is gone: reports what is left and then `end`, once. */
  end(): void;
}

/** UTF-16 units of one paste; the rest of it is dropped. */
export const longestPaste = 2 ** 20;
/** A longer answer of the terminal is dropped. */
const longestReply = 256;

// The Escape key and the start of a sequence are the same byte: it was the key if nothing follows in this time.
const escapeMs = 100;
// The rest of a sequence or of a reply, on a slow line.
const sequenceMs = 500;
// Longer than between two chunks of a paste, shorter than between a paste and the next key.
const betweenChunksMs = 50;
// A line that stalls in the middle of a paste must not turn the rest into keys.
const pasteMs = 3_000;

// No key has so many parameters; the whole sequence is not kept.
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
const longCsi = /^\x1b{1,2}\[[ -?]{62}/;

const pasteStart = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/** What was read and is not a key yet. */
interface Reading {
  /** `quick`: a paste recognised by its speed alone. `string`: a reply; `csi`: a sequence that is being dropped. */
  mode: 'keys' | 'paste' | 'quick' | 'string' | 'csi';
  /** The beginning of a sequence. */
  begun: string;
  pasted: string;
  /** What is kept of the string that is being read. */
  string: string;
  readonly onKey: (key: Key) => void;
  readonly onReply: (sequence: string) => void;
}

/**
 * Several lines at once are a paste even if the terminal does not mark them as one. Sequences that stand for no
 * key never become text.
 * @param onReply gets each of them, such as an answer of the terminal, if it is whole and not long
 */
export function createKeyReader(
  onKey: (key: Key) => void,
  clock: Pick<Clock, 'after'>,
  onReply: (sequence: string) => void = () => {},
): KeyReader {
  const decoder = new StringDecoder('utf8');
  const reading: Reading = { mode: 'keys', begun: '', pasted: '', string: '', onKey, onReply };
  let ended = false;
  let cancel = (): void => {};

  return {
    push(chunk) {
      if (ended) return;
      cancel();
      take(reading, typeof chunk === 'string' ? chunk : decoder.write(chunk));
      const pause = pauseOf(reading);
      if (pause !== undefined) cancel = clock.after(pause, () => finish(reading));
    },
    end() {
      if (ended) return;
      ended = true;
      cancel();
      finish(reading);
      onKey({ kind: 'end' });
    },
  };
}

/** After how many milliseconds without input `finish` is due; undefined if nothing is unfinished. */
function pauseOf({ mode, begun }: Reading): number | undefined {
  if (mode === 'paste') return pasteMs;
  if (mode === 'quick') return betweenChunksMs;
  if (mode === 'string' || mode === 'csi' || begun.length > 2) return sequenceMs;
  return begun === '' ? undefined : escapeMs;
}

function take(reading: Reading, text: string): void {
  let rest = reading.begun + text;
  reading.begun = '';
  while (rest !== '') rest = takeSome(reading, rest);
}

/** Takes something off the front. @returns the rest, '' to wait for more */
function takeSome(reading: Reading, text: string): string {
  if (reading.mode === 'paste') return takePaste(reading, text);
  if (reading.mode === 'string') return takeString(reading, text);
  if (reading.mode === 'csi') return takeLongCsi(reading, text);
  const run = textRun(text);
  if (run !== '') {
    takeRun(reading, run);
    return text.slice(run.length);
  }
  if (reading.mode === 'quick') finishPaste(reading);
  if (text[0] === '\x1b') return takeSequence(reading, text);
  report(reading, controlKey(text.charAt(0)));
  return text.slice(1);
}

function takePaste(reading: Reading, text: string): string {
  const end = text.indexOf(pasteEnd);
  if (end < 0) {
    reading.begun = begunAtEnd(text, pasteEnd);
    gather(reading, text.slice(0, text.length - reading.begun.length));
    return '';
  }
  gather(reading, text.slice(0, end));
  finishPaste(reading);
  return text.slice(end + pasteEnd.length);
}

function takeString(reading: Reading, text: string): string {
  const end = stringEnd(text, 0);
  if (end === undefined) {
    reading.begun = begunAtEnd(text, '\x1b\\');
    keep(reading, text.slice(0, text.length - reading.begun.length));
    return '';
  }
  keep(reading, text.slice(0, end));
  if (reading.string.length <= longestReply) reading.onReply(reading.string);
  reading.string = '';
  reading.mode = 'keys';
  return text.slice(end);
}

/** With one unit more than is allowed it is too long. */
function keep(reading: Reading, text: string): void {
  reading.string += text.slice(0, longestReply + 1 - reading.string.length);
}

function takeRun(reading: Reading, run: string): void {
  if (reading.mode === 'keys' && hasSeveralLines(run)) reading.mode = 'quick';
  if (reading.mode === 'quick') gather(reading, run);
  else for (const key of typedKeys(run)) report(reading, key);
}

/** Drops the rest, up to its last character or to one that cannot be part of it. */
function takeLongCsi(reading: Reading, text: string): string {
  const end = text.search(/[^ -?]/);
  if (end < 0) return '';
  reading.mode = 'keys';
  return text.slice(/[@-~]/.test(text.charAt(end)) ? end + 1 : end);
}

function takeSequence(reading: Reading, text: string): string {
  const [long] = longCsi.exec(text) ?? [];
  if (long !== undefined) {
    reading.mode = 'csi';
    return text.slice(long.length);
  }
  const end = sequenceEnd(text, 0);
  if (end === undefined) {
    // An ESC right after it begins the end of an empty string, or the next key after Alt and this character.
    if (isString(text) && text.length > 2 && text.slice(2) !== '\x1b') reading.mode = 'string';
    reading.begun = reading.mode === 'string' ? begunAtEnd(text, '\x1b\\') : text;
    if (reading.mode === 'string') keep(reading, text.slice(0, text.length - reading.begun.length));
    return '';
  }
  const sequence = text.slice(0, end);
  const key = sequenceKey(sequence);
  if (sequence.endsWith(pasteStart)) reading.mode = 'paste';
  else if (key !== undefined) reading.onKey(key);
  else if (sequence.length <= longestReply) reading.onReply(sequence);
  return text.slice(end);
}

/** Nothing more came in time: reports what is there. */
function finish(reading: Reading): void {
  if (reading.mode === 'paste') gather(reading, reading.begun);
  if (reading.mode === 'paste' || reading.mode === 'quick') finishPaste(reading);
  else if (reading.mode === 'keys') for (const key of unfinishedKeys(reading.begun)) report(reading, key);
  reading.begun = '';
  reading.string = '';
  reading.mode = 'keys';
}

function gather(reading: Reading, text: string): void {
  reading.pasted += text.slice(0, longestPaste - reading.pasted.length);
}

function finishPaste(reading: Reading): void {
  const text = reading.pasted.replace(/\r\n?/g, '\n');
  reading.pasted = '';
  reading.mode = 'keys';
  if (text !== '') reading.onKey({ kind: 'paste', text });
}

function report({ onKey }: Reading, key: Key | undefined): void {
  if (key !== undefined) onKey(key);
}

/** Text, tabs and line ends, up to any other control character. */
function textRun(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const end = text.search(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
  return end < 0 ? text : text.slice(0, end);
}

/** Text, the end of its line, and more text. */
function hasSeveralLines(run: string): boolean {
  const start = run.search(/[^\t\r\n]/);
  const end = start < 0 ? -1 : run.slice(start).search(/[\r\n]/);
  return end >= 0 && /[^\t\r\n]/.test(run.slice(start + end));
}

function typedKeys(run: string): Key[] {
  return (run.match(/\r\n|[\r\n\t]|[^\r\n\t]+/g) ?? []).map((part) =>
    /[\r\n\t]/.test(part)
      ? { kind: 'key', name: part === '\t' ? 'tab' : 'enter' }
      : { kind: 'text', text: part },
  );
}

/** What the beginning of a sequence was: Escape, twice, or Alt and a character. Else nothing. */
function unfinishedKeys(begun: string): (Key | undefined)[] {
  if (begun === '\x1b\x1b') return [sequenceKey('\x1b'), sequenceKey('\x1b')];
  return begun !== '' && begun.length <= 2 ? [sequenceKey(begun)] : [];
}

/** The longest beginning of `mark`, not the whole, that `text` ends with. */
function begunAtEnd(text: string, mark: string): string {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return mark.slice(0, length);
  }
  return '';
}
