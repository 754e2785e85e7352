/** The second factor through frames, with a fake clock. */
import { Secret, TOTP } from 'otpauth';
import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { outcome, requestOk } from '../../support/requests.js';
import { password, sessionScene } from '../../support/session-scene.js';
import { turns } from '../../support/turns.js';

const stepMs = 30_000;

/** A scene with ana, who has a second factor. */
async function factorScene(t: Test) {
  const scene = await sessionScene(t);
  const { wire: ana } = scene.connect();
  const { recovery = '' } = await requestOk(ana, { type: 'register', name: 'ana', password });
  const { secret = '' } = await requestOk(ana, { type: 'begin-factor', password });
  const codeAt = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: scene.clock.now() + steps * stepMs,
    });
  t.equal(await outcome(ana, { type: 'confirm-factor', otp: codeAt(0) }), 'ok');
  scene.clock.set(scene.clock.now() + 10 * stepMs);
  const signIn = (otp: string, more: { mode?: 'attach' } = { mode: 'attach' }) =>
    outcome(scene.connect().wire, { type: 'sign-in', name: 'ana', password, otp, ...more });
  return { scene, ana, codeAt, signIn, recovery };
}

t.test('a code is valid in its own 30 seconds and one step before or after', async (t) => {
  const { codeAt, signIn } = await factorScene(t);
  t.equal(await signIn(codeAt(-2)), 'second-factor-wrong');
  t.equal(await signIn(codeAt(2)), 'second-factor-wrong');
  t.equal(await signIn(codeAt(-1)), 'ok');
  t.equal(await signIn(codeAt(0)), 'ok');
  t.equal(await signIn(codeAt(1)), 'ok');
});

t.test('a code works once, and no earlier code works after it', async (t) => {
  const { codeAt, signIn } = await factorScene(t);
  t.equal(await signIn(codeAt(0)), 'ok');
  t.equal(await signIn(codeAt(0)), 'second-factor-wrong');
  t.equal(await signIn(codeAt(-1)), 'second-factor-wrong');
});

t.test('one code used twice at the same time signs in once', async (t) => {
  const { codeAt, signIn } = await factorScene(t);
  const answers = await Promise.all([signIn(codeAt(0)), signIn(codeAt(0))]);
  t.same(answers.sort(), ['ok', 'second-factor-wrong']);
});

t.test('name-in-use does not use up the code', async (t) => {
  const { codeAt, signIn } = await factorScene(t);
  t.equal(await signIn('000000', {}), 'second-factor-wrong', 'checked first');
  t.equal(await signIn(codeAt(0), {}), 'name-in-use');
  t.equal(await signIn(codeAt(0)), 'ok', 'the same code with a mode');
  t.equal(await signIn(codeAt(0)), 'second-factor-wrong');
});

t.test('the code that confirms a factor does not sign in', async (t) => {
  const { scene, ana, signIn } = await factorScene(t);
  const { secret = '' } = await requestOk(ana, { type: 'begin-factor', password });
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const otp = totp.generate({ timestamp: scene.clock.now() });
  t.equal(await signIn(otp), 'second-factor-wrong', 'before it is confirmed');
  t.equal(await outcome(ana, { type: 'confirm-factor', otp }), 'ok');
  t.equal(await signIn(otp), 'second-factor-wrong', 'nor after it');
  scene.clock.set(scene.clock.now() + stepMs);
  t.equal(await signIn(totp.generate({ timestamp: scene.clock.now() })), 'ok');
});

t.test('wrong codes delay the next attempt like wrong passwords', async (t) => {
  const { scene, codeAt, signIn } = await factorScene(t);
  for (let i = 0; i < 3; i++) t.equal(await signIn('000000'), 'second-factor-wrong');
  let answered = false;
  const answer = signIn(codeAt(0)).finally(() => {
    answered = true;
  });
  await turns();
  scene.clock.advance(499);
  await turns();
  t.notOk(answered);
  scene.clock.advance(1);
  t.equal(await answer, 'ok');
});

/** `factorScene` in which the account has no session at any other address than 192.0.2.1, with answers after all delays. */
async function guessScene(t: Test) {
  const { scene, codeAt, recovery } = await factorScene(t);
  const attempt = async (otp: string, address: string) => {
    const { wire } = scene.connect(address);
    const answer = outcome(wire, { type: 'sign-in', name: 'ana', password, otp, mode: 'attach' });
    await turns();
    scene.clock.advance(limits.loginDelayMaxMs);
    return answer;
  };
  return { scene, attempt, recovery, rightCode: () => codeAt(0) };
}

t.test('wrong codes are limited per account and address', async (t) => {
  const { scene, attempt, rightCode } = await guessScene(t);
  for (let n = 0; n < limits.factorFailuresPerHour; n++) {
    t.equal(await attempt('000000', '192.0.2.66'), 'second-factor-wrong');
  }
  t.equal(await attempt(rightCode(), '192.0.2.66'), 'too-many-attempts');
  t.equal(await attempt(rightCode(), '192.0.2.7'), 'ok', 'the owner at another address is not locked out');
  scene.clock.advance(3_600_000 / limits.factorFailuresPerHour);
  t.equal(await attempt(rightCode(), '192.0.2.66'), 'ok', 'nor this one forever');
});

t.test('one attacker who guesses all day never stops the owner', async (t) => {
  const { scene, attempt, rightCode } = await guessScene(t);
  for (let hour = 0; hour < 24; hour++) {
    for (let n = 0; n < 2 * limits.factorFailuresPerHour; n++) await attempt('000000', '192.0.2.66');
    scene.clock.advance(3_600_000);
  }
  t.equal(await attempt(rightCode(), '192.0.2.7'), 'ok');
});

t.test('guesses from many addresses are limited, but not where the account has a session', async (t) => {
  const { scene, attempt, rightCode } = await guessScene(t);
  for (let n = 0; n < limits.factorFailuresInAll; n++) {
    t.equal(await attempt('000000', `198.51.100.${n}`), 'second-factor-wrong');
  }
  t.equal(await attempt('000000', '198.51.100.99'), 'too-many-attempts');
  t.equal(await attempt(rightCode(), '192.0.2.7'), 'too-many-attempts', 'an address without a session');
  t.equal(await attempt(rightCode(), '192.0.2.1'), 'ok', 'one with a session');
  scene.clock.advance(3_600_000 / limits.factorFailuresInAllPerHour);
  t.equal(await attempt(rightCode(), '192.0.2.7'), 'ok', 'a few minutes later');
});

t.test('the recovery code works while many guess', async (t) => {
  const { scene, attempt, recovery } = await guessScene(t);
  for (let n = 0; n <= limits.factorFailuresInAll; n++) await attempt('000000', `198.51.100.${n}`);
  const { wire } = scene.connect('192.0.2.7');
  const recover = { type: 'recover', name: 'ana', code: recovery, password: 'a new password' } as const;
  t.equal(await outcome(wire, recover), 'ok');
});
