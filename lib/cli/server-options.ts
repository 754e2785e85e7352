/**
 * The options of `server` and `host`: one table for the command line, the environment, the `--config` file, help and
 * manual pages. Knows spellings, starts nothing.
 */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { limits } from '../protocol/limits.js';
import { parseRange } from '../server/net/address.js';
import { parsePushHosts } from '../server/push/push-hosts.js';
import { defaultPort } from '../trust/endpoint.js';
import { Exit, type Io } from './command.js';
import { databaseOption, databaseVariable, dataFolder, dataOption } from './folders.js';
import { type LogLevel, logLevels } from './log-level.js';
import {
  countArgument,
  endpointArgument,
  endpointsArgument,
  hostArgument,
  keepArgument,
  listenArgument,
  localEndpointArgument,
  numberArgument,
  portArgument,
  sizeArgument,
} from './option-values.js';
import type { ServerSettings } from './server-settings.js';

/** Settings as options. */
export interface ServerFlags extends Omit<ServerSettings, 'data' | 'log' | 'onFailure'> {
  readonly data?: string;
  readonly logLevel: LogLevel;
  /** The file that the rest may come from. */
  readonly config?: string;
}

const option = (flags: string, description: string) => new Option(flags, description);

/** A row is all that an option needs: its name is its key in the file, too, and `,…` stands for a list. */
export function serverOptions(io: Pick<Io, 'env'>): Option[] {
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
    option('--webhooks <HOST:PORT>', 'take webhooks on this address, over HTTPS; default: none')
      .env('SECURE_CHAT_WEBHOOKS')
      .argParser(listenArgument),
    option('--push-hosts <HOST,…>', 'hosts that people may send push notifications to; default: none')
      .env('SECURE_CHAT_PUSH_HOSTS')
      .argParser(pushHostsArgument),
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
    option('-n, --name <TEXT>', "server name to show; default: this machine's name").env(
      'SECURE_CHAT_SERVER_NAME',
    ),
    option('--motd <FILE>', 'message of the day, shown at sign-in').env('SECURE_CHAT_MOTD'),
    option('--max-clients <NUMBER>', 'people signed in at once; admins may exceed it')
      .env('SECURE_CHAT_MAX_CLIENTS')
      .argParser(countArgument(1, 1_000_000)),
    option('--rate <NUMBER>', 'messages per second for each person; bursts of twice as many')
      .env('SECURE_CHAT_RATE')
      .default(limits.messagesPerSecond)
      .argParser(numberArgument(0.1, 10_000)),
    option('--per-address <NUMBER>', 'connections per address')
      .env('SECURE_CHAT_PER_ADDRESS')
      .default(limits.connectionsPerAddress)
      .argParser(countArgument(1, 1_000_000)),
    option('--log-level <LEVEL>', 'log only what is at least this important')
      .env('SECURE_CHAT_LOG_LEVEL')
      .choices(logLevels)
      .default('info'),
    option('--proxy-from <CIDR,…>', 'balancers whose connections begin with a PROXY v2 header')
      .env('SECURE_CHAT_PROXY_FROM')
      .argParser(rangesArgument),
    option('--metrics <HOST:PORT>', 'serve /metrics, /healthz and /readyz; a port alone: only this machine')
      .env('SECURE_CHAT_METRICS')
      .argParser(localEndpointArgument),
  ];
}

/** Of those a list can be given for. */
export const takesList = ({ flags }: Option): boolean => flags.includes(',…');

export function settingsOf(
  { cert, key, data, files, motd, logLevel: _, config: __, ...flags }: ServerFlags,
  io: Io,
): ServerSettings {
  return {
    ...flags,
    data: dataFolder(data, io),
    ...(cert === undefined ? {} : { cert: resolve(cert) }),
    ...(key === undefined ? {} : { key: resolve(key) }),
    ...(files === undefined ? {} : { files: resolve(files) }),
    ...(motd === undefined ? {} : { motd: resolve(motd) }),
  };
}

/** Of options, as typed, by the option's name. */
export type SettingTexts = ReadonlyMap<string, string>;

interface ParsedSettings {
  readonly values: Partial<ServerFlags>;
  readonly faults: readonly { readonly name: string; readonly message: string }[];
}

/** Settings that don't come from the command line, by the same parsers. Names without an option are ignored. */
export function parseSettings(texts: SettingTexts): ParsedSettings {
  const values: Record<string, unknown> = {};
  const faults: { name: string; message: string }[] = [];
  // Outside the command line, an address may have a password.
  for (const one of serverOptions({ env: { [databaseVariable]: texts.get('database') } })) {
    const text = texts.get(one.name());
    if (text === undefined) continue;
    try {
      values[one.attributeName()] = one.parseArg === undefined ? text : one.parseArg(text, undefined);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError || error instanceof Exit)) throw error;
      faults.push({ name: one.name(), message: error.message });
    }
  }
  return { values, faults };
}

interface EnvironmentSettings {
  readonly values: Partial<ServerFlags>;
  /** Variables with invalid values. */
  readonly faults: readonly { readonly variable: string; readonly message: string }[];
  /** All variables that a server reads. */
  readonly variables: readonly string[];
}

/** The settings of a server started with this environment and no options. */
export function environmentSettings(env: Io['env']): EnvironmentSettings {
  const variables = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const one of serverOptions({ env })) {
    const { envVar: variable = '' } = one;
    const text = env[variable];
    variables.set(one.name(), variable);
    if (text !== undefined) texts.set(one.name(), text);
  }
  const { values, faults } = parseSettings(texts);
  return {
    values,
    faults: faults.map(({ name, message }) => ({ variable: variables.get(name) ?? '', message })),
    variables: [...variables.values()],
  };
}

export function pushHostsArgument(text: string): readonly string[] {
  const hosts = text.split(',');
  if (parsePushHosts(hosts) !== undefined) return hosts;
  throw new InvalidArgumentError('Give hosts such as ntfy.sh,push.example:8443 or http://192.168.1.5:8080.');
}

/** Addresses and CIDR ranges separated by commas, in canonical form. */
export function rangesArgument(text: string): readonly string[] {
  return text.split(',').map((part) => {
    const range = parseRange(part.trim());
    if (range !== undefined) return range.text;
    throw new InvalidArgumentError(
      'Give addresses or ranges such as 192.0.2.7,10.1.0.0/16; the widest are /8, and /16 of IPv6.',
    );
  });
}
