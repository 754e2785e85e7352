/** Signing in without a terminal to ask on. Knows answers given in advance and error codes. */
import { ProtocolError } from '../../protocol/errors.js';
import type { Session } from '../session/session.js';
import { isResetCode, type SignInAnswers, type SignInDeps } from './sign-in.js';

/** An answer is missing, and there is no terminal to ask on. */
export class AnswerMissing extends Error {
  readonly answer: 'name' | 'password';

  constructor(answer: AnswerMissing['answer']) {
    super(
      answer === 'name'
        ? 'No terminal to ask on, or TERM=dumb: pass --name or set SECURE_CHAT_NAME. A bot needs only its token.'
        : 'No terminal to ask on, or TERM=dumb: pass --password-file or set SECURE_CHAT_PASSWORD.',
    );
    this.name = 'AnswerMissing';
    this.answer = answer;
  }
}

/**
 * Checks, before any connection, that there is enough to sign in with.
 * @throws AnswerMissing
 */
export async function requireAnswers(answers: SignInAnswers, saved: SignInDeps['saved']): Promise<void> {
  const { name, password, create, token } = answers;
  if (token !== undefined) return;
  if (name === undefined) throw new AnswerMissing('name');
  if (password !== undefined) return;
  if (create === true || (await saved.find(name)) === undefined) throw new AnswerMissing('password');
}

/**
 * Signs in, or registers with an invite. The same command works again: where the name is taken or the invite
 * used up, the password is tried on the existing account.
 * @throws AnswerMissing; ProtocolError with the server's refusal, the first one where both ways failed
 */
export async function signInUnattended(
  deps: Pick<SignInDeps, 'answers' | 'code' | 'start' | 'saved'>,
): Promise<Session> {
  const { answers, code, start, saved } = deps;
  const { name, password, mode } = answers;
  if (answers.token !== undefined) return signInByToken(deps, answers.token);
  if (name === undefined) throw new AnswerMissing('name');
  const create = answers.create === true;
  const token = create ? undefined : await saved.find(name);
  if (token !== undefined) {
    try {
      return await start({ name, credentials: { how: 'resume', token }, mode });
    } catch (error) {
      if (!refusedWith(error, ['session-expired'])) throw error;
      await saved.drop(name);
    }
  }
  if (password === undefined) throw new AnswerMissing('password');
  if (isResetCode(code)) return start({ name, credentials: { how: 'recover', name, password, code }, mode });
  const credentials = { how: 'sign-in', name, password } as const;
  if (!create && code === undefined) return start({ name, credentials, mode });
  const invite = code === undefined ? {} : { code };
  try {
    return await start({
      name,
      credentials: { how: 'register', name, password, ...invite },
      mode: undefined,
    });
  } catch (refusal) {
    if (create || !refusedWith(refusal, ['name-taken', 'invite-invalid', 'registration-closed']))
      throw refusal;
    try {
      return await start({ name, credentials, mode });
    } catch (error) {
      throw refusedWith(error, ['wrong-credentials']) ? refusal : error;
    }
  }
}

/** By a bot's token; joins as another terminal where the account is already signed in. */
export function signInByToken(
  { start, answers }: Pick<SignInDeps, 'start' | 'answers'>,
  token: string,
): Promise<Session> {
  // Files and variables often end with a line break.
  const credentials = { how: 'resume', token: token.trim() } as const;
  return start({ name: '', credentials, mode: answers.mode ?? 'attach' });
}

function refusedWith(error: unknown, codes: readonly ProtocolError['code'][]): boolean {
  return error instanceof ProtocolError && codes.includes(error.code);
}
