/** A client's options and environment: which server, which account. Knows spellings; asks nothing. */

import { type Command, Option } from 'commander';
import type { SignInAnswers } from '../client/sign-in/sign-in.js';
import { parseName } from '../protocol/names.js';
import { defaultPort, type Endpoint, type ParsedAddress, parseEndpoint } from '../trust/endpoint.js';
import { type JoinLink, looksLikeLink, parseJoinLink } from '../trust/join-link.js';
import { numberArgument, portArgument } from './arguments.js';
import { Exit, exitCode, type Io } from './command.js';
import { readPasswordFile } from './option-files.js';

/** Which server, which account, and how to sign in. */
export interface ClientOptions {
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly takeOver?: true;
  readonly attach?: true;
  readonly create?: true;
  readonly remember?: true;
  readonly retry?: number;
  readonly color: boolean;
}

/** Adds the argument and the options of ClientOptions. */
export function addClientOptions(command: Command): Command {
  return command
    .argument('[LINK | HOST[:PORT]]', 'join link or server address; asked for if missing')
    .option('-n, --name <NAME>', 'your name (SECURE_CHAT_NAME)')
    .option('-H, --host <HOST>', 'the server, instead of the argument')
    .option('-p, --port <PORT>', 'its port', portArgument(1))
    .option(
      '--password-file <FILE>',
      'read the password from the first line of FILE, which only you may read',
    )
    .option(
      '--token-file <FILE>',
      "read a bot's token from the first line of FILE; replaces name and password",
    )
    .option('--create', 'create a new account without asking')
    .addOption(
      new Option('--take-over', 'if you are already signed in, end that session').conflicts('attach'),
    )
    .option('--attach', 'if you are already signed in, join as another terminal')
    .option('--remember', 'save the session on this computer: no password next time')
    .option('--retry <SECONDS>', 'give up reconnecting after this long', numberArgument(0, 1e9))
    .option('--no-color', 'no colours (NO_COLOR)');
}

export interface TargetGiven {
  readonly argument?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** SECURE_CHAT_LINK */
  readonly link?: string | undefined;
}

/** A join link or an address, as typed. */
export function parseTarget(text: string): ParsedAddress<JoinLink> {
  return looksLikeLink(text) ? parseJoinLink(text) : parseEndpoint(text);
}

/**
 * The server from the argument, --host or the environment, in this order; undefined if none is given.
 * @throws Exit 64 for something malformed or given twice
 */
export function givenTarget({ argument, host, port, link }: TargetGiven): JoinLink | undefined {
  if (argument !== undefined) {
    if (host !== undefined || port !== undefined) {
      throw new Exit(
        exitCode.usage,
        'Give the server once: as LINK or HOST:PORT, or with --host and --port.',
      );
    }
    return checked(parseTarget(argument));
  }
  if (host !== undefined) {
    const endpoint = checked(parseEndpoint(host));
    if (port === undefined) return endpoint;
    if (endpoint.port !== defaultPort) {
      throw new Exit(exitCode.usage, 'Give the port once: in --host HOST:PORT or with --port.');
    }
    return { ...endpoint, port };
  }
  return link === undefined || link === '' ? undefined : checked(parseJoinLink(link));
}

function checked<T extends Endpoint>(parsed: ParsedAddress<T>): T {
  if (!parsed.ok) throw new Exit(exitCode.usage, parsed.message);
  return parsed.value;
}

export async function answersOf(options: ClientOptions, env: Io['env']): Promise<SignInAnswers> {
  const given = options.name ?? nonEmpty(env.SECURE_CHAT_NAME);
  const parsed = given === undefined ? undefined : parseName(given);
  if (parsed?.ok === false) throw new Exit(exitCode.usage, parsed.message);
  const { passwordFile: file, tokenFile } = options;
  const token =
    tokenFile === undefined ? nonEmpty(env.SECURE_CHAT_TOKEN) : await readPasswordFile(tokenFile, 'token');
  return {
    name: parsed?.name,
    password: file === undefined ? nonEmpty(env.SECURE_CHAT_PASSWORD) : await readPasswordFile(file),
    mode: options.takeOver ? 'take-over' : options.attach ? 'attach' : undefined,
    create: options.create,
    token,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
