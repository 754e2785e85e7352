/** People who use every kind of secret that a server knows, so that a test can look for them. */
import { Secret, TOTP } from 'otpauth';
import type { Test } from 'tap';
import type { Reply } from '../../lib/protocol/events.js';
import { outcome, requestOk } from './requests.js';
import type { WireClient } from './wire-client.js';

export interface UsedSecrets {
  /** Their values by what they are. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Secret of the second factor in base32, which the server has to keep. */
  readonly factor: string;
  /** A used code of it. */
  readonly otp: string;
  readonly audit: NonNullable<Extract<Reply, { type: 'ok' }>['audit']>;
}

export const codeIn = (links: readonly string[] = []) => links[0]?.trim().split('/').at(-1) ?? '';

/** Ada registers with the server's first link; Ben with her invite, and does whatever takes or makes a secret. */
export async function useSecrets(
  t: Test,
  { dial, firstLink }: { dial: () => Promise<WireClient>; firstLink: string },
): Promise<UsedSecrets> {
  const secrets = new Map<string, string>();
  const secret = (what: string, value: string | undefined) => {
    if (value === undefined || value.length < 6) throw new Error(`no ${what}`);
    secrets.set(what, value);
    return value;
  };
  const password = secret('password', 'Tr0mbone-quartet');
  const next = secret('next password', 'Vi0lin-sextet-op18');
  const wrong = secret('wrong password', 'Tr0mbone-quintet');

  const first = secret('first invite', codeIn([firstLink]));
  const ada = await dial();
  const made = await requestOk(ada, { type: 'register', name: 'ada', password, code: first });
  secret("ada's token", made.token);
  secret("ada's recovery code", made.recovery);
  const invite = secret('invite', codeIn((await requestOk(ada, { type: 'make-invite' })).links));
  const ben = await dial();
  t.equal(await outcome(ben, { type: 'sign-in', name: 'ben', password: wrong }), 'wrong-credentials');
  const joined = await requestOk(ben, { type: 'register', name: 'ben', password, code: invite });
  const recovery = secret("ben's recovery code", joined.recovery);
  t.equal(await outcome(ben, { type: 'set-password', old: wrong, password: next }), 'wrong-credentials');
  t.equal(await outcome(ben, { type: 'set-password', old: password, password: next }), 'ok');
  const hash = 'A'.repeat(43);
  const offer = { type: 'offer', room: 'lobby', name: 'notes.txt', size: 9, hash, key: 'notes' } as const;
  secret('ticket', (await requestOk(ben, offer)).ticket);

  const lost = await dial();
  const recover = { type: 'recover', name: 'ben', password } as const;
  t.equal(await outcome(lost, { ...recover, code: secret('guess', 'QQQQQ-QQQQQ') }), 'recovery-invalid');
  const again = await requestOk(lost, { ...recover, code: recovery });
  secret('second recovery code', again.recovery);
  const reset = secret(
    'reset code',
    codeIn((await requestOk(ada, { type: 'make-reset', name: 'ben' })).links),
  );
  const back = await dial();
  await requestOk(back, { ...recover, code: reset });
  const renewed = await requestOk(back, { type: 'make-recovery', password });
  secret('third recovery code', renewed.recovery);

  const factor = (await requestOk(back, { type: 'begin-factor', password })).secret ?? '';
  const totp = new TOTP({ secret: Secret.fromBase32(factor) });
  const otp = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
  // The codes of this step and the next one: valid even if the next step begins meanwhile.
  await requestOk(back, { type: 'confirm-factor', otp: otp(0) });
  const used = otp(1);
  const visitor = await dial();
  const signIn = { type: 'sign-in', name: 'ben', password, mode: 'attach' } as const;
  t.equal(await outcome(visitor, { ...signIn, otp: otp(7) }), 'second-factor-wrong');
  const opened = await requestOk(visitor, { ...signIn, otp: used });
  const resumed = await dial();
  const token = secret('token', opened.token);
  secret('next token', (await requestOk(resumed, { type: 'resume', token, mode: 'attach' })).token);
  await resumed.ask({ type: 'logout', all: true }).catch(() => {});
  const { audit = [] } = await requestOk(ada, { type: 'audit' });
  return { secrets, factor, otp: used, audit };
}

/** What of these is in a text or in bytes, with or without dashes. Names, never values: it may be printed. */
export function secretsIn(text: string | Buffer, secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets]
    .filter(([, value]) => text.includes(value) || text.includes(value.replaceAll('-', '')))
    .map(([what]) => what);
}
