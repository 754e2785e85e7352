/** What Tab makes of a line: commands and names, the latest speaker first. Knows words, no keys. */
import { commandWords } from './commands.js';

export interface Completion {
  /** Somebody said something or came. */
  saw(name: string): void;
  /** The line completed, or as far as all that fit agree; undefined where nothing fits. */
  complete(line: string): string | undefined;
}

const namesKept = 500;

export function createCompletion(me: string): Completion {
  // The latest last.
  const names = new Set<string>();

  return {
    saw(name) {
      if (name === me) return;
      names.delete(name);
      names.add(name);
      const [oldest] = names;
      if (names.size > namesKept && oldest !== undefined) names.delete(oldest);
    },
    complete(line) {
      const at = line.lastIndexOf(' ') + 1;
      const [before, word] = [line.slice(0, at), line.slice(at)];
      if (at === 0 && word.startsWith('/')) {
        const fitting = commandWords().filter((each) => each.startsWith(word.slice(1)));
        return agreed(fitting, word.slice(1), { before: '/', after: ' ' });
      }
      if (word === '') return undefined;
      const fitting = [...names].reverse().filter((name) => name.startsWith(word.toLowerCase()));
      return agreed(fitting.slice(0, 1), word.toLowerCase(), { before, after: at === 0 ? ': ' : ' ' });
    },
  };
}

function agreed(
  fitting: readonly string[],
  word: string,
  { before, after }: { before: string; after: string },
): string | undefined {
  const [first] = fitting;
  if (first === undefined) return undefined;
  if (fitting.length === 1) return `${before}${first}${after}`;
  let length = word.length;
  while (fitting.every((each) => each[length] !== undefined && each[length] === first[length])) length++;
  return length > word.length ? `${before}${first.slice(0, length)}` : undefined;
}
