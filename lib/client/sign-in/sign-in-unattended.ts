/** The way to a session where nobody can be asked. Knows answers given in advance and error codes. */
import { ProtocolError } from '../../protocol/errors.js';
import type { Session } from '../session/session.js';
import { type Answers, isResetCode, type SignInDeps } from './sign-in.js';

/** An answer is missing that nobody can be asked for. */
export class AnswerMissing extends Error {
  readonly answer: 'name' | 'password';

  constructor(answer: AnswerMissing['answer']) {
    super(
      answer === 'name'
        ? 'No name to sign in with, and no terminal to ask on: use --name or SECURE_CHAT_NAME.'
        : 'No password, and no terminal to ask on: use --password-file or SECURE_CHAT_PASSWORD.',
    );
    this.name = 'AnswerMissing';
    this.answer = answer;
  }
}

/**
 * Makes sure, before anybody is called, that there is enough to sign in with.
 * @throws AnswerMissing
 */
export async function requireAnswers(answers: Answers, kept: SignInDeps['kept']): Promise<void> {
  const { name, password, create, token } = answers;
  if (token !== undefined) return;
  if (name === undefined) throw new AnswerMissing('name');
  if (password !== undefined) return;
  if (create === true || (await kept.find(name)) === undefined) throw new AnswerMissing('password');
}

/**
 * Signs in, or registers where there is an invite. The same command may be given again: where the name is
 * taken or the invite used up, the same password is tried on the account that exists.
 * @throws AnswerMissing; ProtocolError with the server's refusal, the first one where both ways failed
 */
export async function signInUnattended(deps: SignInDeps): Promise<Session> {
  const { answers, code, begin, kept } = deps;
  const { name, password, mode } = answers;
  if (answers.token !== undefined) return signInByToken(deps, answers.token);
  if (name === undefined) throw new AnswerMissing('name');
  const create = answers.create === true;
  const token = create ? undefined : await kept.find(name);
  if (token !== undefined) {
    try {
      return await begin({ name, credentials: { how: 'resume', token }, mode });
    } catch (error) {
      if (!refusedWith(error, ['session-expired'])) throw error;
      await kept.drop(name);
    }
  }
  if (password === undefined) throw new AnswerMissing('password');
  if (isResetCode(code)) return begin({ name, credentials: { how: 'recover', name, password, code }, mode });
  const credentials = { how: 'sign-in', name, password } as const;
  if (!create && code === undefined) return begin({ name, credentials, mode });
  const invite = code === undefined ? {} : { code };
  try {
    return await begin({
      name,
      credentials: { how: 'register', name, password, ...invite },
      mode: undefined,
    });
  } catch (refusal) {
    if (create || !refusedWith(refusal, ['name-taken', 'invite-invalid', 'registration-closed']))
      throw refusal;
    try {
      return await begin({ name, credentials, mode });
    } catch (error) {
      throw refusedWith(error, ['wrong-credentials']) ? refusal : error;
    }
  }
}

/** By a token of the operator's; where its account is here already, as another terminal of it. */
export function signInByToken({ begin, answers }: SignInDeps, token: string): Promise<Session> {
  return begin({ name: '', credentials: { how: 'resume', token }, mode: answers.mode ?? 'attach' });
}

function refusedWith(error: unknown, codes: readonly ProtocolError['code'][]): boolean {
  return error instanceof ProtocolError && codes.includes(error.code);
}
