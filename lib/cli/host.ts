/** `secure-chat host`: a server and its host's client in one terminal. Knows when both start and end. */
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { type Log, silentLog } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { formatJoinLink, parseJoinLink } from '../trust/endpoint.js';
import { type ClientOptions, type MakeFrontEnd, runClient } from './client-run.js';
import { addCommand, Exit, type Io } from './command.js';
import { useConfig } from './config-file.js';
import { configOption, makeFolder } from './folders.js';
import { chooseFrontEnd, type FrontEndFlags, frontEndOptions } from './front-ends.js';
import { guestCommand, guestFile } from './installation.js';
import { launchServer } from './launch-server.js';
import { type ServerFlags, serverOptions, settingsOf } from './server-options.js';
import type { RunningServer } from './start-server.js';
import { aborted, endServer, type Stop, signalExits, watchSignals } from './stop.js';

type PersonFlags = Pick<ClientOptions, 'passwordFile' | 'remember' | 'color'>;

/** `name` is the server's. */
interface Flags extends ServerFlags, FrontEndFlags, PersonFlags {
  /** The host's name. */
  readonly as?: string;
  readonly persistent?: true;
}

const pollMs = 250;
/** A connection lost for no longer than this may come back. */
const lostMs = 3_000;
const inviteUses = 20;
const inviteDays = 7;

export function addHost(program: Command, io: Io): void {
  const command = addCommand(program, 'host', {
    description: 'Starts a chat, joins it as its admin, and ends it when you leave.',
    text: `\
The first time, you choose a name and a password and become the admin. The join
link for the others is shown at start and by /link; it works for ${inviteUses} people and
${inviteDays} days. The history stays in --data; secure-chat server can continue from it.`,
    examples: ['secure-chat host', "secure-chat host --name 'Friday night' --persistent"],
    exits: [
      ...(['unavailable', 'io', ...signalExits] as const),
      ['refused', 'wrong password, name taken, …'],
      ['configuration', 'invalid configuration, such as a port in use'],
    ],
  })
    .option('--as <NAME>', 'your name (SECURE_CHAT_NAME)')
    .option('--persistent', 'when you leave, stay until someone has joined and everyone has left')
    .option('--password-file <FILE>', 'read your password from its first line; only you may read it')
    .option('--remember', 'save the session on this computer: no password next time')
    .option('--no-color', 'no colours (NO_COLOR)')
    .action(async (flags: Flags, command: Command) => {
      await useConfig(command);
      await host(flags, io);
    });
  for (const one of frontEndOptions()) command.addOption(one);
  command.addOption(configOption());
  // Its log is not shown.
  const options = serverOptions(io).filter(({ long }) => long !== '--log-level');
  for (const one of options) command.addOption(one);
}

/** @throws Exit */
async function host(flags: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const guests = watchGuests();
  const signals = relayed(io.signals);
  const stop = watchSignals(signals);
  const failure = new AbortController();
  const fail = (error: unknown): void => {
    if (failure.signal.aborted) return;
    failure.abort(error);
    // The client restores the terminal before the error is printed.
    signals.emit('SIGTERM');
  };
  const onFailure = (cause: StoreError): void => fail(new Exit('io', cause.message, { cause }));
  // Node would end the process at once, with its clients none the wiser.
  io.signals.on('uncaughtException', fail);
  const starting = launchServer({ ...settings, log: guests.log, onFailure });
  await Promise.race([starting, aborted(failure.signal)]);
  failure.signal.throwIfAborted();
  const server = await starting;
  const { joined, exit } = await Promise.race([
    runHostClient(server, { flags, io: { ...io, signals } }),
    failed(failure.signal),
  ]);
  if (flags.persistent && joined && !stop.signal.aborted) await stay(server, { guests, stop, io });
  await endServer(server, stop);
  failure.signal.throwIfAborted();
  if (exit !== undefined) throw exit;
}

/** The client may hang after an unexpected exception. */
async function failed(signal: AbortSignal): Promise<HostResult> {
  await aborted(signal);
  await pause(limits.closingMs);
  return { joined: false };
}

/** The process's signals, and those that the command adds. */
function relayed(signals: Io['signals']): EventEmitter {
  const relay = new EventEmitter();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) signals.on(name, () => relay.emit(name));
  // Without a listener Node opens its debugger to everyone on this machine.
  signals.on('SIGUSR1', () => {});
  return relay;
}

interface HostResult {
  /** The host signed in. */
  readonly joined: boolean;
  /** What the command ends with; undefined for success. */
  readonly exit?: unknown;
}

/** The host's own client, from the first prompt to the end. Never rejects. */
async function runHostClient(
  server: RunningServer,
  { flags, io }: { flags: Flags; io: Io },
): Promise<HostResult> {
  const { as, passwordFile, remember, color } = flags;
  let joined = false;
  try {
    const { argument, invitation } = await makeLinks(server, io);
    if (io.stdout.isTTY === true)
      io.stdout.write(`${printable(server.name)} is running. ${invitation.join('\n\n')}\n\n`);
    const options: ClientOptions = {
      color,
      // Even if a name was used at this address before: this data has no admin yet.
      ...(server.firstLink !== undefined && { create: true }),
      ...(as !== undefined && { name: as }),
      ...(passwordFile !== undefined && { passwordFile }),
      ...(remember && { remember }),
    };
    const makeFrontEnd: MakeFrontEnd = async ({ stop, server: endpoint, personal }) => {
      const preferences = join(await makeFolder(personal.state), 'screen.json');
      const hosted = ['You host this chat.', ...invitation];
      const endsChat = flags.persistent !== true;
      // The server drains first; then the command ends with the error.
      const onCrash = (): void => {};
      const choice = { io, stop, server: endpoint, preferences, hosted, endsChat, onCrash };
      const frontEnd = chooseFrontEnd({ ...flags, ...choice });
      return {
        ...frontEnd,
        run(...given) {
          joined = true;
          return frontEnd.run(...given);
        },
      };
    };
    await runClient({ argument, options, io, makeFrontEnd, ownServer: true });
    return { joined };
  } catch (exit) {
    return { joined, exit };
  }
}

/** The host's own join link, over loopback, and the lines that invite others. */
async function makeLinks(
  server: RunningServer,
  { guests }: Pick<Io, 'guests'>,
): Promise<{ argument: string; invitation: string[] }> {
  const parsed = parseJoinLink(server.firstLink ?? server.links()[0] ?? '');
  const code = parsed.ok ? parsed.value.code : undefined;
  const { host: bound, port } = server.address;
  const local = bound === '::' || bound === '0.0.0.0' ? '127.0.0.1' : bound;
  const { pin } = server.certificate;
  const argument = formatJoinLink({ host: local, port, pin, ...(code !== undefined && { code }) });
  const open = server.registration !== 'closed';
  const terms = { uses: inviteUses, expiresMs: inviteDays * 24 * 60 * 60_000 };
  const [best = '', ...others] = server.links(open ? await server.invite(terms) : undefined);
  const hosts = others
    .map((link) => parseJoinLink(link))
    .flatMap((each) => (each.ok ? [each.value.host] : []));
  const heading = open
    ? `Others can join with this link (${inviteUses} people, ${inviteDays} days)`
    : 'Others who have an account can join with this link';
  const file = guestFile(guests);
  const invitation = [
    `${heading}:`,
    `  ${guestCommand(guests, best)}`,
    ...(file === undefined ? [] : [file]),
    ...(hosts.length === 0 ? [] : [`Other addresses of this machine: ${hosts.join(', ')}`]),
  ];
  return { argument, invitation };
}

interface Guests {
  readonly log: Log;
  /** Someone other than the host has joined. */
  readonly joined: boolean;
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
    get joined() {
      return names.size > 1;
    },
  };
}

/** Until someone has joined and everyone has left, or a signal comes. */
async function stay(
  server: RunningServer,
  { guests, stop, io }: { guests: Guests; stop: Stop; io: Io },
): Promise<void> {
  // The terminal may go away.
  io.stderr.on('error', () => {});
  const until = guests.joined ? 'everyone has left' : 'someone has joined and everyone has left';
  io.stderr.write(`The chat stays open until ${until}. Ctrl-C ends it now.\n`);
  let empty = 0;
  while (!stop.signal.aborted && !(guests.joined && empty >= lostMs)) {
    await pause(pollMs);
    empty = server.online === 0 ? empty + pollMs : 0;
  }
}
