/** `secure-chat listen`: what is posted, for scripts: printed, or given to a command. Options in, a session that listens. */
import { type Command, Option } from 'commander';
import { createListen, type ListenWanted } from '../client/listen.js';
import { createLocalTime } from '../client/text/local-time.js';
import { systemClock } from '../system/clock.js';
import {
  addClientOptions,
  type ClientOptions,
  clientExits,
  runClient,
  serverArgument,
} from './client-run.js';
import { addCommand, type Io } from './command.js';
import { commandArgument, repeated, roomArgument } from './option-values.js';
import { sinceOption } from './since-option.js';

interface Options extends ClientOptions {
  readonly room?: readonly string[];
  readonly since?: number;
  readonly json?: true;
  readonly exec?: readonly string[];
}

export function addListen(program: Command, io: Io): void {
  const command = addCommand(program, 'listen', {
    description: 'Prints each new message as one line, or runs a command for it, until it is interrupted.',
    text: `\
Without --room, it listens to all your conversations. A room is joined if need
be, but never created. The history of --since comes conversation by
conversation; to continue where the last run ended, give it the \`at\` of the last
JSON line. A lost connection is retried until it is back, and what was missed
follows. stdin is not read.

--json prints what \`connect --json\` prints of messages, edits, deletions,
reactions, pins and topics. --exec runs CMD for each of these, except your own:
one at a time, in order, with the same JSON line on its stdin; its output is
passed on. CMD is split into words as in a shell, but no shell runs it, and it
gets no SECURE_CHAT_ variables. If it fails, or is killed because it takes
longer than 60 s, stderr says so and the next one follows. While it is slow,
1000 entries wait in memory; later messages are then read from the history, as
they are by then.

With a bot's token in SECURE_CHAT_TOKEN or --token-file nothing is asked.`,
    examples: [
      'secure-chat listen LINK --room ops | grep -i error',
      "secure-chat listen LINK --room ops --exec './on-message.sh'",
      'secure-chat listen LINK --json --since 1h | jq .text',
    ],
    exits: [['refused', 'wrong password or token, no such room, banned, …'], ...clientExits],
  });
  addClientOptions(
    command.argument(`[${serverArgument}]`, 'join link or server address; default: SECURE_CHAT_LINK'),
  )
    .option('--room <ROOM>', 'only this room; can be repeated', repeated(roomArgument))
    .addOption(sinceOption('begin with the history since then'))
    .option('--json', 'one JSON object per line')
    .addOption(
      new Option('--exec <CMD>', 'run CMD with the JSON object on its stdin')
        .argParser(commandArgument)
        .conflicts('json'),
    )
    .action((argument: string | undefined, options: Options) => listen({ argument, options, io }));
}

function listen({
  argument,
  options,
  io,
}: {
  argument: string | undefined;
  options: Options;
  io: Io;
}): Promise<void> {
  const attach = options.takeOver ? {} : { attach: true as const };
  const { stdout, stderr, env } = io;
  return runClient({
    ...{ argument, io },
    options: { ...options, ...attach },
    patient: true,
    makeFrontEnd: async ({ stop }) =>
      createListen({
        ...{ stdout, stderr, env, stop },
        clock: systemClock,
        time: createLocalTime(Date.now),
        wanted: wantedOf(options),
      }),
  });
}

function wantedOf({ room: rooms = [], since: from, json, exec }: Options): ListenWanted {
  const as = exec !== undefined ? { command: exec } : json ? 'json' : 'text';
  return { rooms, as, ...(from !== undefined && { since: from }) };
}
