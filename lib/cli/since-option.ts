/** `--since`, of commands that list or save what is past: typed as in the chat. */
import { InvalidArgumentError, Option } from 'commander';
import { momentForms, parseMoment } from '../client/commands/arguments.js';

/** @param what it does */
export function sinceOption(what = 'only from then on'): Option {
  return new Option('--since <DATE>', `${what}: ${momentForms}`).argParser(momentArgument);
}

/** A moment in the past, in milliseconds since the epoch. */
function momentArgument(text: string): number {
  const at = parseMoment(text, Date.now());
  if (at === undefined) throw new InvalidArgumentError(`Give ${momentForms}.`);
  return at;
}
