/** Shell quoting for commands that users copy from the screen. POSIX shells only. */

/** Whether a shell would change `word`, for example split it or expand a glob. */
export function needsQuotes(word: string): boolean {
  return !/^[\w./:=@,+-]+$/.test(word);
}

/** `word`, quoted if needed. */
export function shellWord(word: string): string {
  return needsQuotes(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}
