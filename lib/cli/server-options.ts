/** The options of a server, as the commands that start one take them. Knows spellings, starts nothing. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { limits } from '../protocol/limits.js';
import type { Registration } from '../protocol/records.js';
import type { Retention } from '../server/files/cleanup.js';
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
import type { Io } from './io.js';
import type { ServerSettings } from './start-server.js';

export interface ServerFlags {
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

/** @param name the option for what people see the server called */
export function serverOptions(name: Option): Option[] {
  return [
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
    name,
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
}

export function settingsOf({ cert, key, data, motd, ...flags }: ServerFlags, io: Io): ServerSettings {
  return {
    ...flags,
    data: dataFolder(data, io),
    ...(cert === undefined ? {} : { cert: resolve(cert) }),
    ...(key === undefined ? {} : { key: resolve(key) }),
    ...(motd === undefined ? {} : { motd: resolve(motd) }),
  };
}

export interface EnvironmentFault {
  readonly variable: string;
  readonly message: string;
}

export interface EnvironmentSettings {
  readonly values: Partial<ServerFlags>;
  /** Variables that a server would not start with. */
  readonly faults: readonly EnvironmentFault[];
  /** All that there are. */
  readonly variables: readonly string[];
}

/** What a server that is started with this environment, and no options, goes by. */
export function environmentSettings(env: Io['env']): EnvironmentSettings {
  const values: Record<string, unknown> = {};
  const faults: EnvironmentFault[] = [];
  const options = serverOptions(option('--name <TEXT>', '').env('SECURE_CHAT_SERVER_NAME'));
  for (const one of options) {
    const { envVar: variable = '', parseArg } = one;
    const text = env[variable];
    if (text === undefined) continue;
    try {
      values[one.attributeName()] = parseArg === undefined ? text : parseArg(text, undefined);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      faults.push({ variable, message: error.message });
    }
  }
  return { values, faults, variables: options.flatMap(({ envVar }) => envVar ?? []) };
}
