/** Runs a client: its options, then a session in a front end, then an exit code. Puts the client's parts together. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { FrontEnd, MoreServers } from '../client/front-end.js';
import { openRecentServers } from '../client/sign-in/saved-sessions.js';
import type { SignInAnswers } from '../client/sign-in/sign-in.js';
import { parseName } from '../protocol/names.js';
import {
  defaultPort,
  type Endpoint,
  formatEndpoint,
  type JoinLink,
  looksLikeLink,
  type ParsedAddress,
  parseEndpoint,
  parseJoinLink,
  uniqueEndpoints,
} from '../trust/endpoint.js';
import { failureExit, resultExit } from './client-failure.js';
import { Exit, type Io } from './command.js';
import { type Folders, folders, makeFolder } from './folders.js';
import { joinMore } from './more-servers.js';
import { numberArgument, portArgument, readPasswordFile } from './option-values.js';
import { homeOf, type SignedIn, type SignInContext, savedSessions, signInTo } from './sign-in-to.js';
import { signalExits, suspend, watchSignals } from './stop.js';

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

/** For the help of the commands that run a client. */
export const clientExits = ['unavailable', 'io', 'untrusted', 'configuration', ...signalExits] as const;

export const serverArgument = 'LINK | HOST[:PORT]';

/** Adds the options of ClientOptions. */
export function addClientOptions(command: Command): Command {
  return command
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
    .option(
      '--retry <SECONDS>',
      'keep trying to connect for this long, the first time too',
      numberArgument(0, 1e9),
    )
    .option('--no-color', 'no colours (NO_COLOR)');
}

interface ClientRun {
  /** LINK or HOST[:PORT]. */
  readonly argument: string | undefined;
  /** Further servers, in the same form. Only the full screen shows them. */
  readonly others?: readonly string[];
  readonly options: ClientOptions;
  readonly io: Io;
  readonly makeFrontEnd: MakeFrontEnd;
  /** A lost connection is tried forever, also without a terminal. */
  readonly patient?: true;
  /** The link is to a server in this process: its key is right, whichever was known for that address. */
  readonly ownServer?: true;
}

/** Makes the front end, before there is a session. */
export type MakeFrontEnd = (given: {
  stop: AbortSignal;
  /** The address that this person's files know the chat by. */
  server: Endpoint;
  personal: Folders;
}) => Promise<FrontEnd>;

interface Run extends SignInContext, Omit<ClientRun, 'argument' | 'others'> {
  readonly options: ClientOptions;
  readonly io: Io;
}

/**
 * Connects, signs in, and runs a front end until the session ends.
 * @throws Exit
 */
export async function runClient({ argument, others = [], ...given }: ClientRun): Promise<void> {
  const { options, io } = given;
  if (!options.color) {
    io.env.NO_COLOR = '1';
    delete io.env.FORCE_COLOR;
  }
  const targets = others.map((each) => checked(parseTarget(each)));
  const stop = watchSignals(io.signals);
  try {
    const personal = folders(io.env);
    const recent = openRecentServers(join(await makeFolder(personal.state), 'recent.json'));
    // clack draws with sequences that a dumb terminal does not know.
    const canAsk = io.stdin.isTTY === true && io.stdout.isTTY === true && io.env.TERM !== 'dumb';
    const prompter = canAsk
      ? (await import('../client/sign-in/clack-prompter.js')).createClackPrompter({
          ...io,
          stop: stop.signal,
          suspend,
        })
      : undefined;
    const run = { ...given, stop, prompter, recent, personal };
    const { session, stay, frontEnd, servers, done } = await Promise.race([
      open(run, argument, targets),
      stop.first,
    ]);
    const result = await Promise.race([frontEnd.run(session, servers, stay), stop.second]);
    await done();
    const exit = resultExit(result);
    if (exit !== undefined) throw exit;
  } catch (error) {
    throw failureExit(error);
  } finally {
    stop.release();
  }
}

interface Opened extends SignedIn {
  readonly frontEnd: FrontEnd;
  readonly servers: MoreServers;
}

async function open(run: Run, argument: string | undefined, others: readonly JoinLink[]): Promise<Opened> {
  const { options, io, stop, personal } = run;
  const answers = await answersOf(options, io.env);
  const server = await findTarget(run, argument);
  const frontEnd = await run.makeFrontEnd({ stop: stop.signal, server: await homeOf(run, server), personal });
  if (others.length > 0) requireScreen(frontEnd, answers);
  const opened = await signInTo(run, { server, answers, frontEnd, listener: frontEnd.listener });
  const nameOn = async (other: Endpoint) => answers.name ?? (await run.recent.name(other));
  const servers = await joinMore(others, {
    first: opened.server,
    homeOf: (other) => homeOf(run, other),
    parse: (address) => checked(parseTarget(address)),
    canResume: async (other) => {
      const home = await homeOf(run, other);
      const name = await nameOn(home);
      return name !== undefined && (await savedSessions(run, home).find(name)) !== undefined;
    },
    async signIn(other, { asking, listener }) {
      // Without a password or token given in advance, which is for the first server alone.
      const known = { name: asking ? answers.name : await nameOn(await homeOf(run, other)) };
      const { ownServer: _, ...elsewhere } = run;
      return signInTo(asking ? elsewhere : unattended(elsewhere), {
        server: other,
        answers: known,
        frontEnd,
        listener,
      });
    },
  });
  return { ...opened, frontEnd, servers };
}

/** Asks nothing, says nothing, and tries until it works. */
function unattended(run: Run): Run {
  const stderr = new Writable({ write: (_, __, done) => done() });
  const options = { ...run.options, retry: Number.POSITIVE_INFINITY };
  return { ...run, prompter: undefined, options, io: { ...run.io, stderr } };
}

/** @throws Exit */
function requireScreen({ fullScreen }: FrontEnd, { password, token }: SignInAnswers): void {
  if (fullScreen !== true) throw new Exit('usage', 'Several servers need the full screen. Give one.');
  if (password !== undefined || token !== undefined) {
    throw new Exit('usage', 'A password or token given in advance is for one server. Give one server.');
  }
}

async function findTarget(run: Run, argument: string | undefined): Promise<JoinLink> {
  const { io, options, prompter } = run;
  const { host, port } = options;
  const link = io.env.SECURE_CHAT_LINK;
  if (argument === undefined && host === undefined && port !== undefined && prompter === undefined) {
    throw new Exit('usage', 'No server: --port needs --host, or write HOST:PORT.');
  }
  const target = givenTarget({ argument, host, port, link });
  if (target !== undefined) return target;
  if (prompter === undefined) {
    throw new Exit('usage', 'No server: give a join link or HOST:PORT, or set SECURE_CHAT_LINK.');
  }
  const servers = await knownServers(run);
  const last = servers.at(-1);
  if (last !== undefined && servers.length === 1 && port === undefined) {
    prompter.note(
      `${formatEndpoint(last)} is the only server you know. For another: ${io.called} connect LINK`,
    );
    return last;
  }
  const answer = await prompter.text({
    message: 'Join link or server address',
    initial: last === undefined ? undefined : formatEndpoint(last),
    check: (text) => {
      const parsed = parseTarget(text);
      return parsed.ok ? undefined : parsed.message;
    },
  });
  const parsed = parseTarget(answer);
  if (!parsed.ok) throw new Exit('usage', parsed.message);
  return port === undefined ? parsed.value : { ...parsed.value, port };
}

/** Each chat once, by the address that it is known by; the one used last comes last. */
async function knownServers(run: Run): Promise<Endpoint[]> {
  const recent = await run.recent.servers();
  const homes = await Promise.all(recent.map((server) => homeOf(run, server)));
  return uniqueEndpoints(homes.reverse()).reverse();
}

interface TargetGiven {
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
      throw new Exit('usage', 'Give the server once: as LINK or HOST:PORT, or with --host and --port.');
    }
    return checked(parseTarget(argument));
  }
  if (host !== undefined) {
    const endpoint = checked(parseEndpoint(host));
    if (port === undefined) return endpoint;
    if (endpoint.port !== defaultPort) {
      throw new Exit('usage', 'Give the port once: in --host HOST:PORT or with --port.');
    }
    return { ...endpoint, port };
  }
  return link === undefined || link === '' ? undefined : checked(parseJoinLink(link));
}

function checked<T extends Endpoint>(parsed: ParsedAddress<T>): T {
  if (!parsed.ok) throw new Exit('usage', parsed.message);
  return parsed.value;
}

async function answersOf(options: ClientOptions, env: Io['env']): Promise<SignInAnswers> {
  const given = options.name ?? nonEmpty(env.SECURE_CHAT_NAME);
  const parsed = given === undefined ? undefined : parseName(given);
  if (parsed?.ok === false) throw new Exit('usage', parsed.message);
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
