/** Links that let people in, or in again. */
import { parseDuration } from '../../protocol/duration.js';
import { limits } from '../../protocol/limits.js';
import type { Act } from './act.js';
import { type Command, named, nothing, parseId, serverRoles } from './command-row.js';

export const linkCommands: readonly Command[] = [
  {
    group: 'people',
    name: 'link',
    aliases: [],
    usage: '',
    help: 'the join link of the chat that you host; elsewhere a new one for one person',
    parse: nothing({ do: 'link' }),
  },
  {
    group: 'people',
    name: 'invite-link',
    aliases: [],
    usage: '[USES] [7d] [member|moderator|admin]',
    help: 'make a join link, good once and for a week unless you say otherwise',
    parse: parseInviteLink,
  },
  {
    group: 'people',
    name: 'invites',
    aliases: [],
    usage: '',
    help: 'which join links are still good',
    parse: nothing({ do: 'invites' }),
  },
  {
    group: 'people',
    name: 'uninvite',
    aliases: [],
    usage: 'NUMBER',
    help: 'end a join link; /invites tells numbers',
    parse(rest) {
      const invite = parseId(rest.trim());
      return invite === undefined ? '' : { do: 'uninvite', invite };
    },
  },
  {
    group: 'people',
    name: 'reset',
    aliases: [],
    usage: 'NAME',
    help: 'make a link with which somebody sets a new password, once; for admins',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'reset', name })),
  },
];

/** A bot comes from the operator, with its token. */
const roles = serverRoles.filter((role) => role !== 'bot');

function parseInviteLink(rest: string): Act | string {
  let act: Extract<Act, { do: 'invite-link' }> = { do: 'invite-link' };
  for (const word of rest.trim().toLowerCase().split(/\s+/).filter(Boolean)) {
    const uses = parseId(word);
    const ms = parseDuration(word);
    const role = roles.find((each) => each === word);
    if (uses !== undefined) act = { ...act, uses };
    else if (ms !== undefined) act = { ...act, ms };
    else if (role !== undefined) act = { ...act, role };
    else return '';
  }
  const { uses = 1, ms = limits.inviteMs } = act;
  if (uses > limits.inviteUses) return `A link is good ${limits.inviteUses} times at most.`;
  return ms < 60_000 || ms > limits.inviteMs ? 'A link is good from a minute to a year.' : act;
}
