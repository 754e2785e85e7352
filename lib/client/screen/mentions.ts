/** Whether a text names somebody. Knows words; not who reads it. */

// Addresses and links hold names without meaning anybody.
const elsewhere = /\b[a-z][a-z0-9+.-]*:\/\/\S+|\S+@\S+\.\S+/gi;

/** The name as a whole word in any case, also as `@name` and `name's`; not inside links and e-mail addresses. */
export function mentions(text: string, name: string): boolean {
  if (!text.toLowerCase().includes(name)) return false;
  const escaped = name.replaceAll('.', '\\.');
  const word = new RegExp(`(?<![\\p{L}\\p{N}_.-])@?${escaped}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`, 'iu');
  return word.test(text.replace(elsewhere, ' '));
}
