/**
 * What SIGHUP does to a running server: the certificate, the MOTD and the `--config` file are read again, and what can change
 * without a restart is in force. Knows options by their names, not what they are for.
 */
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Command, Option } from 'commander';
import type { Log } from '../server/log.js';
import { Exit, type Io } from './command.js';
import { useConfig } from './config-file.js';
import type { ReloadableSettings } from './live-settings.js';
import { type ServerFlags, settingsOf } from './server-options.js';
import type { RunningServer } from './start-server.js';

interface ReloadDeps {
  /** Its options come from the command line, the environment, and the file. */
  readonly command: Command;
  /** What the server goes by. Changed here. */
  readonly inForce: ServerFlags;
  readonly io: Io;
  readonly log: Log;
}

/** By the name of the option; all others are in force from the next start on. */
export const liveOptions: Readonly<Record<keyof ReloadableSettings | 'logLevel', true>> = {
  cert: true,
  key: true,
  motd: true,
  registration: true,
  rooms: true,
  keep: true,
  maxFile: true,
  quota: true,
  maxClients: true,
  rate: true,
  perAddress: true,
  pushHosts: true,
  logLevel: true,
};

/** @returns reloads one after the other. Never rejects: a fault is logged, and nothing has changed then */
export function createReload(deps: ReloadDeps): (server: RunningServer) => Promise<void> {
  let last = Promise.resolve();
  return (server) => {
    last = last
      .then(() => reload(server, deps))
      .catch((error: unknown) =>
        deps.log.error('not reloaded, the old settings and files stay in use', error),
      );
    return last;
  };
}

async function reload(server: RunningServer, { command, inForce, io, log }: ReloadDeps): Promise<void> {
  await refusePipe(command.getOptionValue('config'));
  await useConfig(command);
  const wanted: ServerFlags = command.opts();
  await server.reload(settingsOf(wanted, io));

  const differing = command.options.filter(
    (option) => !isDeepStrictEqual(settingOf(option, wanted), settingOf(option, inForce)),
  );
  const changed = differing.filter((option) => Object.hasOwn(liveOptions, option.attributeName()));
  const waiting = differing.filter((option) => !changed.includes(option));
  for (const option of changed)
    Object.assign(inForce, { [option.attributeName()]: settingOf(option, wanted) });
  const { pin, validTo } = server.certificate;
  log.info('certificate reloaded', { pin, validTo: validTo.toISOString() });
  if (changed.length > 0) log.info('settings changed', { options: namesOf(changed) });
  if (waiting.length > 0) log.warn('settings wait for a restart', { options: namesOf(waiting) });
}

function settingOf(option: Option, flags: ServerFlags): unknown {
  return flags[option.attributeName() as keyof ServerFlags];
}

function namesOf(options: readonly Option[]): string {
  return options.map((option) => option.name()).join(', ');
}

/** A second time, there is nothing in it: everything would get its default. */
async function refusePipe(config: string | undefined): Promise<void> {
  // Where there is none, its reader says so.
  const found = config === undefined ? undefined : await stat(config).catch(() => undefined);
  if (found === undefined || found.isFile()) return;
  throw new Exit('configuration', `The --config file ${config} can be read only once. Restart the server.`);
}
