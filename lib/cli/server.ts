/** `secure-chat server`: options in, a running server, signals, exit code. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Registration } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import type { Retention } from '../server/files/clearing.js';
import type { Log } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { defaultPort } from '../trust/endpoint.js';
import {
  countArgument,
  endpointArgument,
  hostArgument,
  keepArgument,
  numberArgument,
  portArgument,
  sizeArgument,
} from './arguments.js';
import { dataFolder, dataOption } from './data-folder.js';
import { Exit, exitCode } from './exit.js';
import type { Io } from './io.js';
import { createJsonLog } from './json-log.js';
import { createServerScreen, type ServerScreen } from './server-screen.js';
import { startFailure } from './start-failure.js';
import { type RunningServer, type ServerSettings, startServer } from './start-server.js';
import { watchSignals } from './stop.js';

interface Flags {
  readonly cert?: string;
  readonly key?: string;
  readonly host?: string;
  readonly port: number;
  readonly publicHost?: string;
  readonly data?: string;
  readonly registration: Registration;
  readonly name?: string;
  readonly rate: number;
  readonly perAddress: number;
  readonly rooms: 'members' | 'admins';
  readonly maxFile: number;
  readonly quota?: number;
  readonly keep?: Retention;
  readonly motd?: string;
  readonly maxClients?: number;
}

const option = (flags: string, description: string) => new Option(flags, description);

export function addServer(program: Command, io: Io): void {
  const options = [
    option('--cert <FILE>', 'certificate (PEM); without it the server makes and keeps its own').env(
      'SECURE_CHAT_CERT',
    ),
    option('--key <FILE>', 'its key (PEM); default: the -key.pem beside it, or inside it').env(
      'SECURE_CHAT_KEY',
    ),
    option('-H, --host <ADDRESS>', 'address to listen on; default: all of this machine')
      .env('SECURE_CHAT_HOST')
      .argParser(hostArgument),
    option('-p, --port <PORT>', 'port to listen on, 0 for any free one')
      .env('SECURE_CHAT_PORT')
      .default(defaultPort)
      .argParser(portArgument(0)),
    option('--public-host <HOST[:PORT]>', 'what join links name, if not an address of this machine')
      .env('SECURE_CHAT_PUBLIC_HOST')
      .argParser(endpointArgument),
    dataOption(),
    option('--registration <POLICY>', 'who may make an account')
      .env('SECURE_CHAT_REGISTRATION')
      .choices(['invite', 'open', 'closed'])
      .default('invite'),
    option('--rooms <WHO>', 'who may make rooms')
      .env('SECURE_CHAT_ROOMS')
      .choices(['members', 'admins'])
      .default('members'),
    option(
      '--keep <AGE|COUNT>',
      'forget what is older (90d, 12h, 2w), or all but so many messages of each conversation; default: nothing',
    )
      .env('SECURE_CHAT_KEEP')
      .argParser(keepArgument),
    option('--max-file <SIZE>', 'largest file that can be sent')
      .env('SECURE_CHAT_MAX_FILE')
      .default(limits.fileBytes, '100M')
      .argParser(sizeArgument),
    option('--quota <SIZE>', 'all files of one person; default: 1G, or ten of the largest')
      .env('SECURE_CHAT_QUOTA')
      .argParser(sizeArgument),
    option('-n, --name <TEXT>', "what people see it called; default: this machine's name").env(
      'SECURE_CHAT_SERVER_NAME',
    ),
    option('--motd <FILE>', 'text that everybody who comes is shown').env('SECURE_CHAT_MOTD'),
    option('--max-clients <NUMBER>', 'how many people can be here at once; admins come in beyond it')
      .env('SECURE_CHAT_MAX_CLIENTS')
      .argParser(countArgument(1, 1_000_000)),
    option('--rate <NUMBER>', 'messages a second of one person, twice as many at once')
      .env('SECURE_CHAT_RATE')
      .default(limits.messagesPerSecond)
      .argParser(numberArgument(0.1, 10_000)),
    option('--per-address <NUMBER>', 'connections from one address')
      .env('SECURE_CHAT_PER_ADDRESS')
      .default(limits.connectionsPerAddress)
      .argParser(countArgument(1, 1_000_000)),
  ];
  const command = program
    .command('server')
    .summary('run the server')
    .description('Runs the server. The first start prints a join link that makes an admin.')
    .addHelpText('after', signalsHelp)
    .action((flags: Flags) => runServer(flags, io));
  for (const one of options) command.addOption(one);
}

const signalsHelp = `
Signals:
  SIGINT, SIGTERM  tells everybody, lets sends drain, ends within 10 s; a second one ends at once
  SIGHUP           reads the certificate, its key and the --motd file again
`;

/** Resolves when the server has ended gracefully. @throws Exit */
async function runServer(flags: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const screen = io.stdout.isTTY === true ? createServerScreen(io.stdout) : undefined;
  const log = screen?.log ?? createJsonLog(io.stderr);
  const stop = watchSignals(io.signals, ['SIGINT', 'SIGTERM']);
  const failure = new AbortController();
  const onFailure = (error: StoreError) => failure.abort(error);
  const server = await startServer({ ...settings, log, onFailure }).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
  io.signals.on('SIGHUP', () => void reload(server, log));
  // Without a listener Node opens its debugger to whoever is on this machine.
  io.signals.on('SIGUSR1', () => {});
  tell(server, { io, screen, log });

  await Promise.race([aborted(stop.signal), aborted(failure.signal)]);
  if (failure.signal.aborted) {
    const { reason } = failure.signal;
    throw new Exit(exitCode.io, String((reason as StoreError).message), { cause: reason });
  }
  const signal = String(stop.signal.reason);
  screen?.closing(signal);
  log.info('closing', { signal });
  await Promise.race([server.close(), stop.second, drained()]);
  screen?.closed();
  log.info('closed');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** Resolves when waiting any longer for those who do not go would break a promise. */
function drained(): Promise<void> {
  return new Promise((done) => void setTimeout(done, limits.drainMs).unref());
}

function settingsOf({ cert, key, data, motd, ...flags }: Flags, io: Io): ServerSettings {
  return {
    ...flags,
    data: dataFolder(data, io),
    ...(cert === undefined ? {} : { cert: resolve(cert) }),
    ...(key === undefined ? {} : { key: resolve(key) }),
    ...(motd === undefined ? {} : { motd: resolve(motd) }),
  };
}

interface Told {
  readonly io: Io;
  readonly screen: ServerScreen | undefined;
  readonly log: Log;
}

function tell(server: RunningServer, { io, screen, log }: Told): void {
  if (screen !== undefined) {
    screen.summary(server, io);
    return;
  }
  const { address, certificate, data, registration, keep = {} } = server;
  const { pin, validTo } = certificate;
  const kept = { keepMs: keep.ms, keepMessages: keep.messages };
  log.info('listening', { ...address, pin, validTo: validTo.toISOString(), data, registration, ...kept });
  const link = server.firstLink ?? server.links()[0];
  io.stdout.write(`join link: ${link}\n`);
}

async function reload(server: RunningServer, log: Log): Promise<void> {
  try {
    await server.reload();
    const { pin, validTo } = server.certificate;
    log.info('certificate reloaded', { pin, validTo: validTo.toISOString() });
  } catch (error) {
    log.error('certificate not reloaded, the old one is served on', error);
  }
}
