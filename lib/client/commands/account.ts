/** One's own account. */
import { type Command, nothing, parseId, tooLong } from './command-row.js';

export const accountCommands: readonly Command[] = [
  {
    group: 'account',
    name: 'away',
    aliases: [],
    usage: '[TEXT]',
    help: 'say that you are not there',
    parse(rest) {
      const text = rest.trim();
      return tooLong(text) ?? { do: 'away', text };
    },
  },
  {
    group: 'account',
    name: 'back',
    aliases: [],
    usage: '',
    help: 'and that you are again',
    parse: nothing({ do: 'back' }),
  },
  {
    group: 'account',
    name: 'passwd',
    aliases: ['password'],
    usage: '',
    help: 'set a new password; all your other sessions end',
    parse: (rest) =>
      rest.trim() === '' ? { do: 'passwd' } : 'It asks for both passwords, unseen: type /passwd alone.',
  },
  {
    group: 'account',
    name: 'sessions',
    aliases: [],
    usage: '',
    help: 'where you are signed in',
    parse: nothing({ do: 'sessions' }),
  },
  {
    group: 'account',
    whole: true,
    name: 'logout',
    aliases: [],
    usage: '[NUMBER|all]',
    help: 'end this session for good, that of a number, or all',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      if (word === '') return { do: 'logout' };
      const session = parseId(word);
      if (session !== undefined) return { do: 'logout', session };
      return word === 'all' ? { do: 'logout', all: true } : '';
    },
  },
  {
    group: 'account',
    name: 'recovery',
    aliases: [],
    usage: '',
    help: 'get a new recovery code, for when the password is lost',
    parse: nothing({ do: 'recovery' }),
  },
  {
    group: 'account',
    name: '2fa',
    aliases: ['factor'],
    usage: 'on|off',
    help: 'have your sign-in ask for a code of an authenticator too',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      return word === 'on' || word === 'off' ? { do: 'factor', on: word === 'on' } : '';
    },
  },
];
