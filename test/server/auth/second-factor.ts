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
  await requestOk(ana, { type: 'register', name: 'ana', password });
  const { secret = '' } = await requestOk(ana, { type: 'begin-factor', password });
  const codeAt = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: scene.clock.now() + steps * stepMs,
    });
  t.equal(await outcome(ana, { type: 'confirm-factor', otp: codeAt(0) }), 'ok');
  scene.clock.set(scene.clock.now() + 10 * stepMs);
  const signIn = (otp: string, more: { mode?: 'attach' } = { mode: 'attach' }) =>
    outcome(scene.connect().wire, { type: 'sign-in', name: 'ana', password, otp, ...more });
  return { scene, ana, codeAt, signIn };
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

t.test('wrong codes are limited per account, and the recovery code still works', async (t) => {
  const scene = await sessionScene(t);
  const { wire: ana } = scene.connect();
  const { recovery = '' } = await requestOk(ana, { type: 'register', name: 'ana', password });
  const { secret = '' } = await requestOk(ana, { type: 'begin-factor', password });
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const otp = () => totp.generate({ timestamp: scene.clock.now() });
  t.equal(await outcome(ana, { type: 'confirm-factor', otp: otp() }), 'ok');
  const attempt = async (typed: string, address: string) => {
    const { wire } = scene.connect(address);
    const answer = outcome(wire, { type: 'sign-in', name: 'ana', password, otp: typed, mode: 'attach' });
    await turns();
    scene.clock.advance(limits.loginDelayMaxMs);
    return answer;
  };
  for (let n = 0; n < limits.factorFailuresPerHour; n++) {
    t.equal(await attempt('000000', `192.0.2.${n + 10}`), 'second-factor-wrong');
  }
  t.equal(await attempt(otp(), '192.0.2.99'), 'too-many-attempts');
  scene.clock.advance(6 * 60_000);
  t.equal(await attempt(otp(), '192.0.2.98'), 'ok', 'a few minutes later');
  for (let n = 0; n < 3; n++) await attempt('000000', `192.0.2.${n + 30}`);
  t.equal(await attempt(otp(), '192.0.2.97'), 'too-many-attempts');
  const { wire: owner } = scene.connect('192.0.2.96');
  const recover = outcome(owner, {
    type: 'recover',
    name: 'ana',
    code: recovery,
    password: 'a new password',
  });
  await turns();
  scene.clock.advance(limits.loginDelayMaxMs);
  t.equal(await recover, 'ok');
});
