/** `secure-chat invite`: creates a join link. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RawFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { parseDuration } from '../protocol/quantities.js';
import { otherHosts } from '../trust/endpoint.js';
import type { Io } from './command.js';
import { guestCommand, guestFile } from './installation.js';
import { operate, operateExits } from './operate.js';
import { addOperatorCommand, type DataFlags, operatorContext } from './operator-context.js';
import { countArgument } from './option-values.js';

interface Flags extends DataFlags {
  readonly uses: number;
  readonly expires: number;
  readonly role: string;
}

export function addInvite(program: Command, io: Io): void {
  addOperatorCommand(program, io, 'invite', {
    description: 'Creates a join link and prints only the link on stdout.',
    examples: ['secure-chat invite', 'secure-chat invite --uses 20 --expires 30d'],
    exits: [...operateExits, 'refused'],
  })
    .addOption(
      new Option('--uses <NUMBER>', 'how many accounts it can create')
        .default(1)
        .argParser(countArgument(1, limits.inviteUses)),
    )
    .addOption(
      new Option('--expires <TIME>', 'how long it works: 30m, 12h, 7d, 2w')
        .default(parseExpiry(defaultExpiry), defaultExpiry)
        .argParser(expiresArgument),
    )
    .addOption(
      new Option('--role <ROLE>', 'role of the new accounts')
        .choices(['member', 'moderator', 'admin'])
        .default('member'),
    )
    .action((flags: Flags) => makeInvite(flags, io));
}

async function makeInvite({ uses, expires, role, ...flags }: Flags, io: Io): Promise<void> {
  const answer = await operate(await operatorContext(flags, io), 'invite', {
    uses,
    expiresMs: expires,
    role,
  });
  printLinks(answer, io, uses === 1 ? 'once' : `${uses} times`);
  if (io.stdout.isTTY === true) printGuests(answer, io);
}

function printGuests({ links }: RawFrame, { guests, stderr }: Io): void {
  const [best] = Array.isArray(links) ? links : [];
  const lines = ['To join with it, they run:', `  ${guestCommand(guests, String(best))}`, guestFile(guests)];
  stderr.write(`${lines.filter((line) => line !== undefined).join('\n')}\n`);
}

/** The best link alone on stdout; on a terminal, how it works on stderr. */
export function printLinks({ links, expires }: RawFrame, io: Io, times: string): void {
  const all = Array.isArray(links) ? links.map(String) : [];
  const others = otherHosts(all);
  io.stdout.write(`${all[0]}\n`);
  if (io.stdout.isTTY !== true) return;
  const until = new Date(String(expires)).toLocaleString();
  io.stderr.write(`Works ${times}, until ${until}. Send it privately: anyone who has it can use it.\n`);
  if (others !== undefined) io.stderr.write(`${others}.\n`);
}

function expiresArgument(text: string): number {
  const ms = parseExpiry(text);
  if (ms === undefined)
    throw new InvalidArgumentError('Give a time such as 30m, 12h, 7d or 2w, up to a year.');
  return ms;
}

const minuteMs = 60_000;
const defaultExpiry = '7d';

/** Milliseconds, from a minute to a year; undefined for anything else. */
function parseExpiry(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= minuteMs && ms <= limits.inviteMs ? ms : undefined;
}
