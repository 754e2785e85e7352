/** Where words begin and end in which script. Knows letters, neither SQL nor languages. */

// Scripts that put no spaces between words: every sign is a word, and words in a row are a phrase.
const sign =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const latin = '\\p{Script=Latin}\\p{N}';
const other = `(?![${sign}${latin}])\\p{L}`;

/**
 * A word with its marks. Latin letters and digits end where letters of another script begin: people write names
 * amid such ones without a space.
 */
export const word = new RegExp(
  `(?=[\\p{L}\\p{N}])[${sign}]\\p{M}*|[${latin}][${latin}\\p{M}]*|${other}(?:\\p{M}|${other})*`,
  'gu',
);

/** Text with a space after each word, for the index, which takes all letters in a row for one. */
export function spaced(text: string): string {
  // Most texts, in which words are apart.
  return /^[\0-\x7f]*$/.test(text) ? text : text.replace(word, '$& ');
}
