/** How far an escape sequence of a terminal reaches. Knows its shape (ECMA-48), not what it means. */

/**
 * The offset after the sequence that begins with the ESC at `at`; undefined where more has to come to tell.
 * A sequence broken off by what cannot be in it ends before that. A lone ESC before another key has length 1.
 */
export function sequenceEnd(text: string, at: number): number | undefined {
  const second = text[at + 1];
  if (second === undefined) return undefined;
  if (second === '\x1b') return afterTwoEscapes(text, at);
  if (second === '[') return csiEnd(text, at);
  if (second === 'O') return ss3End(text, at);
  if (stringIntroducers.includes(second)) return stringEnd(text, at + 2);
  return at + 1 + ((text.codePointAt(at + 1) ?? 0) > 0xffff ? 2 : 1);
}

/** The offset after the end of a string that goes on at `from`; undefined where the end is not there yet. */
export function stringEnd(text: string, from: number): number | undefined {
  stringStop.lastIndex = from;
  const stop = stringStop.exec(text);
  if (stop === null) return undefined;
  if (stop[0] !== '\x1b') return stop.index + 1;
  const next = text[stop.index + 1];
  if (next === undefined) return undefined;
  // Any other sequence breaks the string off and is one itself.
  return next === '\\' ? stop.index + 2 : stop.index;
}

/** Begins a string of any length: OSC, DCS, SOS, PM, APC. */
export function isString(sequence: string): boolean {
  return stringIntroducers.includes(sequence[1] ?? ' ');
}

const stringIntroducers = ']PX^_';
// BEL, ST, CAN and SUB; ESC is the half of ST.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const stringStop = /[\x07\x18\x1a\x1b\x9c]/g;
// The function keys of the Linux console, the old mouse reports, rxvt's keys with Shift, and all the rest.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const csi = /\x1b\[(?:[[].|M.{3}|\d+\$|[0-?]*[ -/]*[@-LN-Z\\-~]|(?:[0-?]+[ -/]*|[ -/]+)M)/sy;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const csiBegun = /\x1b\[(?:\[|M.{0,2}|[0-?]*[ -/]*)$/sy;
const longestCsi = 64;

/** Some terminals send ESC before the sequence of a key for Alt. */
function afterTwoEscapes(text: string, at: number): number | undefined {
  const third = text[at + 2];
  if (third === undefined) return undefined;
  return third === '[' || third === 'O' ? sequenceEnd(text, at + 1) : at + 1;
}

function csiEnd(text: string, at: number): number | undefined {
  csi.lastIndex = at;
  if (csi.test(text)) return csi.lastIndex;
  csiBegun.lastIndex = at;
  if (text.length - at <= longestCsi && csiBegun.test(text)) return undefined;
  let end = at + 2;
  while (/[ -?]/.test(text.charAt(end))) end++;
  return end;
}

function ss3End(text: string, at: number): number | undefined {
  let end = at + 2;
  while (/[0-9;]/.test(text.charAt(end)) && end - at <= longestCsi) end++;
  const final = text[end];
  if (final === undefined) return undefined;
  return /[@-~]/.test(final) ? end + 1 : end;
}
