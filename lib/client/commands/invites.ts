/** Commands that create and revoke links: to join the server, or to reset a password. */
import type { ServerFrameOf } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import { parseDuration } from '../../protocol/quantities.js';
import { withArticle } from '../text/event-words.js';
import { inviteLines, linkLines } from '../text/lists.js';
import { parseId, withName, wordsIn } from './arguments.js';
import { type CommandContext, command, type UsageError } from './command.js';

// A bot gets a token from the operator.
const inviteRoles = ['member', 'moderator', 'admin'] as const;

interface InviteArguments {
  readonly uses?: number;
  readonly ms?: number;
  readonly role?: (typeof inviteRoles)[number];
}

export const inviteCommands = [
  command({
    name: 'link',
    help: 'show the join link of the chat you host; elsewhere, create one for one person',
    run: (_, context) =>
      context.hosted === undefined ? createInvite({}, context) : context.answer(context.hosted),
  }),
  command({
    name: 'invite-link',
    usage: '[USES] [7d] [member|moderator|admin]',
    help: 'create a join link; by default for one person, valid for a week',
    parse: parseInvite,
    run: createInvite,
  }),
  command({
    name: 'invites',
    help: 'list the valid join links',
    async run(_, { ask, answer, time }) {
      answer(inviteLines((await ask({ type: 'invites' })).invites ?? [], time));
    },
  }),
  command({
    name: 'uninvite',
    usage: 'NUMBER',
    help: 'revoke a join link; /invites shows the numbers',
    parse(rest) {
      const invite = parseId(rest.trim());
      return invite === undefined ? '' : { invite };
    },
    async run({ invite }, { ask, answer }) {
      await ask({ type: 'uninvite', invite });
      answer([`Join link ${invite} no longer works.`]);
    },
  }),
  command({
    name: 'reset',
    usage: 'NAME',
    help: 'create a link with which a person can set a new password, once; for admins',
    parse: (rest) => withName(rest.trim(), (name) => ({ name })),
    async run({ name }, context) {
      const reply = await context.ask({ type: 'make-reset', name });
      answerLink(`Password reset link for ${name}`, reply, context);
    },
  }),
];

function parseInvite(rest: string): InviteArguments | UsageError {
  let args: InviteArguments = {};
  for (const word of wordsIn(rest.toLowerCase())) {
    const uses = parseId(word);
    const ms = parseDuration(word);
    const role = inviteRoles.find((each) => each === word);
    if (uses !== undefined) args = { ...args, uses };
    else if (ms !== undefined) args = { ...args, ms };
    else if (role !== undefined) args = { ...args, role };
    else return '';
  }
  const { uses = 1, ms = limits.inviteMs } = args;
  if (uses > limits.inviteUses) return `A link works ${limits.inviteUses} times at most.`;
  return ms < 60_000 || ms > limits.inviteMs ? 'A link is valid for a minute to a year.' : args;
}

async function createInvite(args: InviteArguments, context: CommandContext): Promise<void> {
  const { uses = 1, role = 'member' } = args;
  const people = uses === 1 ? 'one person' : `${uses} people`;
  const become = uses === 1 ? withArticle(role) : `${role}s`;
  const who = role === 'member' ? people : `${people} (${become})`;
  answerLink(`Join link for ${who}`, await context.ask({ type: 'make-invite', ...args }), context);
}

function answerLink(
  what: string,
  { links = [], expires = '' }: ServerFrameOf<'ok'>,
  { answer, time, secrets }: CommandContext,
): void {
  answer([...linkLines(what, { links, expires, time }), ...(secrets === undefined ? [] : [secrets.copying])]);
}
