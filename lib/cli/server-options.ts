/** The options of `server` and `host`, from the command line or the environment. Knows spellings, starts nothing. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { limits } from '../protocol/limits.js';
import type { Registration } from '../protocol/records.js';
import type { Retention } from '../server/files/cleanup.js';
import { defaultPort, type Endpoint } from '../trust/endpoint.js';
import { Exit, type Io } from './command.js';
import { databaseOption, dataFolder, dataOption } from './folders.js';
import {
  countArgument,
  endpointArgument,
  endpointsArgument,
  hostArgument,
  keepArgument,
  numberArgument,
  portArgument,
  sizeArgument,
} from './option-values.js';
import type { ServerSettings } from './start-server.js';

export interface ServerFlags {
  readonly cert?: string;
  readonly key?: string;
  readonly host?: string;
  readonly port: number;
  readonly publicHost?: string;
  readonly peerHosts?: readonly Endpoint[];
  readonly data?: string;
  readonly database?: string;
  readonly files?: string;
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

/** @param name the option for the server's name */
export function serverOptions(name: Option, io: Pick<Io, 'env'>): Option[] {
  return [
    option('--cert <FILE>', 'certificate (PEM); default: a self-signed one in the data folder').env(
      'SECURE_CHAT_CERT',
    ),
    option('--key <FILE>', 'its key (PEM); default: NAME-key.pem next to NAME.pem, or in it').env(
      'SECURE_CHAT_KEY',
    ),
    option('-H, --host <ADDRESS>', 'address to listen on; default: all addresses')
      .env('SECURE_CHAT_HOST')
      .argParser(hostArgument),
    option('-p, --port <PORT>', 'port to listen on, 0 for any free one')
      .env('SECURE_CHAT_PORT')
      .default(defaultPort)
      .argParser(portArgument(0)),
    option('--public-host <HOST[:PORT]>', 'address in join links, if not one of this machine')
      .env('SECURE_CHAT_PUBLIC_HOST')
      .argParser(endpointArgument),
    option('--peer-hosts <HOST:PORT,…>', "addresses of the chat's other servers, which have the same key")
      .env('SECURE_CHAT_PEER_HOSTS')
      .argParser(endpointsArgument(limits.peerHosts)),
    dataOption(),
    databaseOption(io),
    option(
      '--files <DIR>',
      'folder for sent files that several servers share; default: in the data folder',
    ).env('SECURE_CHAT_FILES'),
    option('--registration <POLICY>', 'who may create an account')
      .env('SECURE_CHAT_REGISTRATION')
      .choices(['invite', 'open', 'closed'])
      .default('invite'),
    option('--rooms <WHO>', 'who may create rooms')
      .env('SECURE_CHAT_ROOMS')
      .choices(['members', 'admins'])
      .default('members'),
    option(
      '--keep <AGE|COUNT>',
      'keep history only this long (90d, 12h, 2w), or only this many messages per conversation; default: all',
    )
      .env('SECURE_CHAT_KEEP')
      .argParser(keepArgument),
    option('--max-file <SIZE>', 'largest file')
      .env('SECURE_CHAT_MAX_FILE')
      .default(limits.fileBytes, '100M')
      .argParser(sizeArgument),
    option('--quota <SIZE>', 'files of one account together; default: 1G, or 10 times --max-file')
      .env('SECURE_CHAT_QUOTA')
      .argParser(sizeArgument),
    name,
    option('--motd <FILE>', 'message of the day, shown at sign-in').env('SECURE_CHAT_MOTD'),
    option('--max-clients <NUMBER>', 'people signed in at once; admins may exceed it')
      .env('SECURE_CHAT_MAX_CLIENTS')
      .argParser(countArgument(1, 1_000_000)),
    option('--rate <NUMBER>', 'messages per second and person; bursts of twice as many')
      .env('SECURE_CHAT_RATE')
      .default(limits.messagesPerSecond)
      .argParser(numberArgument(0.1, 10_000)),
    option('--per-address <NUMBER>', 'connections per address')
      .env('SECURE_CHAT_PER_ADDRESS')
      .default(limits.connectionsPerAddress)
      .argParser(countArgument(1, 1_000_000)),
  ];
}

export function settingsOf({ cert, key, data, files, motd, ...flags }: ServerFlags, io: Io): ServerSettings {
  return {
    ...flags,
    data: dataFolder(data, io),
    ...(cert === undefined ? {} : { cert: resolve(cert) }),
    ...(key === undefined ? {} : { key: resolve(key) }),
    ...(files === undefined ? {} : { files: resolve(files) }),
    ...(motd === undefined ? {} : { motd: resolve(motd) }),
  };
}

interface EnvironmentFault {
  readonly variable: string;
  readonly message: string;
}

interface EnvironmentSettings {
  readonly values: Partial<ServerFlags>;
  /** Variables with invalid values. */
  readonly faults: readonly EnvironmentFault[];
  /** All variables that a server reads. */
  readonly variables: readonly string[];
}

/** The settings of a server started with this environment and no options. */
export function environmentSettings(env: Io['env']): EnvironmentSettings {
  const values: Record<string, unknown> = {};
  const faults: EnvironmentFault[] = [];
  const options = serverOptions(option('--name <TEXT>', '').env('SECURE_CHAT_SERVER_NAME'), { env });
  for (const one of options) {
    const { envVar: variable = '', parseArg } = one;
    const text = env[variable];
    if (text === undefined) continue;
    try {
      values[one.attributeName()] = parseArg === undefined ? text : parseArg(text, undefined);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError || error instanceof Exit)) throw error;
      faults.push({ variable, message: error.message });
    }
  }
  return { values, faults, variables: options.flatMap(({ envVar }) => envVar ?? []) };
}
