/** Commands about other people: who is here, who wrote to you, and whose messages you do not want. */
import { askPeople } from '../session/pages.js';
import { whoisLines } from '../text/lists.js';
import { errorWords, peopleWords } from '../text/wording.js';
import { withName } from './arguments.js';
import { CommandRefused, command } from './command.js';

export const peopleCommands = [
  command({
    name: 'who',
    aliases: ['names', 'users', 'clients'],
    help: 'list who is online; in a room, its members',
    async run(_, { session, conversation, answer }) {
      const room = 'room' in conversation && conversation.room !== 'lobby' ? conversation.room : undefined;
      const people = await askPeople(session.ask, room);
      if ('code' in people) throw new CommandRefused(errorWords(people));
      answer([peopleWords(people, { me: session.name, room })]);
    },
  }),
  command({
    name: 'whois',
    usage: 'NAME',
    help: 'show the role of a person, when they signed up and which rooms you share',
    parse: (rest) => withName(rest.trim(), (name) => ({ name })),
    async run({ name }, { ask, answer, time }) {
      const { whois } = await ask({ type: 'whois', name });
      if (whois !== undefined) answer(whoisLines(whois, time));
    },
  }),
  command<{ name?: string }>({
    name: 'block',
    usage: '[NAME]',
    help: 'refuse direct messages from a person; without NAME, list who is blocked',
    parse: (rest) => (rest.trim() === '' ? {} : withName(rest.trim(), (name) => ({ name }))),
    async run({ name }, { ask, answer }) {
      if (name !== undefined) {
        await ask({ type: 'block', name });
        return answer([
          `You blocked ${name}: they can't send you direct messages, and don't see why. /unblock ${name} undoes this.`,
        ]);
      }
      const { names = [] } = await ask({ type: 'blocks' });
      answer([names.length === 0 ? 'You have not blocked anyone.' : `You blocked ${names.join(', ')}.`]);
    },
  }),
  command({
    name: 'unblock',
    usage: 'NAME',
    help: 'accept direct messages from a person again',
    parse: (rest) => withName(rest.trim(), (name) => ({ name })),
    async run({ name }, { ask, answer }) {
      await ask({ type: 'unblock', name });
      answer([`${name} can send you direct messages again.`]);
    },
  }),
  command<{ name?: string }>({
    name: 'ignore',
    usage: '[NAME]',
    help: 'hide the messages of a person on this computer; without NAME, list who is ignored',
    screenOnly: true,
    parse: (rest) => (rest.trim() === '' ? {} : withName(rest.trim(), (name) => ({ name }))),
    run: ({ name }, { screen }) => screen?.ignore(name),
  }),
  command({
    name: 'unignore',
    usage: 'NAME',
    help: 'show the messages of a person again',
    screenOnly: true,
    parse: (rest) => withName(rest.trim(), (name) => ({ name })),
    run: ({ name }, { screen }) => screen?.unignore(name),
  }),
];
