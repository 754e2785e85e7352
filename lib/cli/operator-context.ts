/** Which server an operator command is about: by its options, its variables and the `--config` file. */
import type { Command } from 'commander';
import { addCommand, type CommandHelp, type Io } from './command.js';
import { readConfigFile } from './config-file.js';
import { configOption, databaseOption, dataFolder, dataOption } from './folders.js';
import type { ServerFlags } from './server-options.js';

export interface OperatorContext {
  /** The data folder. */
  readonly data: string;
  /** The address of a PostgreSQL database; undefined where the database is a file in the data folder. */
  readonly database: string | undefined;
  /** What the `--config` file says of the server. */
  readonly settings: Partial<ServerFlags>;
  readonly io: Io;
}

export interface DataFlags {
  readonly data?: string;
  readonly database?: string;
  readonly config?: string;
}

/** As addCommand, with the options of DataFlags. */
export function addOperatorCommand(parent: Command, io: Io, name: string, help: CommandHelp): Command {
  return addCommand(parent, name, help)
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(databaseOption(io));
}

/** @throws Exit as `dataFolder` and `readConfigFile` */
export async function operatorContext({ config, ...flags }: DataFlags, io: Io): Promise<OperatorContext> {
  const settings = config === undefined ? {} : (await readConfigFile(config)).values;
  return contextWith(settings, flags, io);
}

/** @throws Exit as `dataFolder` */
export function contextWith(settings: Partial<ServerFlags>, flags: DataFlags, io: Io): OperatorContext {
  const { data = settings.data, database = settings.database } = flags;
  return { data: dataFolder(data, io), database, settings, io };
}
