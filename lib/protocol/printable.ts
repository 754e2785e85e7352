/**
 * The one place that decides which characters may reach a terminal, a log or the store. Knows Unicode, not what
 * the text is for.
 */

/** More marks on one base are drawn over its neighbours; real scripts need four at most. */
const marksPerBase = 4;
const zwj = '\u200d';
const vs16 = '\ufe0f';
const keycap = '\u20e3';

const plainLine = /^[\x20-\x7e]*$/;
const plainLines = /^[\x20-\x7e\n]*$/;

// Unicode's mandatory line breaks (UAX #14: BK, CR, LF, NL).
const lineBreak = /\r\n?|[\n\v\f\x85\u2028\u2029]/g;
// The no-break space and the ideographic space are ordinary typing; every other kind becomes a space.
const oddSpace = /(?![\u00a0\u3000])[\t\p{Zs}]/gu;
// Controls, formats, lone surrogates, private use, unassigned and default-ignorables. The lookahead exempts the
// line feed, what `shape` decides by context, and the formats that are visible number signs.
const unprintable =
  /(?!\n|\u200c|\u200d|\ufe0f|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{C}\p{Default_Ignorable_Code_Point}]/gu;

// Characters that attach to the one before. U+FE0F is a mark too; the modifiers are the skin tones.
const attached = /[\p{M}\p{Emoji_Modifier}\u200c\u200d]+/gu;
// The longest real sequences (a family, a kiss with skin tones) have three joiners; a longer one is a single
// grapheme of any width.
const longEmojiSequence =
  /((?:\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?\u200d){3}\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)\u200d/gu;

const joiner = /^[\u200c\u200d]$/;
const emoji = /^\p{Extended_Pictographic}$/u;
const joinableEmoji = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u;
const skinTone = /^\p{Emoji_Modifier}$/u;
const keycapBase = /^[0-9#*]$/;
const letterOrMark = /^[\p{L}\p{M}]$/u;
// Arabic-like scripts join letters by shape, Indic scripts by virama; both need joiners for correct spelling.
// Made by the first joiner: it takes 2 ms, which every start would wait for.
let joiningScript: RegExp | undefined;
const makeJoiningScript = () =>
  new RegExp(
    `^[${[
      ...['Arab', 'Syrc', 'Mand', 'Mong', 'Phag', 'Nkoo', 'Adlm', 'Rohg', 'Sogd'],
      ...['Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym', 'Sinh'],
      ...['Newa', 'Tirh', 'Gran', 'Cakm', 'Java', 'Bali', 'Sund', 'Khmr', 'Mymr', 'Tibt'],
    ]
      .map((script) => `\\p{Script_Extensions=${script}}`)
      .join('')}]$`,
    'u',
  );
const virama = /^[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]$/;

// Assigned and not white space, but invisible: Braille, Khitan, musical and Egyptian blanks.
const inklessMarks = '\\u2800\\u{16fe4}\\u{1d159}\\u{13441}\\u{13442}';
const inkless = new RegExp(`[\\s${inklessMarks}]`, 'gu');

interface PrintableOptions {
  /** Turn every line break into a line feed. Otherwise they become spaces. */
  readonly newlines?: boolean;
}

/**
 * Removes everything that could drive a terminal, reorder or hide text, or be drawn over its neighbours; the
 * result is in NFC. Control characters are removed; the rest of an escape sequence stays as plain text.
 *
 * Idempotent, in linear time. The result can be longer than the text (NFC takes some letters apart), at most
 * three times.
 */
export function printable(text: string, options: PrintableOptions = {}): string {
  const newlines = options.newlines === true;
  if ((newlines ? plainLines : plainLine).test(text)) return text;
  let shaped = text
    .replace(lineBreak, newlines ? '\n' : ' ')
    .replace(oddSpace, ' ')
    .replace(unprintable, '');
  // Repeated to the fixed point: removing a mark can remove what a joiner beside it needs. A round acts on
  // single runs of at most four marks, so a few rounds are enough for any length.
  for (;;) {
    const next = shape(shaped);
    if (next === shaped) return next;
    shaped = next;
  }
}

// What is not seen, moves or hides other text, or is drawn over it. Wider than what `printable` removes, since nothing is lost.
const escaped = new RegExp(
  `(?! )[\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}${inklessMarks}]|\\p{M}{${marksPerBase + 1},}`,
  'gu',
);

/** JSON on one line, with an escape for every character that `printable` could remove; it parses to the same value. */
export function printableJson(value: object): string {
  const json = JSON.stringify(value);
  return plainLine.test(json) ? json : escapeUnprintable(json);
}

/**
 * @param json in which such characters stand in strings alone, as JSON.stringify leaves them
 * @param escapes of another language with such strings
 */
export function escapeUnprintable(json: string, escapes: (found: string) => string = jsonEscapes): string {
  return json.replace(escaped, (found) => escapes(found));
}

function jsonEscapes(found: string): string {
  return [...Array(found.length).keys()]
    .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Whether the text has no visible character. @param text printable */
export function isBlank(text: string): boolean {
  return text.replace(inkless, '') === '';
}

/** The longest prefix of whole graphemes (UAX #29) with at most `bytes` bytes of UTF-8. */
export function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let size = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    size += Buffer.byteLength(segment);
    if (size > bytes) break;
    kept += segment;
  }
  return kept;
}

// Marks are capped first: normalize() takes quadratic time on a run of them.
function shape(text: string): string {
  return text
    .replace(attached, (run, at: number, whole: string) =>
      validRun(characterBefore(whole, at), run, characterAt(whole, at + run.length)),
    )
    .replace(longEmojiSequence, '$1')
    .normalize('NFC');
}

/** The valid part of a run of marks, skin tones and joiners between `base` and `next` ('' for none). */
function validRun(base: string, run: string, next: string): string {
  // Without a base on the same line, the run would change what the screen shows before this text.
  if (base === '' || base === '\n') return '';
  let marks = 0;
  const capped = [...run].filter((char) => joiner.test(char) || ++marks <= marksPerBase);
  let kept = '';
  let previous = base;
  capped.forEach((char, i) => {
    if (!isValidAfter(char, previous, capped[i + 1] ?? next)) return;
    kept += char;
    previous = char;
  });
  return kept;
}

function isValidAfter(char: string, previous: string, next: string): boolean {
  if (char === vs16) return emoji.test(previous) || (keycapBase.test(previous) && next === keycap);
  if (skinTone.test(char)) return emoji.test(previous);
  if (!joiner.test(char)) return true;
  if (char === zwj && joinableEmoji.test(previous) && emoji.test(next)) return true;
  return virama.test(previous) || (joins(previous) && joins(next));
}

function joins(char: string): boolean {
  joiningScript ??= makeJoiningScript();
  return letterOrMark.test(char) && joiningScript.test(char);
}

function characterBefore(text: string, at: number): string {
  const start = at >= 2 && (text.codePointAt(at - 2) ?? 0) > 0xffff ? at - 2 : at - 1;
  return start < 0 ? '' : text.slice(start, at);
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}
