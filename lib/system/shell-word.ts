/** One argument as a shell reads it, for commands that are printed to be copied. Knows POSIX shells only. */

/** Whether a shell would change `word`: brackets are a glob, spaces split. */
export function needsQuotes(word: string): boolean {
  return !/^[\w./:=@,+-]+$/.test(word);
}

/** `word` so that a shell passes on exactly it; unchanged where nothing is needed. */
export function shellWord(word: string): string {
  return needsQuotes(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}
