/** Runs a client: its options, then a session in a front end, then an exit code. Puts the client's parts together. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { FrontEnd, MoreServers } from '../client/front-end.js';
import { createBackoff, openWithRetries } from '../client/session/reconnect.js';
import type { Session, SessionEvent, SessionStatus, StaySignedIn } from '../client/session/session.js';
import { startSession } from '../client/session/start-session.js';
import type { ClackPrompter } from '../client/sign-in/clack-prompter.js';
import {
  createSavedSessions,
  openRecentServers,
  type RecentServers,
  type SavedSessions,
} from '../client/sign-in/saved-sessions.js';
import type { SignInAnswers } from '../client/sign-in/sign-in.js';
import { type SignInAttempt, type SignInDeps, signIn } from '../client/sign-in/sign-in.js';
import { requireAnswers, signInByToken, signInUnattended } from '../client/sign-in/sign-in-unattended.js';
import { createStaySignedIn, type Keeper } from '../client/sign-in/stay-signed-in.js';
import { createTrustDecision } from '../client/sign-in/trust-decision.js';
import { statusWords } from '../client/text/wording.js';
import { askBeforeSignIn, greet, type VerifyServer } from '../client/wire/connection.js';
import { parseName } from '../protocol/names.js';
import { printable } from '../protocol/printable.js';
import { systemClock } from '../system/clock.js';
import {
  defaultPort,
  type Endpoint,
  formatEndpoint,
  type JoinLink,
  looksLikeLink,
  type ParsedAddress,
  parseEndpoint,
  parseJoinLink,
} from '../trust/endpoint.js';
import { failureExit, resultExit } from './client-failure.js';
import { Exit, type Io } from './command.js';
import { type Folders, folders, makeFolder } from './folders.js';
import { joinMore } from './more-servers.js';
import { numberArgument, portArgument, readPasswordFile } from './option-values.js';
import { type Stop, signalExits, suspend, watchSignals } from './stop.js';
import { knownHostsOf } from './trust.js';

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
  /** The link is to a server in this process: its key is right, whichever was known for that address. */
  readonly ownServer?: true;
}

/** Makes the front end, before there is a session. */
export type MakeFrontEnd = (given: {
  stop: AbortSignal;
  server: JoinLink;
  personal: Folders;
}) => Promise<FrontEnd>;

interface Run extends Omit<ClientRun, 'argument' | 'others'> {
  readonly stop: Stop;
  /** Undefined without a terminal to ask on. */
  readonly prompter: ClackPrompter | undefined;
  readonly recent: RecentServers;
  /** This person's folders. */
  readonly personal: Folders;
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

interface Opened {
  readonly session: Session;
  readonly frontEnd: FrontEnd;
  readonly stay: StaySignedIn | undefined;
  readonly servers: MoreServers;
  /** To be called when the session has ended. */
  readonly done: () => Promise<void>;
}

async function open(run: Run, argument: string | undefined, others: readonly JoinLink[]): Promise<Opened> {
  const { options, io, stop, personal } = run;
  const answers = await answersOf(options, io.env);
  const server = await findTarget(run, argument);
  const frontEnd = await run.makeFrontEnd({ stop: stop.signal, server, personal });
  if (others.length > 0) requireScreen(frontEnd, answers);
  const opened = await signInTo(run, { server, answers, frontEnd, listener: frontEnd.listener });
  const servers = await joinMore(others, {
    first: server,
    parse: (address) => checked(parseTarget(address)),
    canResume: async (other) => {
      const name = await nameOn(run, other);
      return name !== undefined && (await savedSessions(run, other).find(name)) !== undefined;
    },
    async signIn(other, { asking, listener }) {
      // Without a password or token given in advance, which is for the first server alone.
      const known = { name: asking ? options.name : await nameOn(run, other) };
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

async function nameOn({ options, recent }: Run, server: JoinLink): Promise<string | undefined> {
  return options.name ?? (await recent.name(server));
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

interface SignInTo {
  readonly server: JoinLink;
  readonly answers: SignInAnswers;
  readonly frontEnd: Pick<FrontEnd, 'fullScreen'>;
  readonly listener: (event: SessionEvent) => void;
}

async function signInTo(
  run: Run,
  { server, answers, frontEnd, listener }: SignInTo,
): Promise<Pick<Opened, 'session' | 'stay' | 'done'>> {
  const { io, prompter, recent } = run;
  const { verify, pin } = createVerification(run, server);
  const saved = savedSessions(run, server, pin);
  if (prompter === undefined) await requireAnswers(answers, saved);
  prompter?.step(`Connecting to ${formatEndpoint(server)}`);
  const patiently = createRetries(run);
  const { hello } = await patiently(() => greet({ host: server.host, port: server.port }, verify));
  prompter?.step(`Connected to ${printable(hello.server)}`);
  const lastName = await recent.name(server);
  const typed = prompter !== undefined && answers.password === undefined && answers.token === undefined;
  const offer = typed && !(await recent.declined(server));
  let stay: StaySignedIn | undefined;
  const start = async (attempt: SignInAttempt): Promise<Session> => {
    // Another program may use the session that is saved.
    const offered = offer && !(await saved.exists(attempt.name));
    const keeper = createKeeper({ run, server, saved, offer: offered }, attempt);
    stay = keeper;
    return patiently(() => startWith({ run, server, verify, listener, keeper }, attempt));
  };
  const checkName: SignInDeps['checkName'] = ({ name, code }) =>
    patiently(() => {
      const request = { type: 'check-name', name, ...(code !== undefined && { code }) } as const;
      return askBeforeSignIn({ endpoint: server, verify }, request);
    });
  const recoveryShownBy = frontEnd.fullScreen === true ? 'front-end' : 'prompter';
  const session = await signedIn(
    { hello, code: server.code, lastName, answers, saved, recoveryShownBy, checkName, start },
    prompter,
  );
  prompter?.finish(`Signed in as ${session.name}`);
  await recent
    .remember(server, session.name)
    .catch((error) => warn(io, 'Cannot remember the server and the name', error));
  const done = () => saved.release().catch((error) => warn(io, notSaved, error));
  return { session, stay, done };
}

/** @param pin of the key that the server has shown */
function savedSessions(
  { personal }: Run,
  server: JoinLink,
  pin = (): string | undefined => undefined,
): SavedSessions {
  return createSavedSessions({
    folder: () => makeFolder(join(personal.state, 'sessions')),
    server,
    pin,
    pid: process.pid,
    running: isRunning,
  });
}

/** The trust decision, and the pin of the key that it accepted last. */
function createVerification(
  { io, prompter, ownServer }: Run,
  server: JoinLink,
): { verify: VerifyServer; pin: () => string | undefined } {
  const knownHosts = knownHostsOf(io.env);
  const { remember } = knownHosts;
  const decide = createTrustDecision({
    endpoint: server,
    linkPin: server.pin,
    knownHosts: ownServer ? { find: async () => undefined, remember } : knownHosts,
    prompter,
  });
  let pin: string | undefined;
  return {
    async verify(identity) {
      await decide(identity);
      pin = identity.pin;
    },
    pin: () => pin,
  };
}

/** With --retry, the first connection is tried for so long, too; otherwise once, since its address may be wrong. */
function createRetries({ options, io, prompter, stop }: Run): <T>(open: () => Promise<T>) => Promise<T> {
  const { retry } = options;
  if (retry === undefined) return (open) => open();
  const clock = systemClock;
  const backoff = createBackoff({ clock, random: Math.random, retryMs: retry * 1000 });
  const report = (status: SessionStatus): void => {
    const words = status.state === 'waiting' ? statusWords(status) : undefined;
    if (words === undefined) return;
    if (prompter === undefined) io.stderr.write(`secure-chat: ${words}\n`);
    else prompter.step(words);
  };
  return (open) => openWithRetries({ open, backoff, clock, signal: stop.signal, report });
}

function signedIn(deps: SignInDeps, prompter: ClackPrompter | undefined): Promise<Session> {
  const { token } = deps.answers;
  if (token !== undefined) return signInByToken(deps, token);
  return prompter === undefined ? signInUnattended(deps) : signIn(deps, prompter);
}

interface Keeping {
  readonly run: Run;
  readonly server: JoinLink;
  readonly saved: SavedSessions;
  readonly offer: boolean;
}

function createKeeper({ run, server, saved, offer }: Keeping, { name, credentials }: SignInAttempt): Keeper {
  const { io, options, recent } = run;
  // Not a bot's token, which comes without a name: it never changes, and is kept where its operator put it.
  const resumed = credentials.how === 'resume' && name !== '';
  let warned = false;
  return createStaySignedIn({
    ...{ saved, name, offer },
    kept: options.remember === true || resumed,
    decline: () => recent.remember(server, name, true),
    warn(error) {
      if (!warned) warn(io, notSaved, error);
      warned = true;
    },
  });
}

interface Starting extends Pick<SignInTo, 'server' | 'listener'> {
  readonly run: Run;
  readonly verify: VerifyServer;
  readonly keeper: Keeper;
}

const pipeRetryMs = 5 * 60_000;

async function startWith(
  { run, server, verify, listener, keeper }: Starting,
  { credentials, mode }: SignInAttempt,
): Promise<Session> {
  const { options, prompter } = run;
  const usualMs = prompter === undefined ? pipeRetryMs : Number.POSITIVE_INFINITY;
  return startSession({
    endpoint: { host: server.host, port: server.port },
    verify,
    credentials,
    ...(mode !== undefined && { mode }),
    remember: keeper.kept,
    retryMs: options.retry === undefined ? usualMs : options.retry * 1000,
    keepToken: keeper.keepToken,
    listener,
  });
}

async function findTarget(
  { io, options, prompter, recent }: Run,
  argument: string | undefined,
): Promise<JoinLink> {
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
  const servers = await recent.servers();
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

const notSaved = 'Cannot save the session';

/** Reports something that failed and is not essential. */
function warn({ stderr }: Pick<Io, 'stderr'>, what: string, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  stderr.write(`secure-chat: ${what}: ${printable(why)}\n`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
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
