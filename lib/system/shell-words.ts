/**
 * Words of a shell: quoted for commands that users copy, and commands and paths as they type them. POSIX shells; does not
 * look at the disk.
 */
import { join, resolve } from 'node:path';

/** Whether a shell would change `word`, for example split it or expand a glob. */
export function needsQuotes(word: string): boolean {
  return !/^[\w./:=@,+-]+$/.test(word);
}

/** `word`, quoted if needed. */
export function shellWord(word: string): string {
  return needsQuotes(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}

const wordsOfShell = /(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/g;
const piecesOfWord = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|[^'"\\]+/g;

/**
 * The words of a command, split as a shell does: at spaces that are not quoted by '…', "…" or a backslash. Nothing is
 * expanded: `$HOME`, `~`, `*` and `|` are text.
 * @returns undefined if a quote is not closed
 */
export function splitWords(command: string): string[] | undefined {
  if (command.replace(wordsOfShell, '').trim() !== '') return undefined;
  const words = command.match(wordsOfShell) ?? [];
  return words.map((word) =>
    word.replace(piecesOfWord, (piece, single?: string, double?: string, escaped?: string) => {
      return single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? escaped ?? piece;
    }),
  );
}

export interface PathBase {
  readonly home: string;
  /** The base of a relative path. */
  readonly folder: string;
}

/**
 * Expands `~` and drops surrounding spaces, one pair of quotes, and backslashes before spaces or quotes, which
 * terminals add when a file is dropped on them.
 */
export function typedPath(typed: string, { home, folder }: PathBase): string {
  const trimmed = typed.trim();
  const quoted = /^(['"])(.+)\1$/s.exec(trimmed)?.[2];
  const path = quoted ?? trimmed.replace(/\\([ '"()&])/g, '$1');
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path);
}
