/** Connects to one server and signs in there: trust, retries, saved sessions. Knows no front end and no exit codes. */
import { join } from 'node:path';
import { type Addresses, createAddresses } from '../client/session/addresses.js';
import { createBackoff, openInTurn, openWithRetries } from '../client/session/reconnect.js';
import type { Session, SessionEvent, SessionStatus, StaySignedIn } from '../client/session/session.js';
import { startSession } from '../client/session/start-session.js';
import type { ClackPrompter } from '../client/sign-in/clack-prompter.js';
import {
  createSavedSessions,
  type RecentServers,
  type SavedSessions,
} from '../client/sign-in/saved-sessions.js';
import type { SignInAnswers } from '../client/sign-in/sign-in.js';
import { type SignInAttempt, type SignInDeps, signIn } from '../client/sign-in/sign-in.js';
import { requireAnswers, signInByToken, signInUnattended } from '../client/sign-in/sign-in-unattended.js';
import { createStaySignedIn, type Keeper } from '../client/sign-in/stay-signed-in.js';
import { createTrustDecision } from '../client/sign-in/trust-decision.js';
import { statusWords } from '../client/text/wording.js';
import { askBeforeSignIn, greet, type VerifyServer } from '../client/wire/open-connection.js';
import { printable } from '../protocol/printable.js';
import { systemClock } from '../system/clock.js';
import { type Endpoint, formatEndpoint, type JoinLink, linkEndpoints } from '../trust/endpoint.js';
import type { KnownHosts } from '../trust/known-hosts.js';
import type { Io } from './command.js';
import { type Folders, makeFolder } from './folders.js';
import type { Stop } from './stop.js';
import { knownHostsOf } from './trust.js';

/** What signing in works with, for every server of one client. */
export interface SignInContext {
  readonly options: { readonly remember?: true; readonly retry?: number };
  readonly io: Io;
  readonly stop: Stop;
  /** Undefined without a terminal to ask on. */
  readonly prompter: ClackPrompter | undefined;
  readonly recent: RecentServers;
  /** This person's folders. */
  readonly personal: Folders;
  /** A lost connection is tried forever, also without a terminal. */
  readonly patient?: true;
  /** The link is to a server in this process: its key is right, whichever was known for that address. */
  readonly ownServer?: true;
}

interface SignInTo {
  readonly server: JoinLink;
  readonly answers: SignInAnswers;
  /** Whether it covers the terminal, and shows a recovery code itself. */
  readonly frontEnd: { readonly fullScreen?: true };
  readonly listener: (event: SessionEvent) => void;
}

export interface SignedIn {
  /** The address that this person's files know the chat by. */
  readonly server: Endpoint;
  readonly session: Session;
  readonly stay: StaySignedIn | undefined;
  /** To be called when the session has ended. */
  readonly done: () => Promise<void>;
}

/** Signs in, with questions if there is a prompter. @throws what failureExit makes exits of */
export async function signInTo(
  run: SignInContext,
  { server: link, answers, frontEnd, listener }: SignInTo,
): Promise<SignedIn> {
  const { io, prompter, recent } = run;
  if (prompter === undefined) await requireAnswers(answers, savedSessions(run, await homeOf(run, link)));
  const chat = await openChat(run, link);
  const { verify, addresses, somewhere } = chat;
  prompter?.step(`Connecting to ${formatEndpoint(addresses.current)}`);
  const { hello, identity } = await somewhere((endpoint) => greet(endpoint, verify));
  addresses.greeted(identity.endpoint, hello);
  // A refusal may end the program, which would leave the file locked.
  await chat.kept();
  prompter?.step(`Connected to ${printable(hello.server)}`);
  const server = await chat.home();
  const saved = savedSessions(run, server, chat.pin);
  const lastName = await recent.name(server);
  const typed = prompter !== undefined && answers.password === undefined && answers.token === undefined;
  const offer = typed && !(await recent.declined(server));
  let stay: StaySignedIn | undefined;
  const start = async (attempt: SignInAttempt): Promise<Session> => {
    // Another program may use the session that is saved.
    const offered = offer && !(await saved.exists(attempt.name));
    const keeper = createKeeper({ run, server, saved, offer: offered }, attempt);
    stay = keeper;
    return chat.patiently(() => startWith({ run, addresses, verify, listener, keeper }, attempt));
  };
  const checkName: SignInDeps['checkName'] = ({ name, code }) => {
    const request = { type: 'check-name', name, ...(code !== undefined && { code }) } as const;
    return somewhere((endpoint) => askBeforeSignIn({ endpoint, verify }, request));
  };
  const recoveryShownBy = frontEnd.fullScreen === true ? 'front-end' : 'prompter';
  const session = await signedIn(
    { hello, code: link.code, lastName, answers, saved, recoveryShownBy, checkName, start },
    prompter,
  );
  prompter?.finish(`Signed in as ${session.name}`);
  await recent
    .remember(server, session.name)
    .catch((error) => warn(io, 'Cannot remember the server and the name', error));
  async function done(): Promise<void> {
    await chat.kept();
    await saved.release().catch((error) => warn(io, notSaved, error));
  }
  return { server, session, stay, done };
}

/** The address that the files of this person know the chat of a link by. */
export async function homeOf({ io }: Pick<SignInContext, 'io'>, link: JoinLink): Promise<Endpoint> {
  const { host, port } = link;
  const chat = await knownHostsOf(io.env).chat(linkEndpoints(link), link.pin);
  return chat?.endpoint ?? { host, port };
}

/** The servers of one chat, and what is known of them. */
interface Chat {
  readonly addresses: Addresses;
  readonly verify: VerifyServer;
  /** Of the key that was accepted last. */
  readonly pin: () => string | undefined;
  /** As homeOf, once a key was accepted. */
  readonly home: () => Promise<Endpoint>;
  /** Tries again where --retry says so. */
  readonly patiently: Retry;
  /** A round over the addresses, and again where --retry says so. */
  readonly somewhere: <T>(open: (endpoint: Endpoint) => Promise<T>) => Promise<T>;
  /** Resolves when the addresses that servers told are written. */
  readonly kept: () => Promise<void>;
}

async function openChat(run: SignInContext, link: JoinLink): Promise<Chat> {
  const knownHosts = knownHostsOf(run.io.env);
  const asked = linkEndpoints(link);
  const known = await knownHosts.chat(asked, link.pin);
  const { verify, pin } = createVerification(run, link, knownHosts);
  const home = async () =>
    (await knownHosts.chat([addresses.current, ...asked], pin()))?.endpoint ?? addresses.current;
  let kept = Promise.resolve();
  const addresses = createAddresses({
    given: asked,
    known: known === undefined ? [] : [known.endpoint, ...known.peers],
    keep(told) {
      kept = kept
        .then(async () => knownHosts.keepPeers(await home(), pin() ?? '', told))
        .catch((error) => warn(run.io, "Cannot keep the addresses of the chat's servers", error));
    },
  });
  const patiently = createRetries(run);
  return {
    ...{ addresses, verify, pin, home, patiently },
    somewhere: (open) =>
      patiently(() =>
        openInTurn(addresses.inOrder, (endpoint, why) => {
          if (why !== undefined) tell(run, { state: 'connecting', address: formatEndpoint(endpoint), why });
          return open(endpoint);
        }),
      ),
    kept: () => kept,
  };
}

/** @param pin of the key that the server has shown */
export function savedSessions(
  { personal }: Pick<SignInContext, 'personal'>,
  server: Endpoint,
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
  { prompter, ownServer }: SignInContext,
  link: JoinLink,
  knownHosts: KnownHosts,
): { verify: VerifyServer; pin: () => string | undefined } {
  const { remember } = knownHosts;
  const decide = createTrustDecision({
    asked: linkEndpoints(link),
    linkPin: link.pin,
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

type Retry = <T>(open: () => Promise<T>) => Promise<T>;

/** With --retry, the first connection is tried for so long, too; otherwise once, since its address may be wrong. */
function createRetries(run: SignInContext): Retry {
  const { retry } = run.options;
  if (retry === undefined) return (open) => open();
  const clock = systemClock;
  const backoff = createBackoff({ clock, random: Math.random, retryMs: retry * 1000 });
  const report = (status: SessionStatus) => tell(run, status);
  return (open) => openWithRetries({ open, backoff, clock, signal: run.stop.signal, report });
}

function tell({ io, prompter }: Pick<SignInContext, 'io' | 'prompter'>, status: SessionStatus): void {
  const words = statusWords(status);
  if (words === undefined) return;
  if (prompter === undefined) io.stderr.write(`secure-chat: ${words}\n`);
  else prompter.step(words);
}

function signedIn(deps: SignInDeps, prompter: ClackPrompter | undefined): Promise<Session> {
  const { token } = deps.answers;
  if (token !== undefined) return signInByToken(deps, token);
  return prompter === undefined ? signInUnattended(deps) : signIn(deps, prompter);
}

interface Keeping {
  readonly run: SignInContext;
  readonly server: Endpoint;
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

interface Starting extends Pick<SignInTo, 'listener'> {
  readonly run: SignInContext;
  readonly addresses: Addresses;
  readonly verify: VerifyServer;
  readonly keeper: Keeper;
}

const pipeRetryMs = 5 * 60_000;

async function startWith(
  { run, addresses, verify, listener, keeper }: Starting,
  { credentials, mode }: SignInAttempt,
): Promise<Session> {
  const { options, prompter, patient } = run;
  const usualMs = prompter === undefined && !patient ? pipeRetryMs : Number.POSITIVE_INFINITY;
  return startSession({
    endpoint: addresses,
    verify,
    credentials,
    ...(mode !== undefined && { mode }),
    remember: keeper.kept,
    retryMs: options.retry === undefined ? usualMs : options.retry * 1000,
    keepToken: keeper.keepToken,
    listener,
  });
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
