/** `secure-chat invite`: asks the running server for a join link. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { ControlError, callControl } from '../server/control.js';
import { dataFolder, dataOption } from './data-folder.js';
import { Exit, exitCode } from './exit.js';
import { defaultExpiry, parseExpiry, usesMax } from './invite-terms.js';
import type { Io } from './io.js';
import { controlSocket } from './start-server.js';

interface Flags {
  readonly data?: string;
  readonly uses: number;
  readonly expires: number;
  readonly role: string;
}

export function addInvite(program: Command, io: Io): void {
  program
    .command('invite')
    .summary('make a join link')
    .description('Makes a join link while the server runs, and prints the link alone on stdout.')
    .addOption(dataOption())
    .addOption(new Option('--uses <NUMBER>', 'how many accounts it makes').default(1).argParser(usesArgument))
    .addOption(
      new Option('--expires <TIME>', 'how long it is good: 30m, 12h, 7d, 2w')
        .default(parseExpiry(defaultExpiry), defaultExpiry)
        .argParser(expiresArgument),
    )
    .addOption(new Option('--role <ROLE>', 'what they become').choices(['member', 'admin']).default('member'))
    .action((flags: Flags) => makeInvite(flags, io));
}

async function makeInvite({ uses, expires, role, ...flags }: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  try {
    const { links } = await callControl(controlSocket(data), 'invite', { uses, expiresMs: expires, role });
    const [best, ...others] = Array.isArray(links) ? links.map(String) : [];
    io.stdout.write(`${best}\n`);
    if (io.stdout.isTTY === true) {
      const times = uses === 1 ? 'once' : `${uses} times`;
      const until = new Date(Date.now() + expires).toLocaleString();
      io.stderr.write(`Good ${times}, until ${until}. Whoever has it can join: send it privately.\n`);
      if (others.length > 0)
        io.stderr.write(`The same by other addresses of this machine:\n${others.join('\n')}\n`);
    }
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code === 'refused') throw new Exit(exitCode.refused, error.message, { cause: error });
    const message = `No server is running on ${data}. Start it first: secure-chat server, with the same --data.`;
    throw new Exit(exitCode.unavailable, message, { cause: error });
  }
}

function usesArgument(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > usesMax) {
    throw new InvalidArgumentError(`It takes a number from 1 to ${usesMax}.`);
  }
  return Number(text);
}

function expiresArgument(text: string): number {
  const ms = parseExpiry(text);
  if (ms === undefined) throw new InvalidArgumentError('It takes 30m, 12h, 7d or 2w, up to a year.');
  return ms;
}
