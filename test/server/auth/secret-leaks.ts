/** Secrets appear in no log line and in no file of the data folder. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret, TOTP } from 'otpauth';
import t from 'tap';
import { outcome, requestOk } from '../../support/requests.js';
import { runServer } from '../../support/running-server.js';

const codeIn = (links: readonly string[] = []) => links[0]?.split('/').at(-1) ?? '';

t.test('passwords, tokens and codes are neither logged nor stored in plain text', async (t) => {
  const lines: string[] = [];
  const write = (...line: unknown[]) => void lines.push(inspect(line, { depth: 10 }));
  const server = await runServer(t, { log: { info: write, warn: write, error: write } });
  const secrets = new Map<string, string>();
  const secret = (what: string, value: string | undefined) => {
    if (value === undefined || value.length < 6) throw new Error(`no ${what}`);
    secrets.set(what, value);
    return value;
  };
  const password = secret('password', 'Tr0mbone-quartet');
  const next = secret('next password', 'Vi0lin-sextet-op18');
  const wrong = secret('wrong password', 'Tr0mbone-quintet');

  const first = secret('first invite', codeIn([server.running.firstLink ?? '']));
  const ada = await server.dial();
  const made = await requestOk(ada, { type: 'register', name: 'ada', password, code: first });
  secret("ada's token", made.token);
  secret("ada's recovery code", made.recovery);
  const invite = secret('invite', codeIn((await requestOk(ada, { type: 'make-invite' })).links));
  const ben = await server.dial();
  t.equal(await outcome(ben, { type: 'sign-in', name: 'ben', password: wrong }), 'wrong-credentials');
  const joined = await requestOk(ben, { type: 'register', name: 'ben', password, code: invite });
  const recovery = secret("ben's recovery code", joined.recovery);
  t.equal(await outcome(ben, { type: 'set-password', old: wrong, password: next }), 'wrong-credentials');
  t.equal(await outcome(ben, { type: 'set-password', old: password, password: next }), 'ok');

  const lost = await server.dial();
  const recover = { type: 'recover', name: 'ben', password } as const;
  t.equal(await outcome(lost, { ...recover, code: secret('guess', 'QQQQQ-QQQQQ') }), 'recovery-invalid');
  const again = await requestOk(lost, { ...recover, code: recovery });
  secret('second recovery code', again.recovery);
  const reset = secret(
    'reset code',
    codeIn((await requestOk(ada, { type: 'make-reset', name: 'ben' })).links),
  );
  const back = await server.dial();
  await requestOk(back, { ...recover, code: reset });
  const renewed = await requestOk(back, { type: 'make-recovery', password });
  secret('third recovery code', renewed.recovery);

  const factor = (await requestOk(back, { type: 'begin-factor', password })).secret ?? '';
  const totp = new TOTP({ secret: Secret.fromBase32(factor) });
  const otp = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
  // The codes of this step and the next one: valid even if the next step begins meanwhile.
  await requestOk(back, { type: 'confirm-factor', otp: otp(0) });
  const used = otp(1);
  const visitor = await server.dial();
  const signIn = { type: 'sign-in', name: 'ben', password, mode: 'attach' } as const;
  t.equal(await outcome(visitor, { ...signIn, otp: otp(7) }), 'second-factor-wrong');
  const opened = await requestOk(visitor, { ...signIn, otp: used });
  const resumed = await server.dial();
  const token = secret('token', opened.token);
  secret('next token', (await requestOk(resumed, { type: 'resume', token, mode: 'attach' })).token);
  await resumed.ask({ type: 'logout', all: true }).catch(() => {});
  const { audit = [] } = await requestOk(ada, { type: 'audit' });
  t.same(
    audit.map(({ by, action }) => `${by} ${action}`).toReversed(),
    [
      'ada invite',
      'ben password',
      'ben recover',
      'ada reset-link',
      'ben recover',
      'ben recovery-code',
      'ben second-factor-on',
      'ben logout',
    ],
    'every change has an entry, and no refusal',
  );
  await server.close();

  const log = lines.join('\n');
  t.match(log, /account recovered/);
  t.match(log, /sign-in refused/);
  const places: [string, string][] = [
    ['the log', log],
    ['the audit log', JSON.stringify(audit)],
  ];
  for (const file of await readdir(server.data)) {
    if (!file.includes('secure-chat.db')) continue;
    places.push([file, (await readFile(join(server.data, file))).toString('latin1')]);
  }
  t.ok(places.length > 2, 'the database is searched');
  for (const [place, text] of places) {
    for (const [what, value] of secrets) {
      // A failure must not print the value itself.
      t.notOk(text.includes(value), `the ${what} is not in ${place}`);
      t.notOk(text.includes(value.replaceAll('-', '')), `nor without dashes`);
    }
  }
  for (const [what, value] of [
    ['secret of the factor', factor],
    ['code of the factor', used],
  ] as const) {
    // Word boundaries, because a time or a port can contain the same six digits.
    const there = new RegExp(`(?<![\\w.])${value}(?![\\w.])`);
    t.notOk(there.test(log) || there.test(JSON.stringify(audit)), `the ${what} is in neither`);
  }
});
