/** Where words begin and end, in any script. Knows letters, neither SQL nor languages. */

export interface Word {
  /** Without capitals and accents. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

// Scripts that put no spaces between words: every sign is a word, and words in a row are a phrase.
const sign =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const latin = '\\p{Script=Latin}\\p{N}';
const other = `(?![${sign}${latin}])\\p{L}`;

// A word with its marks. Latin letters and digits end where letters of another script begin: names are often
// written amid them without a space.
const wordPattern = new RegExp(
  `(?=[\\p{L}\\p{N}])[${sign}]\\p{M}*|[${latin}][${latin}\\p{M}]*|${other}(?:\\p{M}|${other})*`,
  'gu',
);

/** Text with a space after each word, for the index, which would take letters in a row for one word. */
export function spaced(text: string): string {
  // ASCII, as most texts are, has spaces already.
  return /^[\0-\x7f]*$/.test(text) ? text : text.replace(wordPattern, '$& ');
}

export function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(wordPattern), ({ 0: found, index }) => ({
    word: folded(found),
    start: index,
    end: index + found.length,
  }));
}

function folded(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
