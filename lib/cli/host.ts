/** `secure-chat host`: a server and its host's client in one terminal. Knows when both begin and end. */
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { FrontEnd } from '../client/front-end.js';
import { printable } from '../protocol/printable.js';
import { type Log, silentLog } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { shellWord } from '../system/shell-word.js';
import { formatJoinLink, parseJoinLink } from '../trust/join-link.js';
import { type ClientOptions, type MakeFace, runClient } from './client-run.js';
import { Exit, exitCode } from './exit.js';
import { makeFolder } from './folders.js';
import { chooseFace, type FaceFlags, faceOptions } from './front-ends.js';
import type { Io } from './io.js';
import { type ServerFlags, serverOptions, settingsOf } from './server-options.js';
import { startFailure } from './start-failure.js';
import { type RunningServer, startServer } from './start-server.js';
import { endServer, type Stop, watchSignals } from './stop.js';

type PersonFlags = Pick<ClientOptions, 'passwordFile' | 'remember' | 'color'>;

/** `name` is the chat's. */
interface Flags extends ServerFlags, FaceFlags, PersonFlags {
  /** Who hosts. */
  readonly as?: string;
  readonly persistent?: true;
}

/** How often is looked whether everybody has left, in milliseconds. */
const lookMs = 250;
/** Whose connection was lost for no longer than this has not left. */
const lostMs = 3_000;
const inviteUses = 20;
const inviteDays = 7;

export function addHost(program: Command, io: Io): void {
  const command = program
    .command('host')
    .summary('run a server and take part in it, in one terminal')
    .description('Starts a chat, takes part in it as its admin, and ends it when you leave.')
    .option('--as <NAME>', 'who you are (SECURE_CHAT_NAME)')
    .option('--persistent', 'when you leave, stay until at least one other came and all have left')
    .option('--password-file <FILE>', 'your password is the first line of FILE, which only you may read')
    .option('--remember', 'keep the session on this computer: no password next time')
    .option('--no-color', 'no colours (NO_COLOR)')
    .addHelpText(
      'after',
      `
The first time you choose a name and a password, and are the admin. The join link for the others is on the
screen, and under /link: it is good for ${inviteUses} people and ${inviteDays} days. What is said is kept in --data, where
secure-chat server goes on from it too.`,
    )
    .action((flags: Flags) => host(flags, io));
  const name = new Option(
    '-n, --name <TEXT>',
    "what people see the chat called; default: this machine's name",
  );
  for (const one of faceOptions()) command.addOption(one);
  for (const one of serverOptions(name.env('SECURE_CHAT_SERVER_NAME'))) command.addOption(one);
}

/** @throws Exit */
async function host(flags: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const guests = watchGuests();
  const signals = relayed(io.signals);
  const stop = watchSignals(signals);
  let failure: Exit | undefined;
  const onFailure = (cause: StoreError): void => {
    failure = new Exit(exitCode.io, cause.message, { cause });
    // The client gives the terminal back before anything is told.
    signals.emit('SIGTERM');
  };
  const server = await startServer({ ...settings, log: guests.log, onFailure }).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
  const { met, exit } = await takePart(server, { flags, io: { ...io, signals } });
  if (flags.persistent && met && !stop.signal.aborted) await stay(server, { guests, stop, io });
  await endServer(server, stop);
  const end = failure ?? exit;
  if (end !== undefined) throw end;
}

/** Signals as they come, for one who adds others of its own. */
function relayed(signals: Io['signals']): EventEmitter {
  const relay = new EventEmitter();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) signals.on(name, () => relay.emit(name));
  // Without a listener Node opens its debugger to whoever is on this machine.
  signals.on('SIGUSR1', () => {});
  return relay;
}

interface Part {
  /** The host was in the chat. */
  readonly met: boolean;
  /** What the command ends with; undefined where all is well. */
  readonly exit?: unknown;
}

/** The host's own client, from the questions to the end. Never rejects. */
async function takePart(server: RunningServer, { flags, io }: { flags: Flags; io: Io }): Promise<Part> {
  const { as, passwordFile, remember, color } = flags;
  let met = false;
  try {
    const { argument, invitation } = await linksOf(server, io);
    if (io.stdout.isTTY === true)
      io.stdout.write(`${printable(server.name)} is up. ${invitation.join('\n\n')}\n\n`);
    const options: ClientOptions = {
      color,
      // Whatever name was used last at this address: of this data there is no account yet.
      ...(server.firstLink !== undefined && { create: true }),
      ...(as !== undefined && { name: as }),
      ...(passwordFile !== undefined && { passwordFile }),
      ...(remember && { remember }),
    };
    async function makeFace({ stop, server: endpoint, places }: Parameters<MakeFace>[0]): Promise<FrontEnd> {
      const preferences = join(await makeFolder(places.state), 'screen.json');
      const hosted = ['You host this chat.', ...invitation];
      const face = chooseFace({ ...flags, io, stop, server: endpoint, preferences, hosted });
      return {
        listener: face.listener,
        run(session) {
          met = true;
          return face.run(session);
        },
      };
    }
    await runClient({ argument, options, io, makeFace });
    return { met };
  } catch (exit) {
    return { met, exit };
  }
}

/** The way in for the host, over the loopback, and the lines that tell the others theirs. */
async function linksOf(
  server: RunningServer,
  { called }: Pick<Io, 'called'>,
): Promise<{ argument: string; invitation: string[] }> {
  const parsed = parseJoinLink(server.firstLink ?? server.links()[0] ?? '');
  const code = parsed.ok ? parsed.value.code : undefined;
  const { host: bound, port } = server.address;
  const near = bound === '::' || bound === '0.0.0.0' ? '127.0.0.1' : bound;
  const { pin } = server.certificate;
  const argument = formatJoinLink({ host: near, port, pin, ...(code !== undefined && { code }) });
  const open = server.registration !== 'closed';
  const terms = { uses: inviteUses, expiresMs: inviteDays * 24 * 60 * 60_000 };
  const [best = '', ...others] = server.links(open ? await server.invite(terms) : undefined);
  const hosts = others
    .map((link) => parseJoinLink(link))
    .flatMap((each) => (each.ok ? [each.value.host] : []));
  const whom = open
    ? `The others join with this, ${inviteUses} of them, for ${inviteDays} days`
    : 'Who has an account joins with this';
  const invitation = [
    `${whom}:`,
    `  ${called} connect ${shellWord(best)}`,
    ...(hosts.length === 0 ? [] : [`Other addresses of this machine: ${hosts.join(', ')}`]),
  ];
  return { argument, invitation };
}

interface Guests {
  readonly log: Log;
  /** Somebody besides the host has been here. */
  readonly came: boolean;
}

function watchGuests(): Guests {
  const names = new Set<unknown>();
  return {
    log: {
      ...silentLog,
      info(event, fields) {
        if (event === 'signed in') names.add(fields?.name);
      },
    },
    get came() {
      return names.size > 1;
    },
  };
}

interface Staying {
  readonly guests: Guests;
  readonly stop: Stop;
  readonly io: Io;
}

/** Until at least one other came and all have left, or a signal says that it is enough. */
async function stay(server: RunningServer, { guests, stop, io }: Staying): Promise<void> {
  // The terminal may go away.
  io.stderr.on('error', () => {});
  const wait = guests.came ? 'all others have left' : 'somebody came and all have left';
  io.stderr.write(`The chat goes on until ${wait}. Ctrl-C ends it now.\n`);
  let empty = 0;
  while (!stop.signal.aborted && !(guests.came && empty >= lostMs)) {
    await pause(lookMs);
    empty = server.online === 0 ? empty + lookMs : 0;
  }
}
