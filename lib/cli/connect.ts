/** `secure-chat connect`: options in, a session on the screen or in a pipe. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { addClientOptions, type ClientOptions, runClient } from './client-run.js';
import { makeFolder } from './folders.js';
import { chooseFace, type FaceFlags, faceOptions } from './front-ends.js';
import type { Io } from './io.js';

interface Options extends ClientOptions, FaceFlags {
  readonly json?: true;
}

export function addConnect(program: Command, io: Io): void {
  const command = program
    .command('connect')
    .summary('join a chat')
    .description('Joins a chat. On a terminal it asks for whatever is missing.');
  addClientOptions(command)
    .option('--json', 'one JSON object a line, in both directions')
    .addHelpText('after', connectHelp)
    .action((argument: string | undefined, options: Options) => connect({ argument, options, io }));
  for (const one of faceOptions()) command.addOption(one);
}

const connectHelp = `
The server, unless given, is that of SECURE_CHAT_LINK, a join link. The password is never
an argument: it is asked for, or comes from --password-file or SECURE_CHAT_PASSWORD. A bot
signs in with the token of SECURE_CHAT_TOKEN or --token-file alone.
With a join link that holds an invite, an account is made unless the name has one.
A lost connection is tried again for ever on a terminal, for 5 minutes in a pipe.

Without a terminal or with TERM=dumb nothing is asked. There, and with --plain, stdin is what
one types, slash commands too, and stdout what is said:
  HH:MM ana: text           in the lobby; more lines of the same message begin with spaces
  HH:MM * ana text          said with /me
  HH:MM ana -> ben: text    to one person alone
Everything else is told on stderr. At the end of stdin all messages are acknowledged first.
What comes after a /join, /query or /window on a pipe is said there, or, where that was refused,
to nobody: nothing after that line is read, and the exit code is 65.
With --json, stdin lines are requests such as {"type":"say","room":"lobby","text":"hi"},
stdout lines the events, replies and deliveries that docs/json.md describes.`;

function connect(given: { argument: string | undefined; options: Options; io: Io }): Promise<void> {
  const { options, io } = given;
  return runClient({
    ...given,
    async makeFace({ stop, server, places }) {
      const preferences = join(await makeFolder(places.state), 'screen.json');
      return chooseFace({ io, stop, server, preferences, ...options });
    },
  });
}
