/** `secure-chat server`: options in, a running server, signals, exit code. */
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import type { Registration } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import { ControlError } from '../server/control.js';
import type { Log } from '../server/log.js';
import { StoreError, StoreInUse } from '../store/store.js';
import { CertificateError } from '../trust/certificate-error.js';
import { canonicalHost, defaultPort, parseEndpoint } from '../trust/endpoint.js';
import { Exit, exitCode } from './exit.js';
import { folders } from './folders.js';
import type { Io, Output } from './io.js';
import { createServerScreen } from './server-screen.js';
import { type RunningServer, type ServerSettings, startServer } from './start-server.js';

interface Flags {
  readonly cert?: string;
  readonly key?: string;
  readonly host?: string;
  readonly port: number;
  readonly publicHost?: string;
  readonly data: string;
  readonly registration: Registration;
  readonly name?: string;
  readonly rate: number;
  readonly perAddress: number;
}

/** The data folder that server, invite and later commands share. */
export function dataOption(io: Io): Option {
  return new Option('--data <dir>', 'folder of accounts, history and the control socket')
    .env('SECURE_CHAT_DATA')
    .default(join(folders(io.env).data, 'server'), join('~', '.local', 'share', 'secure-chat', 'server'))
    .argParser((path) => resolve(path));
}

export function addServer(program: Command, io: Io): void {
  program
    .command('server')
    .description('run the server; a first start prints a join link that makes an admin')
    .addOption(
      new Option('--cert <file>', 'certificate (PEM); without it the server makes and keeps its own').env(
        'SECURE_CHAT_CERT',
      ),
    )
    .addOption(
      new Option('--key <file>', 'its key (PEM); default: the -key.pem beside --cert, or inside it').env(
        'SECURE_CHAT_KEY',
      ),
    )
    .addOption(
      new Option('-H, --host <address>', 'address to listen on; default: all')
        .env('SECURE_CHAT_HOST')
        .argParser(hostArgument),
    )
    .addOption(
      new Option('-p, --port <number>', 'port to listen on, 0 for any free one')
        .env('SECURE_CHAT_PORT')
        .default(defaultPort)
        .argParser(portArgument),
    )
    .addOption(
      new Option(
        '--public-host <host[:port]>',
        'what join links name, when it is not an address of this machine',
      )
        .env('SECURE_CHAT_PUBLIC_HOST')
        .argParser(endpointArgument),
    )
    .addOption(dataOption(io))
    .addOption(
      new Option('--registration <policy>', 'who may make an account')
        .env('SECURE_CHAT_REGISTRATION')
        .choices(['invite', 'open', 'closed'])
        .default('invite'),
    )
    .addOption(
      new Option('-n, --name <text>', "what people see the server called; default: this machine's name").env(
        'SECURE_CHAT_SERVER_NAME',
      ),
    )
    .addOption(
      new Option('--rate <number>', 'messages a second of one person, twice as many at once')
        .env('SECURE_CHAT_RATE')
        .default(limits.messagesPerSecond)
        .argParser(countArgument(0.1, 10_000)),
    )
    .addOption(
      new Option('--per-address <number>', 'connections from one address')
        .env('SECURE_CHAT_PER_ADDRESS')
        .default(limits.connectionsPerAddress)
        .argParser(countArgument(1, 1_000_000)),
    )
    .addHelpText('after', signalsHelp)
    .action(async (flags: Flags) => {
      await runServer(flags, io);
    });
}

const signalsHelp = `
Signals:
  SIGINT, SIGTERM  tells everybody, lets sends drain, ends within 10 s; a second one ends at once
  SIGHUP           reads the certificate and its key again
`;

/** Resolves when the server has ended gracefully. @throws Exit */
async function runServer(flags: Flags, io: Io): Promise<void> {
  const screen = io.stdout.isTTY === true ? createServerScreen(io.stdout) : undefined;
  const log = screen?.log ?? jsonLog(io.stderr);
  let failed: ((error: StoreError) => void) | undefined;
  const failure = new Promise<StoreError>((resolve) => {
    failed = resolve;
  });
  // Before the server is there: a signal during its start ends it too.
  const signals = watchSignals(io);
  const server = await startServer({
    ...settingsOf(flags),
    log,
    onFailure: (error) => failed?.(error),
  }).catch((error: unknown) => {
    throw startFailure(error, flags);
  });
  signals.onReload(() => reload(server, log));
  tell(server, { io, screen, log });
  const end = await Promise.race([signals.ended, failure]);
  if (end instanceof StoreError) throw new Exit(exitCode.io, end.message, { cause: end });
  screen?.closing(end);
  log.info('closing', { signal: end });
  await Promise.race([server.close(), signals.forced]);
  screen?.closed();
  log.info('closed');
}

function settingsOf({ cert, key, ...flags }: Flags): ServerSettings {
  return {
    ...flags,
    ...(cert === undefined ? {} : { cert: resolve(cert) }),
    ...(key === undefined ? {} : { key: resolve(key) }),
  };
}

function tell(
  server: RunningServer,
  { io, screen, log }: { io: Io; screen: ReturnType<typeof createServerScreen> | undefined; log: Log },
): void {
  if (screen !== undefined) {
    screen.summary(server, io.env);
    return;
  }
  const { address, certificate, data, registration } = server;
  const { pin, validTo } = certificate;
  log.info('listening', { ...address, pin, validTo: validTo.toISOString(), data, registration });
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

type EndSignal = 'SIGINT' | 'SIGTERM';

/** The first end signal ends gracefully; a second one, or the drain's limit, at once. */
function watchSignals({ signals }: Io) {
  let onReload: (() => void) | undefined;
  let first: EndSignal | undefined;
  let end: (signal: EndSignal) => void = () => {};
  let force: (at?: Exit) => void = () => {};
  const ended = new Promise<EndSignal>((resolve) => {
    end = resolve;
  });
  const forced = new Promise<void>((resolve, reject) => {
    force = (exit) => (exit === undefined ? resolve() : reject(exit));
  });
  // Whoever waits for it hears of it; before that it ends nothing.
  forced.catch(() => {});

  function receive(signal: EndSignal): void {
    if (first === undefined) {
      first = signal;
      setTimeout(() => force(), limits.drainMs).unref();
      end(signal);
      return;
    }
    force(new Exit(signal === 'SIGINT' ? exitCode.interrupted : exitCode.terminated));
  }

  signals.on('SIGINT', () => receive('SIGINT'));
  signals.on('SIGTERM', () => receive('SIGTERM'));
  signals.on('SIGHUP', () => onReload?.());
  // Without a listener Node opens its debugger to whoever is on this machine.
  signals.on('SIGUSR1', () => {});
  return {
    ended,
    forced,
    onReload(action: () => void) {
      onReload = action;
    },
  };
}

/** One JSON line an event. */
function jsonLog(stream: Output): Log {
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, error, fields) => logger.error({ ...fields, err: error }, event),
  };
}

/** Why a server did not start, as one line that says what to do. */
function startFailure(error: unknown, { port, host, data }: Flags): unknown {
  if (error instanceof CertificateError || error instanceof ControlError) {
    return new Exit(exitCode.configuration, error.message, { cause: error });
  }
  if (error instanceof StoreInUse) {
    const message = `Another server is running on ${data}. Stop it, or choose another folder with --data.`;
    return new Exit(exitCode.configuration, message, { cause: error });
  }
  if (error instanceof StoreError) return new Exit(exitCode.io, error.message, { cause: error });
  if (!(error instanceof Error) || !('code' in error)) return error;
  const configuration = (message: string) => new Exit(exitCode.configuration, message, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return configuration(`Port ${port} is taken. Stop what listens there, or choose another with --port.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return configuration(
        `${host} is not an address of this machine. Choose another --host, or leave it out.`,
      );
    case 'EACCES':
      return 'syscall' in error && error.syscall === 'listen'
        ? configuration(`Not allowed to listen on port ${port}. Choose one from 1024 on with --port.`)
        : new Exit(
            exitCode.io,
            `Cannot write to ${data}: ${error.message}. Choose another folder with --data.`,
          );
    default:
      return String(error.code) in constants.errno
        ? new Exit(exitCode.io, `The server cannot start: ${error.message}.`, { cause: error })
        : error;
  }
}

function hostArgument(text: string): string {
  const host = canonicalHost(text);
  if (host === undefined) throw new InvalidArgumentError('It takes an address or a host name.');
  return host;
}

function endpointArgument(text: string): string {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  return text;
}

function portArgument(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
    throw new InvalidArgumentError('It takes a number up to 65535.');
  return Number(text);
}

function countArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
    }
    return value;
  };
}
