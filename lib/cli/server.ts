import { type Command, Option } from 'commander';
import type { Log } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { commandOn } from './data-folder.js';
import { Exit, exitCode } from './exit.js';
import type { Io } from './io.js';
import { createJsonLog } from './json-log.js';
import { type ServerFlags, serverOptions, settingsOf } from './server-options.js';
import { createServerScreen, type ServerScreen } from './server-screen.js';
import { startFailure } from './start-failure.js';
import { type RunningServer, startServer } from './start-server.js';
import { aborted, endServer, watchSignals } from './stop.js';

const option = (flags: string, description: string) => new Option(flags, description);

export function addServer(program: Command, io: Io): void {
  const name = option('-n, --name <TEXT>', "what people see it called; default: this machine's name");
  const command = program
    .command('server')
    .summary('run the server')
    .description('Runs the server. The first start prints a join link that makes an admin.')
    .addHelpText('after', signalsHelp)
    .action((flags: ServerFlags) => runServer(flags, io));
  for (const one of serverOptions(name.env('SECURE_CHAT_SERVER_NAME'))) command.addOption(one);
}

const signalsHelp = `
Signals:
  SIGINT, SIGTERM  tells everybody, lets sends drain, ends within 10 s; a second one ends at once
  SIGHUP           reads the certificate, its key and the --motd file again
`;

/** Resolves when the server has ended gracefully. @throws Exit */
async function runServer(flags: ServerFlags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const screen = io.stdout.isTTY === true ? createServerScreen(io.stdout) : undefined;
  const log = screen?.log ?? createJsonLog(io.stderr);
  const stop = watchSignals(io.signals, ['SIGINT', 'SIGTERM']);
  const failure = new AbortController();
  const onFailure = (error: StoreError) => failure.abort(error);
  const starting = startServer({ ...settings, log, onFailure }).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
  // From the start on: a database that is brought up to date is no time to be ended by a reload.
  io.signals.on('SIGHUP', () => {
    void starting.then(
      (server) => reload(server, log),
      () => {},
    );
  });
  const server = await starting;
  // Without a listener Node opens its debugger to whoever is on this machine.
  io.signals.on('SIGUSR1', () => {});
  tell(server, { io, screen, log, invite: commandOn(flags.data, io, 'invite') });

  await Promise.race([aborted(stop.signal), aborted(failure.signal)]);
  if (failure.signal.aborted) {
    const { reason } = failure.signal;
    throw new Exit(exitCode.io, String((reason as StoreError).message), { cause: reason });
  }
  const signal = String(stop.signal.reason);
  screen?.closing(signal);
  log.info('closing', { signal });
  await endServer(server, stop);
  screen?.closed();
  log.info('closed');
}

interface Told {
  readonly io: Io;
  readonly screen: ServerScreen | undefined;
  readonly log: Log;
  /** The command that makes a join link for others. */
  readonly invite: string;
}

function tell(server: RunningServer, { io, screen, log, invite }: Told): void {
  if (screen !== undefined) {
    screen.summary(server, { called: io.called, invite });
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
    log.error('not reloaded, what there was is served on', error);
  }
}
