/**
 * Printable text: the one decision on which characters of others may reach a terminal, a log or the store.
 * Knows Unicode, not what the text is for.
 */

/** A base with more marks than this is drawn over its neighbours; scripts in use need four at most. */
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
// Controls, formats, lone surrogates, private use, unassigned and default-ignorables. What the lookahead
// spares: the line feed, what `shape` decides by context, and the formats that are visible number signs.
const unprintable =
  /(?!\n|\u200c|\u200d|\ufe0f|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{C}\p{Default_Ignorable_Code_Point}]/gu;

// What belongs to the character before it. U+FE0F is a mark too; the modifiers are the skin tones.
const attached = /[\p{M}\p{Emoji_Modifier}\u200c\u200d]+/gu;
// The longest sequences in use (a family, a kiss with skin tones) have three joiners; a longer one is a
// single grapheme of any width.
const longEmojiSequence =
  /((?:\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?\u200d){3}\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)\u200d/gu;

const joiner = /^[\u200c\u200d]$/;
const emoji = /^\p{Extended_Pictographic}$/u;
const joinableEmoji = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u;
const skinTone = /^\p{Emoji_Modifier}$/u;
const keycapBase = /^[0-9#*]$/;
const letterOrMark = /^[\p{L}\p{M}]$/u;
// Arabic and its kin join letters by shape, the Indic scripts by virama; both are misspelt without joiners.
const joiningScript = new RegExp(
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

// Assigned, not white space and yet without ink: Braille, Khitan, musical and Egyptian blanks.
const inkless = /[\s\u2800\u{16fe4}\u{1d159}\u{13441}\u{13442}]/gu;

export interface PrintableOptions {
  /** Keep line feeds, to which every other line break is turned. Without it they become spaces. */
  readonly newlines?: boolean;
}

/**
 * The text without anything that could drive a terminal, reorder or hide what is shown, or be drawn over its
 * neighbours; in NFC. Controls go and the rest of an escape sequence stays as the plain text it then is.
 *
 * `printable(printable(x)) === printable(x)`. Takes time linear in the text; the result can be longer than
 * the text (NFC takes some letters apart), by a factor of three at most.
 */
export function printable(text: string, options: PrintableOptions = {}): string {
  const newlines = options.newlines === true;
  if ((newlines ? plainLines : plainLine).test(text)) return text;
  let shaped = text
    .replace(lineBreak, newlines ? '\n' : ' ')
    .replace(oddSpace, ' ')
    .replace(unprintable, '');
  // To the fixed point, for a mark that goes can take away what a joiner beside it needs. A round acts on
  // single runs of at most four marks, so there are a handful of rounds, whatever the length.
  for (;;) {
    const next = shape(shaped);
    if (next === shaped) return next;
    shaped = next;
  }
}

/** Nothing in this text can be seen. For what `printable` returned. */
export function isBlank(text: string): boolean {
  return text.replace(inkless, '') === '';
}

// Marks are capped first: normalize() takes quadratic time on a run of them.
function shape(text: string): string {
  return text
    .replace(attached, (run, at: number, whole: string) =>
      fitRun(characterBefore(whole, at), run, characterAt(whole, at + run.length)),
    )
    .replace(longEmojiSequence, '$1')
    .normalize('NFC');
}

/** What stays of a run of marks, skin tones and joiners between the characters `base` and `next` ('' for none). */
function fitRun(base: string, run: string, next: string): string {
  // Without a base on its own line the run would change what the screen shows before this text.
  if (base === '' || base === '\n') return '';
  let marks = 0;
  const capped = [...run].filter((char) => joiner.test(char) || ++marks <= marksPerBase);
  let kept = '';
  let previous = base;
  capped.forEach((char, i) => {
    if (!fits(char, previous, capped[i + 1] ?? next)) return;
    kept += char;
    previous = char;
  });
  return kept;
}

function fits(char: string, previous: string, next: string): boolean {
  if (char === vs16) return emoji.test(previous) || (keycapBase.test(previous) && next === keycap);
  if (skinTone.test(char)) return emoji.test(previous);
  if (!joiner.test(char)) return true;
  if (char === zwj && joinableEmoji.test(previous) && emoji.test(next)) return true;
  return virama.test(previous) || (joins(previous) && joins(next));
}

function joins(char: string): boolean {
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
