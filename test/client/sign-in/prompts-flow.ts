import t from 'tap';
import {
  type SignInAnswers,
  type SignInAttempt,
  type SignInDeps,
  signIn,
} from '../../../lib/client/sign-in/sign-in.js';
import { Cancelled, type Prompter } from '../../../lib/client/sign-in/sign-in-questions.js';
import {
  AnswerMissing,
  requireAnswers,
  signInUnattended,
} from '../../../lib/client/sign-in/sign-in-unattended.js';
import { type ErrorCode, ProtocolError } from '../../../lib/protocol/errors.js';
import type { Registration } from '../../../lib/protocol/records.js';
import { createFakeSession, hello } from '../../support/fake-session.js';

interface Scene {
  readonly registration?: Registration;
  readonly code?: string;
  readonly lastName?: string;
  readonly answers?: SignInAnswers;
  readonly tokens?: Record<string, string>;
  /** What the server makes of each attempt; `ok` in the end. */
  readonly outcomes?: readonly (ErrorCode | 'ok')[];
  /** What it makes of each name that is checked; `ok` in the end. */
  readonly checks?: readonly (ErrorCode | 'ok')[];
}

function scene(given: Scene) {
  const { session } = createFakeSession({ listener: () => {} });
  const attempts: SignInAttempt[] = [];
  const dropped: string[] = [];
  const outcomes = [...(given.outcomes ?? [])];
  const checks = [...(given.checks ?? [])];
  const checked: string[] = [];
  const deps: SignInDeps = {
    hello: hello({ registration: given.registration ?? 'invite' }),
    code: given.code,
    lastName: given.lastName,
    answers: given.answers ?? {},
    recoveryShownBy: 'prompter' as const,
    saved: {
      find: async (name) => (dropped.includes(name) ? undefined : given.tokens?.[name]),
      async drop(name) {
        dropped.push(name);
      },
    },
    async checkName({ name, code }) {
      checked.push(code === undefined ? name : `${name} ${code}`);
      const check = checks.shift() ?? 'ok';
      if (check !== 'ok') throw new ProtocolError(check, `refused: ${check}`);
    },
    async start(attempt) {
      attempts.push(attempt);
      const outcome = outcomes.shift() ?? 'ok';
      if (outcome !== 'ok') throw new ProtocolError(outcome, `refused: ${outcome}`);
      return session;
    },
  };
  return { deps, attempts, checked, dropped, session };
}

type Answer = string | boolean | Cancelled;

/** Answers in order; what `check` refuses is asked again, as a terminal does. `asked` has each question's kind. */
function answering(...answers: Answer[]) {
  const asked: string[] = [];
  const notes: string[] = [];
  function next(kind: string, check?: (answer: string) => string | undefined): Answer {
    for (;;) {
      asked.push(kind);
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`no answer to ${asked.join(', ')}`);
      if (answer instanceof Cancelled) throw answer;
      const complaint = typeof answer === 'string' ? check?.(answer) : undefined;
      if (complaint === undefined) return answer;
      notes.push(complaint);
    }
  }
  const prompter: Prompter = {
    async text({ initial, check }) {
      const answer = next('text', (text) =>
        text === '' && initial !== undefined ? undefined : check?.(text),
      );
      return answer === '' ? (initial ?? '') : String(answer);
    },
    password: async ({ check }) => String(next('password', check)),
    async select<T extends string>({ options }: { readonly options: readonly { readonly value: T }[] }) {
      const answer = next('select');
      const chosen = options.find(({ value }) => value === answer);
      if (chosen === undefined) throw new Error(`${answer} was not offered`);
      return chosen.value;
    },
    confirm: async () => next('confirm') === true,
    note: (text) => void notes.push(text),
  };
  return { prompter, asked, notes, left: answers };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    if (error instanceof Cancelled) return error.how;
    if (error instanceof AnswerMissing) return error.answer;
    throw error;
  }
}

const signInAs = (name: string, password: string, mode?: SignInAttempt['mode']): SignInAttempt => ({
  name,
  credentials: { how: 'sign-in', name, password },
  mode,
});
const registerAs = (name: string, password: string, code?: string): SignInAttempt => ({
  name,
  credentials: { how: 'register', name, password, ...(code !== undefined && { code }) },
  mode: undefined,
});

t.test('without an invite it asks name and password', async (t) => {
  const { deps, attempts, session } = scene({});
  const { prompter, asked } = answering('Ana', 'pa55word');
  t.equal(await signIn(deps, prompter), session);
  t.same(attempts, [signInAs('ana', 'pa55word')]);
  t.same(asked, ['text', 'password']);
});

t.test('an invite creates an account; the password is asked twice until both match', async (t) => {
  const { deps, attempts } = scene({ code: 'abc' });
  const { prompter, asked, notes } = answering(
    'ana',
    'short',
    'pa55word',
    'pa55wore',
    'pa55word',
    'pa55word',
  );
  await signIn(deps, prompter);
  t.same(attempts, [registerAs('ana', 'pa55word', 'abc')]);
  t.same(asked, ['text', 'password', 'password', 'password', 'password', 'password']);
  t.equal(notes.length, 2);
});

t.test('an invite with the name used here before signs in', async (t) => {
  const { deps, attempts } = scene({ code: 'abc', lastName: 'ana' });
  await signIn(deps, answering('', 'pa55word').prompter);
  t.same(attempts, [signInAs('ana', 'pa55word')]);
});

t.test('an invalid name is asked again before any password', async (t) => {
  const { deps, attempts } = scene({});
  const { prompter, asked } = answering('two words', '', 'admin', 'ana', 'pa55word');
  await signIn(deps, prompter);
  t.same(asked, ['text', 'text', 'text', 'text', 'password']);
  t.equal(attempts.length, 1);
});

t.test('an open server asks whether there is an account', async (t) => {
  const create = scene({ registration: 'open' });
  await signIn(create.deps, answering('create', 'ana', 'pa55word', 'pa55word').prompter);
  t.same(create.attempts, [registerAs('ana', 'pa55word')]);
  const old = scene({ registration: 'open' });
  await signIn(old.deps, answering('sign-in', 'ana', 'pa55word').prompter);
  t.same(old.attempts, [signInAs('ana', 'pa55word')]);
  const named = scene({ registration: 'open', answers: { name: 'ana' } });
  await signIn(named.deps, answering('create', 'pa55word', 'pa55word').prompter);
  t.same(named.attempts, [registerAs('ana', 'pa55word')]);
  const known = scene({ registration: 'open', answers: { name: 'ana' }, lastName: 'ana' });
  await signIn(known.deps, answering('pa55word').prompter);
  t.same(known.attempts, [signInAs('ana', 'pa55word')]);
});

t.test('answers given in advance are not asked for', async (t) => {
  const { deps, attempts } = scene({ answers: { name: 'ana', password: 'pa55word', mode: 'attach' } });
  await signIn(deps, answering().prompter);
  t.same(attempts, [signInAs('ana', 'pa55word', 'attach')]);
  const create = scene({ answers: { name: 'ana', create: true }, tokens: { ana: 'token' } });
  await signIn(create.deps, answering('pa55word', 'pa55word').prompter);
  t.same(create.attempts, [registerAs('ana', 'pa55word')]);
});

t.test('a wrong password is asked again, up to three times', async (t) => {
  const once = scene({ outcomes: ['wrong-credentials', 'ok'] });
  await signIn(once.deps, answering('ana', 'wrong', 'right').prompter);
  t.same(once.attempts, [signInAs('ana', 'wrong'), signInAs('ana', 'right')]);
  const thrice = scene({ outcomes: ['wrong-credentials', 'wrong-credentials', 'wrong-credentials'] });
  const { prompter, left } = answering('ana', 'a', 'b', 'again', 'c', 'd');
  t.equal(await codeOf(signIn(thrice.deps, prompter)), 'wrong-credentials');
  t.equal(thrice.attempts.length, 3);
  t.same(left, ['d']);
  const given = scene({ answers: { name: 'ana', password: 'old' }, outcomes: ['wrong-credentials'] });
  await signIn(given.deps, answering('new').prompter);
  t.same(given.attempts[1], signInAs('ana', 'new'));
});

t.test('a forgotten password is replaced with a recovery code or a reset link', async (t) => {
  const resetCode = `r-${'a'.repeat(22)}`;
  const recover = (code: string, password: string) => ({
    name: 'ana',
    credentials: { how: 'recover', name: 'ana', password, code },
    mode: undefined,
  });
  const lost = scene({ outcomes: ['wrong-credentials', 'wrong-credentials', 'recovery-invalid', 'ok'] });
  const answers = ['ana', 'a', 'b', 'recover', 'WRONG', 'pa55word', 'pa55word', 'RIGHT'];
  await signIn(lost.deps, answering(...answers).prompter);
  t.same(lost.attempts.slice(2), [recover('WRONG', 'pa55word'), recover('RIGHT', 'pa55word')]);
  const link = scene({ code: resetCode, lastName: 'ben', answers: { password: 'not this' } });
  await signIn(link.deps, answering('ana', 'pa55word', 'pa55word').prompter);
  t.same(link.attempts, [recover(resetCode, 'pa55word')]);
  const used = scene({ code: resetCode, outcomes: ['recovery-invalid'] });
  t.equal(
    await codeOf(signIn(used.deps, answering('ana', 'pa55word', 'pa55word').prompter)),
    'recovery-invalid',
  );
  const nobody = scene({ code: resetCode, answers: { name: 'ana', password: 'pa55word' } });
  await signInUnattended(nobody.deps);
  t.same(nobody.attempts, [recover(resetCode, 'pa55word')]);
});

t.test('an invite whose code begins like that of a reset link is an invite', async (t) => {
  const code = `r-${'a'.repeat(20)}`;
  const registered = {
    name: 'ana',
    credentials: { how: 'register', name: 'ana', password: 'pa55word', code },
    mode: undefined,
  };
  const asked = scene({ code });
  await signIn(asked.deps, answering('ana', 'pa55word', 'pa55word').prompter);
  t.same(asked.attempts, [registered]);
  const unattended = scene({ code, answers: { name: 'ana', password: 'pa55word' } });
  await signInUnattended(unattended.deps);
  t.same(unattended.attempts, [registered]);
});

t.test('a second factor is asked for after the right password, and again when it was wrong', async (t) => {
  const { deps, attempts } = scene({ outcomes: ['second-factor-needed', 'second-factor-wrong', 'ok'] });
  await signIn(deps, answering('ana', 'pa55word', '12 34 56', '123', '654321').prompter);
  const withOtp = (otp: string) => ({
    name: 'ana',
    credentials: { how: 'sign-in', name: 'ana', password: 'pa55word', otp },
    mode: undefined,
  });
  t.same(attempts, [signInAs('ana', 'pa55word'), withOtp('123456'), withOtp('654321')]);
});

t.test('the recovery code is shown once, by the prompter or by the front end', async (t) => {
  const { deps, session } = scene({ code: 'abc' });
  const { prompter, notes } = answering('ana', 'pa55word', 'pa55word');
  const shown = { ...deps, start: async () => ({ ...session, recovery: 'AAAAA-BBBBB' }) };
  await signIn({ ...shown, recoveryShownBy: 'front-end' }, answering('ana', 'pa55word', 'pa55word').prompter);
  await signIn(shown, prompter);
  t.match(notes, [/AAAAA-BBBBB/]);
});

t.test('a taken name can be signed in with, or replaced', async (t) => {
  const mine = scene({ code: 'abc', outcomes: ['name-taken'] });
  await signIn(mine.deps, answering('ana', 'pa55word', 'pa55word', 'mine').prompter);
  t.same(mine.attempts[1], signInAs('ana', 'pa55word'));
  const other = scene({ code: 'abc', outcomes: ['name-taken'] });
  await signIn(other.deps, answering('ana', 'pa55word', 'pa55word', 'other', 'anna').prompter);
  t.same(other.attempts[1], registerAs('anna', 'pa55word', 'abc'));
});

t.test('a name the server refuses is asked again, the password is kept', async (t) => {
  for (const code of ['name-look-alike', 'name-reserved', 'name-invalid'] as const) {
    const { deps, attempts } = scene({ code: 'abc', outcomes: [code] });
    const { prompter, notes } = answering('ana', 'pa55word', 'pa55word', 'zoe');
    await signIn(deps, prompter);
    t.same(attempts[1], registerAs('zoe', 'pa55word', 'abc'));
    t.match(notes[0], code);
  }
});

t.test('a name is checked before the password is asked for', async (t) => {
  const { deps, attempts, checked } = scene({
    code: 'abc',
    checks: ['name-look-alike', 'name-reserved', 'name-taken'],
  });
  const { prompter, asked, notes } = answering(
    'a1ice',
    'zora',
    'ana',
    'other',
    'zoe',
    'pa55word',
    'pa55word',
  );
  await signIn(deps, prompter);
  t.same(checked, ['a1ice abc', 'zora abc', 'ana abc', 'zoe abc']);
  t.same(asked, ['text', 'text', 'text', 'select', 'text', 'password', 'password']);
  t.match(notes, [/look-alike/, /reserved/]);
  t.same(attempts, [registerAs('zoe', 'pa55word', 'abc')]);
});

t.test('a taken name that is theirs asks for its password once', async (t) => {
  const { deps, attempts } = scene({ code: 'abc', checks: ['name-taken'] });
  const { prompter, asked } = answering('ana', 'mine', 'pa55word');
  await signIn(deps, prompter);
  t.same(asked, ['text', 'select', 'password']);
  t.same(attempts, [signInAs('ana', 'pa55word')]);
});

t.test('an invalid invite is reported before a password is chosen', async (t) => {
  const { deps, attempts } = scene({ code: 'abc', checks: ['invite-invalid'] });
  const { prompter, asked } = answering('ana', 'same', 'pa55word');
  await signIn(deps, prompter);
  t.same(asked, ['text', 'select', 'password']);
  t.same(attempts, [signInAs('ana', 'pa55word')]);
});

t.test('without an answer about the name, registration tells', async (t) => {
  const { deps, attempts } = scene({ code: 'abc', checks: ['too-many-attempts'], outcomes: ['name-taken'] });
  await signIn(deps, answering('ana', 'pa55word', 'pa55word', 'other', 'zoe').prompter);
  t.same(attempts, [registerAs('ana', 'pa55word', 'abc'), registerAs('zoe', 'pa55word', 'abc')]);
  for (const code of ['busy', 'banned', 'server-full'] as const) {
    const refused = scene({ code: 'abc', checks: [code] });
    t.equal(await codeOf(signIn(refused.deps, answering('ana').prompter)), code);
    t.equal(refused.attempts.length, 0);
  }
});

t.test('only the name of a new account is checked, and only where questions follow', async (t) => {
  const none: Scene[] = [
    {},
    { code: 'abc', lastName: 'ana' },
    { lastName: 'ana', tokens: { ana: 'token' }, code: 'abc' },
    { code: `r-${'a'.repeat(22)}` },
    { code: 'abc', answers: { name: 'ana', password: 'pa55word' } },
  ];
  for (const given of none) {
    const { deps, checked, attempts } = scene(given);
    await signIn(deps, answering(...(given.answers ? [] : ['ana', 'pa55word', 'pa55word'])).prompter);
    t.same(checked, [], JSON.stringify(given));
    t.equal(attempts.length, 1);
  }
  const open = scene({ registration: 'open' });
  await signIn(open.deps, answering('create', 'ana', 'pa55word', 'pa55word').prompter);
  t.same(open.checked, ['ana']);
});

t.test('an unsuitable password is asked again', async (t) => {
  const { deps, attempts } = scene({ code: 'abc', outcomes: ['password-unsuitable'] });
  await signIn(deps, answering('ana', 'pa55word', 'pa55word', 'better55', 'better55').prompter);
  t.same(attempts[1], registerAs('ana', 'better55', 'abc'));
});

t.test(
  'without a valid invite there are three choices: sign in, sign in with another name, quit',
  async (t) => {
    for (const code of ['invite-invalid', 'invite-needed', 'registration-closed'] as const) {
      const same = scene({ code: 'abc', outcomes: [code] });
      await signIn(same.deps, answering('ana', 'pa55word', 'pa55word', 'same').prompter);
      t.same(same.attempts[1], signInAs('ana', 'pa55word'));
      const other = scene({ code: 'abc', outcomes: [code] });
      await signIn(other.deps, answering('ana', 'pa55word', 'pa55word', 'other', 'zoe', 'secret').prompter);
      t.same(other.attempts[1], signInAs('zoe', 'secret'));
      const leave = scene({ code: 'abc', outcomes: [code] });
      const { prompter } = answering('ana', 'pa55word', 'pa55word', 'quit');
      t.equal(await codeOf(signIn(leave.deps, prompter)), 'declined');
    }
  },
);

t.test('a session that exists can be taken over, joined or left alone', async (t) => {
  for (const mode of ['take-over', 'attach'] as const) {
    const { deps, attempts } = scene({ outcomes: ['name-in-use'] });
    await signIn(deps, answering('ana', 'pa55word', mode).prompter);
    t.same(attempts[1], signInAs('ana', 'pa55word', mode));
  }
  const leave = scene({ outcomes: ['name-in-use'] });
  t.equal(await codeOf(signIn(leave.deps, answering('ana', 'pa55word', 'quit').prompter)), 'declined');
  const full = scene({ outcomes: ['too-many-terminals'] });
  await signIn(full.deps, answering('ana', 'pa55word', 'take-over').prompter);
  t.same(full.attempts[1], signInAs('ana', 'pa55word', 'take-over'));
});

t.test('a saved session asks nothing', async (t) => {
  const { deps, attempts } = scene({ lastName: 'ana', tokens: { ana: 'token' }, code: 'abc' });
  const { prompter, asked } = answering();
  await signIn(deps, prompter);
  t.same(attempts, [{ name: 'ana', credentials: { how: 'resume', token: 'token' }, mode: undefined }]);
  t.same(asked, []);
  const typed = scene({ tokens: { ana: 'token' } });
  await signIn(typed.deps, answering('ana').prompter);
  t.equal(typed.attempts[0]?.credentials.how, 'resume');
});

t.test('a saved session that is in use elsewhere asks what to do, and no password', async (t) => {
  const { deps, attempts } = scene({ lastName: 'ana', tokens: { ana: 'token' }, outcomes: ['name-in-use'] });
  const { prompter, asked } = answering('attach');
  await signIn(deps, prompter);
  t.same(asked, ['select']);
  t.same(attempts[1], { name: 'ana', credentials: { how: 'resume', token: 'token' }, mode: 'attach' });
});

t.test('an expired saved session is dropped, and the password asked', async (t) => {
  const { deps, attempts, dropped } = scene({
    lastName: 'ana',
    tokens: { ana: 'token' },
    outcomes: ['session-expired'],
  });
  await signIn(deps, answering('pa55word').prompter);
  t.same(dropped, ['ana']);
  t.same(attempts[1], signInAs('ana', 'pa55word'));
});

t.test('refusals that no answer can change are passed on', async (t) => {
  for (const code of ['too-many-attempts', 'busy', 'internal', 'bad-request'] as const) {
    const { deps } = scene({ outcomes: [code] });
    t.equal(await codeOf(signIn(deps, answering('ana', 'pa55word').prompter)), code);
  }
});

t.test('every question can be cancelled', async (t) => {
  const stop = new Cancelled('interrupted');
  const scenes: [Scene, Answer[]][] = [
    [{}, []],
    [{}, ['ana']],
    [{ registration: 'open' }, []],
    [{ code: 'abc' }, ['ana']],
    [{ code: 'abc' }, ['ana', 'pa55word']],
    [{ code: 'abc', outcomes: ['name-taken'] }, ['ana', 'pa55word', 'pa55word']],
    [{ code: 'abc', outcomes: ['name-taken'] }, ['ana', 'pa55word', 'pa55word', 'other']],
    [{ code: 'abc', outcomes: ['invite-invalid'] }, ['ana', 'pa55word', 'pa55word']],
    [{ outcomes: ['wrong-credentials'] }, ['ana', 'pa55word']],
    [{ outcomes: ['name-in-use'] }, ['ana', 'pa55word']],
  ];
  for (const [given, answers] of scenes) {
    const { deps, attempts } = scene(given);
    t.equal(await codeOf(signIn(deps, answering(...answers, stop).prompter)), 'interrupted');
    t.equal(attempts.length, given.outcomes?.length ?? 0);
  }
});

t.test('unattended, a missing answer is named', async (t) => {
  t.equal(await codeOf(signInUnattended(scene({}).deps)), 'name');
  t.equal(await codeOf(signInUnattended(scene({ answers: { name: 'ana' } }).deps)), 'password');
  const { saved } = scene({ tokens: { ana: 'token' } }).deps;
  t.equal(await codeOf(requireAnswers({}, saved)), 'name');
  t.equal(await codeOf(requireAnswers({ name: 'zoe' }, saved)), 'password');
  t.equal(await codeOf(requireAnswers({ name: 'ana' }, saved)), 'none');
  t.equal(await codeOf(requireAnswers({ name: 'ana', create: true }, saved)), 'password');
  t.equal(await codeOf(requireAnswers({ name: 'zoe', password: 'x' }, saved)), 'none');
});

t.test('unattended, the same command with an invite works again', async (t) => {
  const answers = { name: 'ana', password: 'pa55word' };
  const first = scene({ code: 'abc', answers });
  await signInUnattended(first.deps);
  t.same(first.attempts, [registerAs('ana', 'pa55word', 'abc')]);
  for (const code of ['name-taken', 'invite-invalid', 'registration-closed'] as const) {
    const again = scene({ code: 'abc', answers: { ...answers, mode: 'attach' }, outcomes: [code] });
    await signInUnattended(again.deps);
    t.same(again.attempts[1], signInAs('ana', 'pa55word', 'attach'));
    const stranger = scene({ code: 'abc', answers, outcomes: [code, 'wrong-credentials'] });
    t.equal(await codeOf(signInUnattended(stranger.deps)), code);
    const second = scene({ code: 'abc', answers, outcomes: [code, 'name-in-use'] });
    t.equal(await codeOf(signInUnattended(second.deps)), 'name-in-use');
  }
});

t.test('unattended, --create registers and nothing else', async (t) => {
  const answers = { name: 'ana', password: 'pa55word', create: true };
  const taken = scene({ answers, tokens: { ana: 'token' }, outcomes: ['name-taken'] });
  t.equal(await codeOf(signInUnattended(taken.deps)), 'name-taken');
  t.same(taken.attempts, [registerAs('ana', 'pa55word')]);
});

t.test('unattended, one refusal is final', async (t) => {
  const answers = { name: 'ana', password: 'pa55word' };
  for (const code of ['wrong-credentials', 'name-in-use', 'too-many-attempts'] as const) {
    const { deps, attempts } = scene({ answers, outcomes: [code] });
    t.equal(await codeOf(signInUnattended(deps)), code);
    t.equal(attempts.length, 1);
  }
  const { deps } = scene({ answers, code: 'abc', outcomes: ['name-look-alike'] });
  t.equal(await codeOf(signInUnattended(deps)), 'name-look-alike');
});

t.test('unattended, a saved session comes first, then the password', async (t) => {
  const kept = scene({ answers: { name: 'ana' }, tokens: { ana: 'token' } });
  await signInUnattended(kept.deps);
  t.equal(kept.attempts[0]?.credentials.how, 'resume');
  const over = scene({
    answers: { name: 'ana', password: 'pa55word' },
    tokens: { ana: 'token' },
    outcomes: ['session-expired'],
  });
  await signInUnattended(over.deps);
  t.same(over.dropped, ['ana']);
  t.same(over.attempts[1], signInAs('ana', 'pa55word'));
  const bare = scene({ answers: { name: 'ana' }, tokens: { ana: 'token' }, outcomes: ['session-expired'] });
  t.equal(await codeOf(signInUnattended(bare.deps)), 'password');
});
