/** Your own account on a terminal: second factor, recovery code, logout, and no trace of secrets on the screen. */
import { TOTP } from 'otpauth';
import t, { type Test } from 'tap';
import { gather, type People } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

const enter = '\r';
const down = '\x1b[B';
const stepMs = 30_000;

t.test('an account on the screen', async (t) => {
  const people = await gather(t);
  for (const [title, test] of [
    ['a second factor is set up on 80x24, and asked for from then on', secondFactor],
    ['a forgotten password is replaced with the recovery code', forgottenPassword],
    ['a logout ends each front end with success, and other terminals are notified', logout],
  ] as const) {
    await t.test(title, (t) => test(t, people));
  }
});

async function secondFactor(t: Test, people: People): Promise<void> {
  const ana = await people.screen('ana');
  await ana.shows(/Your recovery code: /);
  ana.type(`/2fa on${enter}`);
  await ana.shows(/Your password: _/);
  ana.type(`${password}${enter}`);
  await ana.shows(/6-digit code: _/);
  const pictured = ana.rows().filter((row) => /^\S+ [█▀▄ ]{39} /.test(row));
  t.equal(pictured.length, 20, 'the whole picture is in sight');
  const [, shown = ''] = await ana.shows(/((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})/);
  const totp = new TOTP({ secret: shown.replaceAll(' ', '') });
  const now = Date.now();
  ana.type(`${totp.generate({ timestamp: now })}${enter}`);
  await ana.shows(/Second factor is on/);
  t.notMatch(ana.screen(), shown, 'the key is gone');
  t.notMatch(ana.screen(), '█', 'and its picture');
  ana.type(`/quit${enter}`);
  t.equal(await ana.ended, 0);

  const again = await people.terminal('ana');
  await again.shows(/6-digit code from your authenticator app/);
  // The code of this moment was used.
  again.type(`${totp.generate({ timestamp: now + stepMs })}${enter}`);
  await again.until(() => again.modes().includes('alternate'), 'a full screen');

  const pipe = people.server.connect(people.link, 'ana', '--attach');
  t.equal(await pipe.ended, 77);
  t.match(pipe.stderr(), /authenticator.*--token-file/);
}

async function forgottenPassword(t: Test, people: People): Promise<void> {
  const ben = await people.screen('ben');
  const [, code = ''] = await ben.shows(/Your recovery code: (\S+)/);
  ben.type(`/quit${enter}`);
  t.equal(await ben.ended, 0);
  t.notMatch(ben.screen(), code, 'the shell has no trace of it');

  const lost = await people.terminal('ben', { env: { SECURE_CHAT_PASSWORD: '' } });
  await lost.shows(/Password for ben/);
  lost.type(`not my word 1${enter}`);
  await lost.shows(/2 tries left[\s\S]*Password for ben/);
  lost.type(`not my word 2${enter}`);
  await lost.shows(/1 try left[\s\S]*Forgot your password/);
  lost.type(`${down}${enter}`);
  await lost.shows(/Recovery code for ben/);
  lost.type(`${code}${enter}`);
  await lost.shows(/Choose a password for ben/);
  lost.type(`another good password${enter}`);
  await lost.shows(/Repeat the password/);
  lost.type(`another good password${enter}`);
  await lost.until(() => lost.modes().includes('alternate'), 'a full screen');
  const [, next = ''] = await lost.shows(/Your recovery code: (\S+)/);
  t.not(next, code, 'it was good once');
  t.notMatch(lost.output(), 'another good password');
}

async function logout(t: Test, people: People): Promise<void> {
  const cleo = await people.screen('cleo');
  const other = await people.pipe('cleo', '--attach');
  cleo.type(`/logout${enter}`);
  t.equal(await cleo.ended, 0);
  t.match(cleo.output(), /secure-chat: You logged out\.\r\n$/);

  const json = await people.pipe('cleo', '--attach', '--json');
  json.write('{"type":"logout","id":"out"}\n');
  t.equal(await json.ended, 0);
  t.match(json.stdout(), '{"type":"ok","re":"out"}');
  t.match(json.stdout(), '{"type":"status","state":"ended","why":"logged-out","message":"You logged out."}');
  t.equal(json.stderr(), 'secure-chat: You logged out.\n');

  const plain = await people.pipe('cleo', '--attach');
  plain.end('goodbye\n/logout all\n');
  t.equal(await plain.ended, 0);
  t.match(plain.stdout(), 'cleo: goodbye');
  t.match(plain.stderr(), /in #lobby as cleo\nsecure-chat: You logged out\.\n$/);
  t.equal(await other.ended, 77);
}
