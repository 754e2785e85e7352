/** `secure-chat send`: messages and files from a script, acknowledged before it exits with 0. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { createSend, type SendWanted } from '../client/send.js';
import { looksLikeLink } from '../trust/endpoint.js';
import {
  addClientOptions,
  type ClientOptions,
  clientExits,
  runClient,
  serverArgument,
} from './client-run.js';
import { addCommand, Exit, type Io } from './command.js';
import { transfersOf } from './front-ends.js';
import { personArgument, repeated, roomArgument } from './option-values.js';

interface Options extends ClientOptions {
  readonly to?: string;
  readonly room?: string;
  readonly file?: readonly string[];
  readonly whole?: true;
}

export function addSend(program: Command, io: Io): void {
  const command = addCommand(program, 'send', {
    description: 'Sends messages or files, and exits with 0 once the server has stored all of them.',
    text: `\
Without TEXT, each line of stdin that is not blank becomes a message; with
--whole, all of it is one message; with --file alone, stdin is not read.
Messages go to #lobby unless --room or --to names another conversation. A room
is joined if need be, but never created. A single argument is the server if it
is a join link, otherwise the text. Without a server, the join link in
SECURE_CHAT_LINK is used.

With a bot's token in SECURE_CHAT_TOKEN or --token-file nothing is asked. stderr
names what was refused; the rest is still sent.`,
    examples: [
      "secure-chat send --room ops 'the backup is done'",
      'make 2>&1 | secure-chat send --room ops',
      'secure-chat send --to ana --file report.pdf',
    ],
    exits: [
      ['data', 'something was refused, or is not a message'],
      ['refused', 'wrong password or token, banned, …'],
      ...clientExits,
    ],
  });
  command
    .argument(`[${serverArgument}]`, 'join link or server address')
    .argument('[TEXT]', 'one message')
    .addOption(new Option('--room <ROOM>', 'the room to post in').argParser(roomArgument).conflicts('to'))
    .option('--to <NAME>', 'the person to send a direct message to', personArgument)
    .option(
      '--file <PATH>',
      'send this file; can be repeated',
      repeated((path) => path),
    )
    .option('--whole', 'send all of stdin as one message');
  addClientOptions(command).action(
    (first: string | undefined, second: string | undefined, options: Options) =>
      send({ ...argumentsOf(first, second), options, io }),
  );
}

/** One alone is the text, unless it is a link. */
function argumentsOf(first: string | undefined, second: string | undefined) {
  if (second !== undefined || first === undefined || looksLikeLink(first))
    return { argument: first, text: second };
  return { argument: undefined, text: first };
}

interface Given {
  readonly argument: string | undefined;
  readonly text: string | undefined;
  readonly options: Options;
  readonly io: Io;
}

async function send({ argument, text, options, io }: Given): Promise<void> {
  const wanted = wantedOf({ text, options, io });
  const attach = options.takeOver ? {} : { attach: true as const };
  const openTransfers = await transfersOf({ env: io.env, downloads: undefined });
  const { stdin, stdout, stderr } = io;
  await runClient({
    ...{ argument, io },
    options: { ...options, ...attach },
    makeFrontEnd: async ({ stop }) => createSend({ stdin, stdout, stderr, stop, openTransfers, wanted }),
  });
}

/** @throws Exit */
function wantedOf({ text, options, io }: Omit<Given, 'argument'>): SendWanted {
  const { room: inRoom = 'lobby', to, file: files = [], whole } = options;
  if (whole && text !== undefined) throw new Exit('usage', '--whole is for stdin. Omit it, or TEXT.');
  const alone = text !== undefined || (files.length > 0 && !whole);
  if (!alone && io.stdin.isTTY === true) {
    throw new Exit('usage', 'Nothing to send: give TEXT or --file, or pipe the messages in.');
  }
  return {
    to: to === undefined ? { room: inRoom } : { to },
    ...(text !== undefined && { text }),
    files,
    input: alone ? 'none' : whole ? 'whole' : 'lines',
  };
}
