/**
 * A client's way from options to a session that is used, and out again. The composition root of the client;
 * knows everything it puts together and decides nothing that they decide.
 */
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { FrontEnd } from '../client/front-end.js';
import type { Session, Verify } from '../client/session/session.js';
import { startSession } from '../client/session/start-session.js';
import { type ClackPrompter, createClackPrompter } from '../client/sign-in/clack-prompter.js';
import { openRecent, type Recent } from '../client/sign-in/recent.js';
import { type Answers, type Attempt, type SignInDeps, signIn } from '../client/sign-in/sign-in.js';
import { requireAnswers, signInByToken, signInUnattended } from '../client/sign-in/sign-in-unattended.js';
import { createTrustDecision } from '../client/sign-in/trust-decision.js';
import { greet } from '../client/wire/connection.js';
import { parseName } from '../protocol/names.js';
import { printable } from '../protocol/printable.js';
import { formatEndpoint } from '../trust/endpoint.js';
import { numberArgument, portArgument } from './arguments.js';
import { Exit, exitCode } from './exit.js';
import { failureExit, leaveExit } from './failure.js';
import { type Folders, folders, makeFolder } from './folders.js';
import type { Io } from './io.js';
import { createKeeper, type Keeper, warn } from './keeper.js';
import { readPasswordFile } from './password-file.js';
import { type Stop, watchSignals } from './stop.js';
import { givenTarget, parseTarget, type Target } from './target.js';
import { knownHostsOf } from './trust.js';

/** Who connects to what, and how. */
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

// A pipe that is not served for this long is better told than kept waiting.
const pipeRetryMs = 5 * 60_000;

/** Adds the argument and the options that ClientOptions come from. */
export function addClientOptions(command: Command): Command {
  return command
    .argument('[LINK | HOST[:PORT]]', 'the join link you were given, or the address of the server')
    .option('-n, --name <NAME>', 'who you are (SECURE_CHAT_NAME)')
    .option('-H, --host <HOST>', 'the server, instead of the argument')
    .option('-p, --port <PORT>', 'its port', portArgument(1))
    .option('--password-file <FILE>', 'the password is the first line of FILE, which only you may read')
    .option('--token-file <FILE>', "a bot's token is the first line of FILE, instead of a name and password")
    .option('--create', 'make a new account, ask nothing about it')
    .addOption(
      new Option('--take-over', 'if the name is signed in already, end that session').conflicts('attach'),
    )
    .option('--attach', 'if the name is signed in already, join as another terminal')
    .option('--remember', 'keep the session on this computer: no password next time')
    .option('--retry <SECONDS>', 'give up a lost connection after so long', numberArgument(0, 1e9))
    .option('--no-color', 'no colours (NO_COLOR)');
}

export interface ClientRun {
  /** LINK or HOST[:PORT]. */
  readonly argument: string | undefined;
  readonly options: ClientOptions;
  readonly io: Io;
  readonly makeFace: MakeFace;
}

interface Run {
  readonly io: Io;
  readonly options: ClientOptions;
  readonly makeFace: MakeFace;
  readonly stop: Stop;
  readonly prompter: ClackPrompter | undefined;
  readonly recent: Recent;
  readonly places: Folders;
}

/** What uses the session: a face for it, made before there is one. */
export type MakeFace = (given: { stop: AbortSignal; server: Target; places: Folders }) => Promise<FrontEnd>;

/**
 * Connects, signs in, and runs a face until somebody leaves.
 * @throws Exit
 */
export async function runClient(given: ClientRun): Promise<void> {
  const { argument, options, io } = given;
  if (!options.color) {
    io.env.NO_COLOR = '1';
    delete io.env.FORCE_COLOR;
  }
  const stop = watchSignals(io.signals);
  try {
    const places = folders(io.env);
    const recent = openRecent(join(await makeFolder(places.state), 'recent.json'));
    // clack draws with sequences that a dumb terminal does not know.
    const asks = io.stdin.isTTY === true && io.stdout.isTTY === true && io.env.TERM !== 'dumb';
    const prompter = asks ? createClackPrompter({ ...io, stop: stop.signal }) : undefined;
    const run = { io, options, stop, prompter, recent, places, makeFace: given.makeFace };
    const { session, face, done } = await Promise.race([open(run, argument), stop.first]);
    const leave = await Promise.race([face.run(session), stop.second]);
    await done();
    const exit = leaveExit(leave);
    if (exit !== undefined) throw exit;
  } catch (error) {
    throw failureExit(error);
  } finally {
    stop.release();
  }
}

interface Opened {
  readonly session: Session;
  readonly face: FrontEnd;
  /** To be called when the session is over. */
  readonly done: () => Promise<void>;
}

async function open(run: Run, argument: string | undefined): Promise<Opened> {
  const { io, options, prompter, recent, stop, places } = run;
  const answers = await answersOf(options, io.env);
  const target = await findTarget(run, argument);
  const keeper = createKeeper({ folder: join(places.state, 'sessions'), io, server: target });
  if (prompter === undefined) await requireAnswers(answers, keeper);
  const where = formatEndpoint(target);
  prompter?.step(`Connecting to ${where}`);
  const knownHosts = knownHostsOf(io.env);
  const verify = createTrustDecision({ endpoint: target, linkPin: target.pin, knownHosts, prompter });
  const { hello } = await greet({ host: target.host, port: target.port }, verify);
  prompter?.step(`${printable(hello.server)} answers`);
  const face = await run.makeFace({ stop: stop.signal, server: target, places });
  const lastName = await recent.name(target);
  const begin = (attempt: Attempt): Promise<Session> => start({ run, target, verify, face, keeper }, attempt);
  const deps: SignInDeps = { hello, code: target.code, lastName, answers, kept: keeper, begin };
  const session = await signedIn(deps, prompter);
  prompter?.finish(`Signed in as ${session.name}`);
  await recent
    .remember(target, session.name)
    .catch((error) => warn(io, 'The server and the name are not kept', error));
  return { session, face, done: keeper.release };
}

function signedIn(deps: SignInDeps, prompter: ClackPrompter | undefined): Promise<Session> {
  const { token } = deps.answers;
  if (token !== undefined) return signInByToken(deps, token);
  return prompter === undefined ? signInUnattended(deps) : signIn(deps, prompter);
}

async function start(
  given: { run: Run; target: Target; verify: Verify; face: FrontEnd; keeper: Keeper },
  { name, credentials, mode }: Attempt,
): Promise<Session> {
  const { run, target, verify, face, keeper } = given;
  // A bot's token stays what it is, wherever its operator keeps it.
  const kept = credentials.how === 'resume' && name !== '';
  const remember = run.options.remember === true || kept;
  const forEver = run.prompter !== undefined;
  const retryMs =
    run.options.retry === undefined
      ? forEver
        ? Number.POSITIVE_INFINITY
        : pipeRetryMs
      : run.options.retry * 1000;
  return startSession({
    endpoint: { host: target.host, port: target.port },
    verify,
    credentials,
    ...(mode !== undefined && { mode }),
    remember,
    retryMs,
    ...(remember && { keepToken: (token) => keeper.keep(name, token) }),
    listener: face.listener,
  });
}

async function findTarget(
  { io, options, prompter, recent }: Run,
  argument: string | undefined,
): Promise<Target> {
  const { host, port } = options;
  const link = io.env.SECURE_CHAT_LINK;
  if (argument === undefined && host === undefined && port !== undefined && prompter === undefined) {
    throw new Exit(exitCode.usage, 'No server: --port needs --host, or write HOST:PORT.');
  }
  const target = givenTarget({ argument, host, port, link });
  if (target !== undefined) return target;
  if (prompter === undefined) {
    throw new Exit(exitCode.usage, 'No server: give a join link or HOST:PORT, or set SECURE_CHAT_LINK.');
  }
  const last = await recent.server();
  const answer = await prompter.text({
    message: 'Join link, or the address of the server',
    initial: last === undefined ? undefined : formatEndpoint(last),
    check: (text) => {
      const parsed = parseTarget(text);
      return parsed.ok ? undefined : parsed.message;
    },
  });
  const parsed = parseTarget(answer);
  if (!parsed.ok) throw new Exit(exitCode.usage, parsed.message);
  return port === undefined ? parsed.value : { ...parsed.value, port };
}

async function answersOf(options: ClientOptions, env: Io['env']): Promise<Answers> {
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
