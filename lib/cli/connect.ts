/** `secure-chat connect`: options in, a session on the screen or in a pipe. */
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  addClientOptions,
  type ClientOptions,
  clientExits,
  runClient,
  serverArgument,
} from './client-run.js';
import { addCommand, type Io } from './command.js';
import { makeFolder } from './folders.js';
import { chooseFrontEnd, type FrontEndFlags, frontEndOptions } from './front-ends.js';

interface Options extends ClientOptions, FrontEndFlags {
  readonly json?: true;
}

export function addConnect(program: Command, io: Io): void {
  const command = addCommand(program, 'connect', {
    description: 'Joins a chat. On a terminal it asks for whatever is missing.',
    text: connectHelp,
    examples: [
      "secure-chat connect 'secure-chat://…'",
      'secure-chat connect chat.example --name ana',
      'secure-chat connect chat.example lab.example:7000',
      'tail -f build.log | secure-chat connect LINK --name ci --password-file FILE',
      "secure-chat connect LINK --on-mention 'notify-send secure-chat mention'",
    ],
    exits: [
      ['data', 'a message was refused (in a pipe, also a /join or /query)'],
      ['refused', 'wrong password, name taken, invalid invite, kicked, banned, …'],
      ...clientExits,
    ],
  });
  addClientOptions(
    command.argument(`[${serverArgument}...]`, 'join link or server address; default: the only one you know'),
  )
    .option('--json', 'one JSON object per line, in both directions')
    .action(([argument, ...others]: string[], options: Options) =>
      connect({ argument, others, options, io }),
    );
  for (const one of frontEndOptions()) command.addOption(one);
}

const connectHelp = `\
Without an argument, the join link in SECURE_CHAT_LINK is used; without that, on
a terminal, the only server you know, or you are asked for one. The password is
never an argument: you are asked for it, or it comes from --password-file or
SECURE_CHAT_PASSWORD. A bot needs only its token, from --token-file or
SECURE_CHAT_TOKEN. With an invite, an account is created if the name is new. A
lost connection is retried forever on a terminal, for 5 minutes in a pipe; a
first connection that fails is retried only with --retry. If the chat has
several servers, each try goes through all of them.

Several servers share one full screen. You sign in to each in turn; one that is
down joins later. /connect LINK adds one, /disconnect leaves one.

Without a terminal, or with TERM=dumb, nothing is asked. Then, and with --plain,
stdin takes messages and slash commands, and stdout shows messages and answers:
  HH:MM ana: text           in the current room; further lines are indented
  HH:MM * ana text          sent with /me
  HH:MM ana -> ben: text    direct message
  HH:MM -- text             from a command, such as /search
Notices and errors go to stderr. At the end of stdin, the client waits until the
server has stored every message. If a /join, /query or /window in a pipe is
refused, nothing after that line is sent, and the exit code is 65.

--on-mention runs a command for each mention and direct message, --on-message
for every message: not for your own, those of people you block or ignore, or
what was posted before you connected. The message is one line of JSON on its
stdin, as --json prints it. CMD is split into words as in a shell, with quotes
and backslashes, but no shell runs it: $NAME, ~ and | mean nothing. Up to 4 run
at once, each for up to 10 s; their output is dropped.

With --json, stdin takes requests such as
{"type":"say","room":"lobby","text":"hi"}, and stdout shows events, replies and
deliveries. docs/json.md describes them.`;

interface Given {
  readonly argument: string | undefined;
  readonly others: readonly string[];
  readonly options: Options;
  readonly io: Io;
}

function connect(given: Given): Promise<void> {
  const { options, io } = given;
  return runClient({
    ...given,
    async makeFrontEnd({ stop, server, personal }) {
      const preferences = join(await makeFolder(personal.state), 'screen.json');
      return chooseFrontEnd({ io, stop, server, preferences, ...options });
    },
  });
}
