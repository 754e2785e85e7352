/** `secure-chat host`: a server and its host's client in one terminal. Knows when both begin and end. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { type Log, silentLog } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { formatJoinLink, parseJoinLink } from '../trust/join-link.js';
import type { ClientOptions } from './client-run.js';
import { runClient } from './client-run.js';
import { Exit, exitCode } from './exit.js';
import { chooseFace } from './faces.js';
import { makeFolder } from './folders.js';
import type { Io } from './io.js';
import { type ServerFlags, serverOptions, settingsOf } from './server-options.js';
import { startFailure } from './start-failure.js';
import { type RunningServer, startServer } from './start-server.js';
import { watchSignals } from './stop.js';

interface Flags extends Omit<ServerFlags, 'name'> {
  /** Who hosts. */
  readonly as?: string;
  readonly name?: string;
  readonly persistent?: true;
  readonly plain?: true;
  readonly passwordFile?: string;
}

/** How often is looked whether everybody has left, in milliseconds. */
const lookMs = 250;
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
    .option('--plain', 'one line a message; the default without a terminal')
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
  for (const one of serverOptions(name.env('SECURE_CHAT_SERVER_NAME'))) command.addOption(one);
}

/** @throws Exit */
async function host({ as, persistent, plain, passwordFile, ...flags }: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const guests = watchGuests();
  let fail: (reason: Exit) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const onFailure = (cause: StoreError) => fail(new Exit(exitCode.io, cause.message, { cause }));
  const server = await startServer({ ...settings, log: guests.log, onFailure }).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
  // Without a listener Node opens its debugger to whoever is on this machine.
  io.signals.on('SIGUSR1', () => {});
  try {
    const { argument, hosted } = await linksOf(server);
    const options: ClientOptions = {
      color: true,
      ...(as !== undefined && { name: as }),
      ...(passwordFile !== undefined && { passwordFile }),
    };
    const client = runClient({
      argument,
      options,
      io,
      async makeFace({ stop, server: endpoint, places }) {
        const preferences = join(await makeFolder(places.state), 'screen.json');
        return chooseFace({ io, stop, server: endpoint, preferences, hosted, ...(plain && { plain }) });
      },
    });
    await Promise.race([client, failed]);
    if (persistent) await stay(server, guests, io);
  } finally {
    await server.close();
  }
}

/** The way in for the host, over the loopback, and the lines that tell the others theirs. */
async function linksOf(server: RunningServer): Promise<{ argument: string; hosted: string[] }> {
  const own = server.firstLink ?? server.links()[0] ?? '';
  const parsed = parseJoinLink(own);
  const code = parsed.ok ? parsed.value.code : undefined;
  const { host: bound, port } = server.address;
  const near = bound === '::' || bound === '0.0.0.0' ? '127.0.0.1' : bound;
  const { pin } = server.certificate;
  const argument = formatJoinLink({ host: near, port, pin, ...(code !== undefined && { code }) });
  const invite = await server.invite({ uses: inviteUses, expiresMs: inviteDays * 24 * 60 * 60_000 });
  const [best = '', ...others] = server.links(invite);
  const hosts = others
    .map((link) => parseJoinLink(link))
    .flatMap((each) => (each.ok ? [each.value.host] : []));
  const hosted = [
    `You host this chat. The others join with this, ${inviteUses} of them, for ${inviteDays} days:`,
    `  secure-chat connect ${best}`,
    ...(hosts.length === 0 ? [] : [`Other addresses of this machine: ${hosts.join(', ')}`]),
  ];
  return { argument, hosted };
}

interface Guests {
  readonly log: Log;
  /** Somebody other than the first one has been here. */
  readonly came: boolean;
}

/** Whoever signs in first is the host. */
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

/** Until at least one other came and all have left, or a signal says that it is enough. */
async function stay(server: RunningServer, guests: Guests, io: Io): Promise<void> {
  const stop = watchSignals(io.signals);
  const wait = guests.came ? 'all others have left' : 'somebody came and all have left';
  io.stderr.write(`The chat goes on until ${wait}. Ctrl-C ends it now.\n`);
  try {
    while (!stop.signal.aborted && !(guests.came && server.online === 0)) await pause(lookMs);
  } finally {
    stop.release();
  }
  io.stderr.write('The chat has ended.\n');
}
