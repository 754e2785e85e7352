/** What a terminal sends, as keys. Knows bytes and how fast they come, neither a terminal nor what a key does. */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../../system/clock.js';
import { isString, sequenceEnd, stringEnd } from './escape-sequence.js';
import type { Key } from './key.js';
import { controlKey, sequenceKey } from './key-sequences.js';

export interface KeyReader {
  /** What the terminal sent: UTF-8, cut anywhere. Keys are told before it returns, or when it stays quiet. */
  push(chunk: Buffer | string): void;
  /** The terminal is gone: tells what is left and then `end`, once. */
  end(): void;
}

/** UTF-16 units of one paste; the rest of it is dropped. */
export const longestPaste = 2 ** 20;

// An Escape key and the start of a sequence are the same byte: it was the key if nothing follows for so long.
const escapeMs = 100;
// The rest of a sequence or of a reply, on a slow line.
const sequenceMs = 500;
// Nobody presses a key that soon after a paste; chunks of one paste follow each other faster.
const betweenChunksMs = 50;
// A line that stalls in the middle of a paste must not turn the rest into keys.
const pasteMs = 3_000;

const pasteStart = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/**
 * Several lines at once are a paste also where the terminal does not say so. Sequences that stand for no key
 * are dropped whole.
 */
export function createKeyReader(onKey: (key: Key) => void, clock: Pick<Clock, 'after'>): KeyReader {
  const decoder = new StringDecoder('utf8');
  // `quick` is a paste that only its speed tells; `string` a reply that is being dropped.
  let mode: 'keys' | 'paste' | 'quick' | 'string' = 'keys';
  let pending = '';
  let pasted = '';
  let ended = false;
  let callOff = (): void => {};

  function tell(key: Key | undefined): void {
    if (key !== undefined) onKey(key);
  }

  function gather(text: string): void {
    pasted += text.slice(0, longestPaste - pasted.length);
  }

  function finishPaste(): void {
    const text = pasted.replace(/\r\n?/g, '\n');
    pasted = '';
    mode = 'keys';
    if (text !== '') onKey({ kind: 'paste', text });
  }

  /** Each of these takes something off the front and gives the rest; '' to wait for more. */
  function takePaste(text: string): string {
    const end = text.indexOf(pasteEnd);
    if (end < 0) {
      pending = begunAtEnd(text, pasteEnd);
      gather(text.slice(0, text.length - pending.length));
      return '';
    }
    gather(text.slice(0, end));
    finishPaste();
    return text.slice(end + pasteEnd.length);
  }

  function takeString(text: string): string {
    const end = stringEnd(text, 0);
    if (end === undefined) {
      pending = begunAtEnd(text, '\x1b\\');
      return '';
    }
    mode = 'keys';
    return text.slice(end);
  }

  function takeRun(run: string): void {
    if (mode === 'keys' && hasSeveralLines(run)) mode = 'quick';
    if (mode === 'quick') gather(run);
    else typedKeys(run).forEach(tell);
  }

  function takeKey(text: string): string {
    const run = textRun(text);
    if (run !== '') {
      takeRun(run);
      return text.slice(run.length);
    }
    if (mode === 'quick') finishPaste();
    if (text[0] !== '\x1b') {
      tell(controlKey(text.charAt(0)));
      return text.slice(1);
    }
    return takeSequence(text);
  }

  function takeSequence(text: string): string {
    const end = sequenceEnd(text, 0);
    if (end === undefined) {
      if (isString(text) && text.length > 2) mode = 'string';
      pending = mode === 'string' ? begunAtEnd(text, '\x1b\\') : text;
      return '';
    }
    const sequence = text.slice(0, end);
    if (sequence.endsWith(pasteStart)) mode = 'paste';
    else tell(sequenceKey(sequence));
    return text.slice(end);
  }

  function take(text: string): void {
    let rest = pending + text;
    pending = '';
    while (rest !== '') {
      if (mode === 'paste') rest = takePaste(rest);
      else if (mode === 'string') rest = takeString(rest);
      else rest = takeKey(rest);
    }
  }

  /** Nothing more came in time: what is there is all there is. */
  function settle(): void {
    if (mode === 'paste') gather(pending);
    if (mode === 'paste' || mode === 'quick') finishPaste();
    else if (mode === 'keys') unfinishedKeys(pending).forEach(tell);
    pending = '';
    mode = 'keys';
  }

  function wait(): void {
    if (mode === 'paste') callOff = clock.after(pasteMs, settle);
    else if (mode === 'quick') callOff = clock.after(betweenChunksMs, settle);
    else if (mode === 'string' || pending.length > 2) callOff = clock.after(sequenceMs, settle);
    else if (pending !== '') callOff = clock.after(escapeMs, settle);
  }

  return {
    push(chunk) {
      if (ended) return;
      callOff();
      take(typeof chunk === 'string' ? chunk : decoder.write(chunk));
      wait();
    },
    end() {
      if (ended) return;
      ended = true;
      callOff();
      settle();
      onKey({ kind: 'end' });
    },
  };
}

/** Text and the keys that are also white space, up to any other control character. */
function textRun(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what ends it
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

/** What was meant by the beginning of a sequence: Escape, twice, or Alt and the character. Else nothing. */
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
