/**
 * The conversation that leads to a session: who, with which password, an old account or a new one, and what
 * to do about each refusal. Knows questions and error codes; neither a terminal nor a connection.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Credentials, Session } from '../session/session.js';
import { recoveryLines, refusalWords } from '../text/wording.js';
import { Cancelled, type Prompter } from './prompter.js';
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
} from './sign-in-questions.js';

export interface Attempt {
  readonly name: string;
  readonly credentials: Credentials;
  readonly mode: SignInMode | undefined;
}

/** What was answered before any question. */
export interface Answers {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly mode?: SignInMode | undefined;
  readonly create?: boolean | undefined;
  /** One that the operator made for a bot. */
  readonly token?: string | undefined;
}

export interface SignInDeps {
  readonly hello: Pick<ServerFrameOf<'hello'>, 'registration' | 'limits'>;
  /** The invite in the join link. */
  readonly code?: string | undefined;
  /** The name used last on this server. */
  readonly lastName?: string | undefined;
  readonly answers: Answers;
  /** Sessions that `--remember` kept. */
  readonly kept: {
    find(name: string): Promise<string | undefined>;
    drop(name: string): Promise<void>;
  };
  /** Rejects with ProtocolError where the server refuses. */
  readonly begin: (attempt: Attempt) => Promise<Session>;
}

const wrongPasswords = 3;

interface Draft {
  readonly how?: 'sign-in' | 'create' | 'recover' | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly mode?: SignInMode | undefined;
  /** Used up or refused codes are not shown again. */
  readonly code?: string | undefined;
  readonly recovery?: string | undefined;
  readonly otp?: string | undefined;
}

/** The code of a reset link. An invite's may begin with `r-` too, but is shorter: 22 characters. */
export function isResetCode(code: string | undefined): code is string {
  return code !== undefined && /^r-.{22}$/.test(code);
}

/**
 * Asks until there is a session.
 * @throws Cancelled; ProtocolError for a refusal that no other answer mends, among them the third wrong
 *   password; whatever else `begin` throws
 */
export async function signIn(deps: SignInDeps, prompter: Prompter): Promise<Session> {
  const { answers } = deps;
  const reset = isResetCode(deps.code);
  let draft: Draft = {
    how: reset ? 'recover' : answers.create === true ? 'create' : undefined,
    name: answers.name,
    password: reset ? undefined : answers.password,
    mode: answers.mode,
    ...(reset ? { recovery: deps.code } : { code: deps.code }),
  };
  let tries = wrongPasswords;
  for (;;) {
    const complete = await ask(deps, prompter, draft);
    try {
      const session = await deps.begin(attemptOf(complete));
      if (session.recovery !== undefined) prompter.note(recoveryLines(session.recovery).join('\n'));
      return session;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === 'wrong-credentials' && --tries === 0) throw error;
      draft = await recover({ deps, prompter, tries }, complete, error);
    }
  }
}

type Complete = Draft & { readonly name: string };

function attemptOf({ name, token, password = '', how, code, recovery = '', otp, mode }: Complete): Attempt {
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

/** Asks for whatever is missing, in the order in which people expect it. */
async function ask(deps: SignInDeps, prompter: Prompter, draft: Draft): Promise<Complete> {
  const { lastName, hello, kept } = deps;
  if (draft.token !== undefined && draft.name !== undefined) return { ...draft, name: draft.name };
  const mayResume = draft.how === undefined;
  if (mayResume && draft.name === undefined && lastName !== undefined) {
    const token = await kept.find(lastName);
    if (token !== undefined) return { ...draft, name: lastName, token, how: 'sign-in' };
  }
  let { how, password } = draft;
  if (how === undefined && draft.code === undefined && draft.name === undefined) {
    how = hello.registration === 'open' ? await askHow(prompter) : 'sign-in';
  }
  const name =
    draft.name ??
    (await askName(prompter, {
      lastName,
      fresh: how === 'create' || (how === undefined && lastName === undefined),
    }));
  if (mayResume && how !== 'create') {
    const token = await kept.find(name);
    if (token !== undefined) return { ...draft, name, token, how: 'sign-in' };
  }
  if (how === undefined) {
    if (draft.code !== undefined) how = name === lastName ? 'sign-in' : 'create';
    else how = hello.registration === 'open' && name !== lastName ? await askHow(prompter) : 'sign-in';
  }
  const recovery =
    how === 'recover' ? (draft.recovery ?? (await askRecoveryCode(prompter, name))) : undefined;
  password ??=
    how !== 'sign-in'
      ? await askNewPassword(prompter, { name, passwordMin: hello.limits.passwordMin })
      : await askPassword(prompter, name);
  return { ...draft, how, name, password, recovery };
}

interface Recovery {
  readonly deps: SignInDeps;
  readonly prompter: Prompter;
  /** Wrong passwords that may still be tried. */
  readonly tries: number;
}

/** What to try after a refusal; rethrows the one that no answer mends. */
async function recover(
  { deps, prompter, tries }: Recovery,
  draft: Complete,
  error: ProtocolError,
): Promise<Draft> {
  const { name } = draft;
  const said = refusalWords({ code: '', message: error.message });
  switch (error.code) {
    case 'wrong-credentials':
      prompter.note(
        `That is not the password of ${name}. ${tries === 1 ? 'One try' : `${tries} tries`} left.`,
        'warning',
      );
      if (tries === 1 && (await askTryOrRecover(prompter)) === 'recover') {
        return { name, how: 'recover' };
      }
      return { ...draft, password: undefined };
    case 'second-factor-wrong':
      prompter.note(said, 'warning');
      return { ...draft, otp: await askOtp(prompter) };
    case 'second-factor-needed':
      return { ...draft, otp: await askOtp(prompter) };
    case 'recovery-invalid':
      prompter.note(said, 'warning');
      // A link's code does not get better.
      if (isResetCode(draft.recovery)) throw error;
      return { ...draft, recovery: undefined };
    case 'session-expired':
      await deps.kept.drop(name);
      prompter.note(`The kept session of ${name} is over: the password is needed again.`);
      return { ...draft, token: undefined };
    case 'name-taken':
      return (await askWhose(prompter, name)) === 'mine'
        ? { ...draft, how: 'sign-in' }
        : { ...draft, name: undefined };
    case 'name-look-alike':
    case 'name-reserved':
    case 'name-invalid':
      prompter.note(said, 'warning');
      return { ...draft, name: undefined };
    case 'password-unsuitable':
      prompter.note(said, 'warning');
      return { ...draft, password: undefined };
    case 'invite-invalid':
    case 'invite-needed':
    case 'registration-closed':
      prompter.note(said, 'warning');
      return withoutInvite(prompter, draft);
    case 'name-in-use':
    case 'too-many-terminals':
      return { ...draft, mode: await askMode(prompter, name, error.code) };
    default:
      throw error;
  }
}

async function withoutInvite(prompter: Prompter, draft: Complete): Promise<Draft> {
  const choice = await prompter.select({
    message: 'Without an invite only an account that exists gets in',
    options: [
      { value: 'same', label: `Sign in as ${draft.name}` },
      { value: 'other', label: 'Sign in with another name' },
      { value: 'leave', label: 'Leave', hint: 'and ask for a new join link' },
    ],
  });
  if (choice === 'leave') throw new Cancelled('declined');
  const again = { ...draft, how: 'sign-in', code: undefined } as const;
  return choice === 'same' ? again : { ...again, name: undefined, password: undefined };
}
