/** Reading back. */
import { limits } from '../../protocol/limits.js';
import { type Command, parseId } from './command-row.js';
import { momentForms, parseMoment } from './moment.js';
import { parseSearch } from './search-terms.js';

export const readingCommands: readonly Command[] = [
  {
    group: 'reading',
    name: 'history',
    aliases: [],
    usage: '[NUMBER | 2h | DATE]',
    help: 'what was said here before',
    parse(rest, { now }) {
      const typed = rest.trim();
      if (/^\d{1,4}$/.test(typed) || typed === '') {
        const last = Number(typed === '' ? 50 : typed);
        return last >= 1 && last <= mostBack
          ? { do: 'history', last }
          : `It takes 1 to ${mostBack} messages.`;
      }
      const since = parseMoment(typed, now);
      return since === undefined
        ? `It takes a number of messages, or ${momentForms}.`
        : { do: 'history', since };
    },
  },
  {
    group: 'reading',
    name: 'search',
    aliases: ['lastlog', 'grep'],
    usage: 'WORDS [from:NAME] [in:#ROOM] [before:DATE] [after:DATE]',
    help: 'find messages, the newest first; alone: the next ones. "two words" stand together',
    parse(rest, { now }) {
      if (rest.trim() === '') return { do: 'search-more' };
      const terms = parseSearch(rest, now);
      return terms === undefined
        ? `Search for ${limits.searchBytes} bytes at most.`
        : { do: 'search', terms };
    },
  },
  {
    group: 'reading',
    name: 'jump',
    aliases: [],
    usage: 'ID',
    help: 'show a message in its place; /search tells IDs',
    parse(rest) {
      const seq = parseId(rest.trim());
      return seq === undefined ? '' : { do: 'jump', seq };
    },
  },
  {
    group: 'reading',
    screen: true,
    name: 'save',
    aliases: ['savechat'],
    usage: 'FILE',
    help: 'write this conversation to a text file',
    parse: (rest) => (rest.trim() === '' ? '' : { do: 'save', path: rest.trim() }),
  },
];

/** Of one /history; what is older comes by scrolling or by the next one. */
const mostBack = 1_000;
