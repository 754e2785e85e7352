/** `secure-chat server`: options in, a server until a signal ends it. */
import type { Command } from 'commander';
import { escapeUnprintable } from '../protocol/printable.js';
import type { Log } from '../server/log.js';
import type { StoreError } from '../store/store.js';
import { sdNotify } from '../system/sd-notify.js';
import { keepYoungGenerationSmall } from '../system/young-generation.js';
import { addCommand, Exit, type Io, type OutputStream } from './command.js';
import { useConfig } from './config-file.js';
import { commandOn, configOption } from './folders.js';
import { launchServer } from './launch-server.js';
import { logFrom } from './log-level.js';
import { createReload } from './reload.js';
import { type ServerFlags, type SettingTexts, serverOptions, settingsOf } from './server-options.js';
import type { ServerScreen } from './server-screen.js';
import type { RunningServer } from './start-server.js';
import { aborted, endServer, watchSignals } from './stop.js';

export function addServer(program: Command, io: Io): void {
  const command = addCommand(program, 'server', {
    description: 'Runs the server. Until there is an admin, each start prints a join link that creates one.',
    text: `\
Options override variables (SECURE_CHAT_PORT), which override the --config file.

Signals:
  SIGINT, SIGTERM  notify clients, stop within 10 s; a second one stops at once
  SIGHUP           reload certificate, key, --motd file and --config file`,
    examples: [
      'secure-chat server',
      'secure-chat server --public-host chat.example --data /srv/chat',
      'secure-chat server --cert fullchain.pem --key privkey.pem',
      'secure-chat server --print-config > chat.toml',
      'secure-chat server --config chat.toml',
    ],
    exits: [
      ['io', 'the data cannot be read or written, is damaged or lost'],
      ['configuration', 'invalid configuration, such as a port in use'],
      ['interrupted', 'interrupted (Ctrl-C) a second time'],
      ['terminated', 'SIGTERM a second time'],
    ],
  })
    .addOption(configOption())
    .option('--print-config', 'print all settings, as such a file, and where each comes from; start nothing');
  for (const one of serverOptions(io)) command.addOption(one);
  const typed = typedTexts(command);
  command.action(async () => {
    const file = await useConfig(command);
    const { printConfig, ...flags }: ServerFlags & { printConfig?: true } = command.opts();
    if (!printConfig) return runServer(command, flags, io);
    const { configText } = await import('./config-text.js');
    io.stdout.write(await configText(command, { typed, file }, io));
  });
}

/** What the command line has for each option, by name. */
function typedTexts(command: Command): SettingTexts {
  const typed = new Map<string, string>();
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (text: string) => void typed.set(option.name(), text));
  }
  return typed;
}

/** Resolves when the server has ended gracefully. @throws Exit */
async function runServer(command: Command, flags: ServerFlags, io: Io): Promise<void> {
  keepYoungGenerationSmall(io.signals);
  const settings = settingsOf(flags, io);
  const inForce = { ...flags };
  const screen = io.stdout.isTTY === true ? await openServerScreen(io.stdout) : undefined;
  const log = logFrom(() => inForce.logLevel, screen?.log ?? (await openJsonLog(io.stderr)));
  const stop = watchSignals(io.signals, ['SIGINT', 'SIGTERM']);
  const [failure, unexpected] = [new AbortController(), new AbortController()];
  const onFailure = (error: StoreError) => failure.abort(error);
  // Node would end the process at once, with its clients none the wiser.
  io.signals.on('uncaughtException', (error: unknown) => {
    log.error('unexpected error', error);
    unexpected.abort(error);
  });
  const starting = launchServer({ ...settings, log, onFailure });
  // From the start on: a reload must not end a server that is migrating its database.
  const reload = createReload({ command, inForce, io, log });
  io.signals.on('SIGHUP', () => void starting.then(reload, () => {}));
  await Promise.race([starting, aborted(unexpected.signal)]);
  unexpected.signal.throwIfAborted();
  const server = await starting;
  // Without a listener Node opens its debugger to everyone on this machine.
  io.signals.on('SIGUSR1', () => {});
  printSummary(server, { io, screen, log, invite: commandOn(flags.data, io, 'invite') });
  const notify = (...states: string[]): void => {
    sdNotify(io.env, ...states).catch((error) => log.error('systemd not notified', error));
  };
  notify('READY=1', `STATUS=Listening on port ${server.address.port}`);

  await Promise.race([stop.signal, failure.signal, unexpected.signal].map(aborted));
  notify('STOPPING=1');
  if (failure.signal.aborted) {
    const { reason } = failure.signal;
    throw new Exit('io', String((reason as StoreError).message), { cause: reason });
  }
  const signal = String(stop.signal.reason ?? 'unexpected error');
  screen?.closing(signal);
  log.info('closing', { signal });
  if (!(await endServer(server, stop))) log.warn('closed before everything was sent');
  screen?.closed();
  log.info('closed');
  unexpected.signal.throwIfAborted();
}

interface Summary {
  readonly io: Io;
  readonly screen: ServerScreen | undefined;
  readonly log: Log;
  /** The command that creates a join link. */
  readonly invite: string;
}

function printSummary(server: RunningServer, { io, screen, log, invite }: Summary): void {
  if (screen !== undefined) {
    screen.summary(server, { called: io.called, invite, guests: io.guests });
    return;
  }
  const { address, certificate, data, database, registration, webhooks, keep = {} } = server;
  const { pin, validTo } = certificate;
  const kept = { keepMs: keep.ms, keepMessages: keep.messages };
  const where = { data, ...(database !== undefined && { database }) };
  log.info('listening', {
    ...address,
    pin,
    validTo: validTo.toISOString(),
    ...where,
    registration,
    webhooks,
    ...kept,
  });
  const link = server.firstLink ?? server.links()[0];
  io.stdout.write(`join link: ${link}\n`);
}

async function openServerScreen(stdout: OutputStream): Promise<ServerScreen> {
  const { createServerScreen } = await import('./server-screen.js');
  return createServerScreen(stdout);
}

/** One JSON line per event, for a server without a terminal. */
async function openJsonLog(stream: OutputStream): Promise<Log> {
  const { pino } = await import('pino');
  const printing = { write: (line: string) => stream.write(`${escapeUnprintable(line.trimEnd())}\n`) };
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, printing);
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, error, fields) => logger.error({ ...fields, err: error }, event),
  };
}
