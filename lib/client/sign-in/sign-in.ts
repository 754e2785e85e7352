/**
 * Signing in by questions: which account, new or old, and what to do about each refusal. Knows questions and
 * error codes; neither a terminal nor a connection.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Credentials, Session } from '../session/session.js';
import { recoveryLines, refusalWords } from '../text/wording.js';
import type { SavedSessions } from './saved-sessions.js';
import {
  askHow,
  askMode,
  askName,
  askNewPassword,
  askOtp,
  askPassword,
  askRecoveryCode,
  askTryOrRecover,
  askWhose,
  Cancelled,
  type Prompter,
} from './sign-in-questions.js';

export interface SignInAttempt {
  readonly name: string;
  readonly credentials: Credentials;
  readonly mode: SignInMode | undefined;
}

/** Answers given in advance, by options or the environment. */
export interface SignInAnswers {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly mode?: SignInMode | undefined;
  readonly create?: boolean | undefined;
  /** Created by the operator, for a bot. */
  readonly token?: string | undefined;
}

export interface SignInDeps {
  readonly hello: Pick<ServerFrameOf<'hello'>, 'registration' | 'limits'>;
  /** The invite in the join link. */
  readonly code?: string | undefined;
  /** The name used last on this server. */
  readonly lastName?: string | undefined;
  readonly answers: SignInAnswers;
  readonly saved: Pick<SavedSessions, 'find' | 'drop'>;
  /** Where a new recovery code is shown: by the prompter, or by the front end once it runs. */
  readonly recoveryShownBy: 'prompter' | 'front-end';
  /** Whether an account could get this name. Rejects with ProtocolError where the server refuses. */
  readonly checkName: (asked: { readonly name: string; readonly code?: string | undefined }) => Promise<void>;
  /** Rejects with ProtocolError where the server refuses. */
  readonly start: (attempt: SignInAttempt) => Promise<Session>;
}

const wrongPasswords = 3;

interface AnswersSoFar {
  readonly how?: 'sign-in' | 'create' | 'recover' | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly mode?: SignInMode | undefined;
  /** The invite; undefined once it was used or refused. */
  readonly code?: string | undefined;
  readonly recovery?: string | undefined;
  readonly otp?: string | undefined;
}

/** Whether it is the code of a reset link, of 24 characters. An invite's may begin with `r-` too, but has 22. */
export function isResetCode(code: string | undefined): code is string {
  return code !== undefined && /^r-.{22}$/.test(code);
}

/**
 * Asks until there is a session.
 * @throws Cancelled; ProtocolError for a refusal that no answer can change, such as the third wrong password;
 *   anything else that `start` throws
 */
export async function signIn(deps: SignInDeps, prompter: Prompter): Promise<Session> {
  const { answers } = deps;
  const reset = isResetCode(deps.code);
  let answered: AnswersSoFar = {
    how: reset ? 'recover' : answers.create === true ? 'create' : undefined,
    name: answers.name,
    password: reset ? undefined : answers.password,
    mode: answers.mode,
    ...(reset ? { recovery: deps.code } : { code: deps.code }),
  };
  let tries = wrongPasswords;
  for (;;) {
    let complete = await askAccount(deps, prompter, answered);
    try {
      // Before a password is typed twice. One that was given may be tried at once.
      if (complete.how === 'create' && complete.password === undefined) await checkName(deps, complete);
      complete = await askProof(deps, prompter, complete);
      const session = await deps.start(attemptOf(complete));
      const { recovery } = session;
      if (recovery !== undefined && deps.recoveryShownBy === 'prompter') {
        prompter.note(recoveryLines(recovery).join('\n'));
      }
      return session;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === 'wrong-credentials' && --tries === 0) throw error;
      answered = await afterRefusal({ deps, prompter, tries }, complete, error);
    }
  }
}

type Complete = AnswersSoFar & { readonly name: string };

function attemptOf({
  name,
  token,
  password = '',
  how,
  code,
  recovery = '',
  otp,
  mode,
}: Complete): SignInAttempt {
  if (token !== undefined) return { name, credentials: { how: 'resume', token }, mode };
  if (how === 'recover')
    return { name, credentials: { how, name, password, code: recovery }, mode: undefined };
  if (how !== 'create') {
    const second = otp === undefined ? {} : { otp };
    return { name, credentials: { how: 'sign-in', name, password, ...second }, mode };
  }
  return {
    name,
    credentials: { how: 'register', name, password, ...(code !== undefined && { code }) },
    mode: undefined,
  };
}

/** Asks which account it is, and whether it is new. */
async function askAccount(deps: SignInDeps, prompter: Prompter, answered: AnswersSoFar): Promise<Complete> {
  const { lastName, hello, saved } = deps;
  if (answered.token !== undefined && answered.name !== undefined)
    return { ...answered, name: answered.name };
  const mayResume = answered.how === undefined;
  if (mayResume && answered.name === undefined && lastName !== undefined) {
    const token = await saved.find(lastName);
    if (token !== undefined) return { ...answered, name: lastName, token, how: 'sign-in' };
  }
  let { how } = answered;
  if (how === undefined && answered.code === undefined && answered.name === undefined) {
    how = hello.registration === 'open' ? await askHow(prompter) : 'sign-in';
  }
  const name =
    answered.name ??
    (await askName(prompter, {
      lastName,
      fresh: how === 'create' || (how === undefined && lastName === undefined),
    }));
  if (mayResume && how !== 'create') {
    const token = await saved.find(name);
    if (token !== undefined) return { ...answered, name, token, how: 'sign-in' };
  }
  if (how === undefined) {
    if (answered.code !== undefined) how = name === lastName ? 'sign-in' : 'create';
    else how = hello.registration === 'open' && name !== lastName ? await askHow(prompter) : 'sign-in';
  }
  return { ...answered, how, name };
}

/** Asks for what proves that the account is theirs, or will. */
async function askProof(
  { hello }: SignInDeps,
  prompter: Prompter,
  { how, name, ...answered }: Complete,
): Promise<Complete> {
  if (answered.token !== undefined) return { ...answered, how, name };
  const recovery =
    how === 'recover' ? (answered.recovery ?? (await askRecoveryCode(prompter, name))) : undefined;
  const password =
    answered.password ??
    (how === 'sign-in'
      ? await askPassword(prompter, name)
      : await askNewPassword(prompter, { name, passwordMin: hello.limits.passwordMin }));
  return { ...answered, how, name, password, recovery };
}

/** @throws ProtocolError for what `register` would refuse, too */
async function checkName({ checkName: check }: SignInDeps, { name, code }: Complete): Promise<void> {
  await check({ name, code }).catch((error) => {
    // Others at this address may have asked much; then `register` tells.
    if (!(error instanceof ProtocolError) || error.code !== 'too-many-attempts') throw error;
  });
}

interface Refused {
  readonly deps: SignInDeps;
  readonly prompter: Prompter;
  /** Password tries that are left. */
  readonly tries: number;
}

/** The answers to try after a refusal; rethrows one that no answer can change. */
async function afterRefusal(
  { deps, prompter, tries }: Refused,
  answered: Complete,
  error: ProtocolError,
): Promise<AnswersSoFar> {
  const { name } = answered;
  const said = refusalWords({ code: '', message: error.message });
  switch (error.code) {
    case 'wrong-credentials':
      prompter.note(
        `Wrong password for ${name}. ${tries === 1 ? '1 try' : `${tries} tries`} left.`,
        'warning',
      );
      if (tries === 1 && (await askTryOrRecover(prompter)) === 'recover') {
        return { name, how: 'recover' };
      }
      return { ...answered, password: undefined };
    case 'second-factor-wrong':
      return { ...answered, otp: await askOtp(prompter, true) };
    case 'second-factor-needed':
      return { ...answered, otp: await askOtp(prompter) };
    case 'recovery-invalid':
      prompter.note(said, 'warning');
      // The code of a link cannot be corrected.
      if (isResetCode(answered.recovery)) throw error;
      return { ...answered, recovery: undefined };
    case 'session-expired':
      await deps.saved.drop(name);
      prompter.note('Your saved session expired. Enter your password.');
      return { ...answered, token: undefined };
    case 'name-taken':
      return (await askWhose(prompter, name)) === 'mine'
        ? { ...answered, how: 'sign-in' }
        : { ...answered, name: undefined };
    case 'name-look-alike':
    case 'name-reserved':
    case 'name-invalid':
      prompter.note(said, 'warning');
      return { ...answered, name: undefined };
    case 'password-unsuitable':
      prompter.note(said, 'warning');
      return { ...answered, password: undefined };
    case 'invite-invalid':
    case 'invite-needed':
    case 'registration-closed':
      prompter.note(said, 'warning');
      return withoutInvite(prompter, answered);
    case 'name-in-use':
    case 'too-many-terminals':
      return { ...answered, mode: await askMode(prompter, name, error.code) };
    default:
      throw error;
  }
}

async function withoutInvite(prompter: Prompter, answered: Complete): Promise<AnswersSoFar> {
  const choice = await prompter.select({
    message: 'You need an invite to create an account',
    options: [
      { value: 'same', label: `Sign in as ${answered.name}` },
      { value: 'other', label: 'Sign in with another name' },
      { value: 'quit', label: 'Quit', hint: 'and ask for a new join link' },
    ],
  });
  if (choice === 'quit') throw new Cancelled('declined');
  const retry = { ...answered, how: 'sign-in', code: undefined } as const;
  return choice === 'same' ? retry : { ...retry, name: undefined, password: undefined };
}
