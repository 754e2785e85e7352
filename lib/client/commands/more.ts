/** Help, and the end. */
import { type Command, tooLong } from './command-row.js';

export const moreCommands: readonly Command[] = [
  {
    group: 'more',
    name: 'help',
    aliases: [],
    usage: '[COMMAND]',
    help: 'the commands, or one of them',
    parse: (rest) => ({ do: 'help', about: rest.trim().replace(/^\//, '').toLowerCase() }),
  },
  {
    group: 'more',
    name: 'quit',
    aliases: ['exit'],
    usage: '[REASON]',
    help: 'leave; the others see the reason',
    parse(rest) {
      const reason = rest.trim();
      if (reason === '') return { do: 'quit' };
      return tooLong(reason) ?? { do: 'quit', reason };
    },
  },
];
