/** Own account through frames: password, sessions, codes, the second factor; and invites for others. */

import { Secret, TOTP } from 'otpauth';
import t from 'tap';
import { controlSocket } from '../../../lib/cli/folders.js';
import { callControl } from '../../../lib/server/operator/control-socket.js';
import { outcome, requestOk } from '../../support/requests.js';
import { ok, password, runServer } from '../../support/running-server.js';
import { sessionScene } from '../../support/session-scene.js';

const next = 'another password';

/** The authenticator's code `steps` from now. */
function codeOf(secret: string, steps = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
}

t.test('a new password ends all other sessions and their tokens', async (t) => {
  const server = await runServer(t, { people: ['ana'], passwords: true });
  const here = await server.enter('ana');
  const there = await server.dial();
  const opened = ok(await there.ask({ type: 'sign-in', name: 'ana', password, mode: 'attach' }));
  t.equal(await outcome(here, { type: 'set-password', old: 'wrong', password: next }), 'wrong-credentials');
  t.equal(
    await outcome(here, { type: 'set-password', old: password, password: 'short' }),
    'password-unsuitable',
  );
  t.equal(await outcome(here, { type: 'set-password', old: password, password: next }), 'ok');
  t.match(await there.next('closing'), { code: 'signed-out' });
  t.equal(await outcome(here, { type: 'ping' }), 'ok', 'this one stays');
  const again = await server.dial();
  t.equal(await outcome(again, { type: 'resume', token: opened.token ?? '' }), 'session-expired');
  t.equal(
    await outcome(again, { type: 'sign-in', name: 'ana', password, mode: 'attach' }),
    'wrong-credentials',
  );
  t.equal(await outcome(again, { type: 'sign-in', name: 'ana', password: next, mode: 'attach' }), 'ok');
  t.notMatch(JSON.stringify(server.events), /another password|a good password/);
});

t.test('sessions are listed and ended one by one or all at once', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'] });
  const one = await server.enter('ana');
  const two = await server.dial();
  const { token } = ok(await two.ask({ type: 'resume', token: server.token('ana'), mode: 'attach' }));
  const listed = ok(await one.ask({ type: 'sessions' })).sessions ?? [];
  t.equal(listed.filter(({ current }) => current).length, 1);
  t.match(listed[0], { address: '127.0.0.1' });
  const other = ok(await two.ask({ type: 'sessions' })).sessions?.find(({ current }) => current)?.id ?? 0;
  const ben = await server.enter('ben');
  t.equal(await outcome(ben, { type: 'logout', session: other }), 'no-such-name', 'not his');
  t.equal(await outcome(one, { type: 'logout', session: other }), 'ok');
  t.match(await two.next('closing'), { code: 'signed-out' });
  const back = await server.dial();
  t.equal(await outcome(back, { type: 'resume', token: token ?? '' }), 'session-expired');
  await one.ask({ type: 'logout', all: true }).catch(() => {});
  t.match(await one.next('closing'), { code: 'signed-out' });
  t.equal(
    await outcome(back, { type: 'resume', token: server.token('ana') }),
    'session-expired',
    'none is left',
  );
});

t.test('a session is remembered on request, and no longer', async (t) => {
  const server = await runServer(t, {
    people: ['ana', 'ci'],
    passwords: true,
    prepare: (store, accounts) => store.setRole(accounts.get('ci')?.id ?? 0, 'bot').then(() => {}),
  });
  async function quit(client: Awaited<ReturnType<typeof server.dial>>) {
    ok(await client.ask({ type: 'quit' }));
    await client.closed;
  }
  const first = await server.dial();
  const { token = '' } = ok(await first.ask({ type: 'sign-in', name: 'ana', password }));
  t.equal(await outcome(first, { type: 'set-remember', remember: true }), 'ok');
  await quit(first);
  const second = await server.dial();
  const { token: next = '' } = ok(await second.ask({ type: 'resume', token }));
  t.equal(await outcome(second, { type: 'set-remember', remember: false }), 'ok');
  await quit(second);
  const third = await server.dial();
  t.equal(await outcome(third, { type: 'set-remember', remember: true }), 'not-signed-in');
  t.equal(await outcome(third, { type: 'resume', token: next }), 'session-expired');
  const bot = await server.enter('ci');
  t.equal(await outcome(bot, { type: 'set-remember', remember: true }), 'not-allowed');
});

t.test('a recovery code sets a new password once and ends all sessions', async (t) => {
  const server = await runServer(t, { registration: 'open' });
  const first = await server.dial();
  const made = ok(await first.ask({ type: 'register', name: 'ana', password }));
  const code = made.recovery ?? '';
  t.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/);
  const lost = await server.dial();
  const recover = (name: string, typed: string) =>
    ({ type: 'recover', name, code: typed, password: next }) as const;
  const wrong = await lost.ask(recover('ana', 'AAAAA-AAAAA'));
  const nobody = await lost.ask(recover('nobody', code));
  t.match(wrong, { type: 'error', code: 'recovery-invalid' });
  t.same({ ...nobody, re: 0 }, { ...wrong, re: 0 }, 'the answer reveals no names');
  const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
  const recovered = ok(await lost.ask(recover('ana', typed)));
  t.match(await first.next('closing'), { code: 'signed-out' });
  t.ok(recovered.recovery && recovered.recovery !== code);
  const late = await server.dial();
  t.equal(await outcome(late, recover('ana', code)), 'recovery-invalid', 'once');
  t.equal(await outcome(late, { type: 'resume', token: made.token ?? '' }), 'session-expired');
  const renewed = ok(await lost.ask({ type: 'make-recovery', password: next })).recovery ?? '';
  t.equal(
    await outcome(late, recover('ana', recovered.recovery ?? '')),
    'recovery-invalid',
    'the one before',
  );
  t.equal(await outcome(late, recover('ana', renewed)), 'ok');
});

t.test("an admin's reset link sets a new password once", async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'ben'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const ada = await server.enter('ada');
  const ben = await server.enter('ben');
  t.equal(await outcome(ben, { type: 'make-reset', name: 'ben' }), 'not-allowed');
  const { links = [] } = ok(await ada.ask({ type: 'make-reset', name: 'ben' }));
  const code = links[0]?.split('/').at(-1) ?? '';
  t.match(code, /^r-/);
  const lost = await server.dial();
  const recover = { type: 'recover', name: 'ben', code, password: next } as const;
  t.equal(await outcome(lost, { ...recover, name: 'ada' }), 'recovery-invalid', "not another's");
  t.equal(await outcome(lost, recover), 'ok');
  t.match(await ben.next('closing'), { code: 'signed-out' });
  t.equal(await outcome(await server.dial(), recover), 'recovery-invalid');
  const said = ok(await ada.ask({ type: 'audit' })).audit ?? [];
  t.same(
    said.map(({ action, by }) => `${by} ${action}`),
    ['ben recover', 'ada reset-link'],
  );
  t.notMatch(JSON.stringify([said, server.events]), code);
});

t.test('a second factor is needed after the right password, and each code works once', async (t) => {
  const server = await runServer(t, { people: ['ana'], passwords: true });
  const ana = await server.enter('ana');
  t.equal(await outcome(ana, { type: 'begin-factor', password: 'wrong' }), 'wrong-credentials');
  const { secret = '', uri } = ok(await ana.ask({ type: 'begin-factor', password }));
  t.match(uri, /^otpauth:\/\/totp\/.*ana.*secret=/);
  const signIn = async (request: object) => {
    const client = await server.dial();
    const code = await outcome(client, {
      type: 'sign-in',
      name: 'ana',
      password,
      mode: 'attach',
      ...request,
    });
    client.destroy();
    return code;
  };
  t.equal(await signIn({}), 'ok', 'not before it is confirmed');
  t.equal(await outcome(ana, { type: 'confirm-factor', otp: '000000' }), 'second-factor-wrong');
  // The codes of this step and the next one: valid even if the next step begins meanwhile.
  t.equal(await outcome(ana, { type: 'confirm-factor', otp: codeOf(secret) }), 'ok');
  t.equal(await signIn({}), 'second-factor-needed');
  t.equal(await signIn({ password: 'wrong', otp: codeOf(secret) }), 'wrong-credentials');
  t.equal(await signIn({ otp: codeOf(secret, 5) }), 'second-factor-wrong');
  const otp = codeOf(secret, 1);
  t.equal(await signIn({ otp }), 'ok');
  t.equal(await signIn({ otp }), 'second-factor-wrong', 'once');
  const resumed = await server.dial();
  t.equal(
    await outcome(resumed, { type: 'resume', token: server.token('ana'), mode: 'attach' }),
    'ok',
    'a token needs none',
  );
  t.equal(await outcome(ana, { type: 'end-factor', password }), 'ok');
  t.equal(await signIn({}), 'ok');
});

t.test('an invite can be revoked', async (t) => {
  const server = await runServer(t, {
    people: ['ada'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const ada = await server.enter('ada');
  const { links = [], expires = '' } = ok(
    await ada.ask({ type: 'make-invite', uses: 5, ms: 3_600_000, role: 'moderator' }),
  );
  t.ok(Math.abs(Date.parse(expires) - Date.now() - 3_600_000) < 60_000);
  const [invite] = ok(await ada.ask({ type: 'invites' })).invites ?? [];
  t.match(invite, { role: 'moderator', uses: 5 });
  t.equal(await outcome(ada, { type: 'uninvite', invite: invite?.id ?? 0 }), 'ok');
  const late = await server.dial();
  const code = links[0]?.split('/').at(-1) ?? '';
  t.equal(await outcome(late, { type: 'register', name: 'late', password, code }), 'invite-invalid');
});

t.test('whois has addresses for moderators only, and who is away', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'ben', 'cleo'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, ben] = [await server.enter('ada'), await server.enter('ben')];
  ok(await ada.ask({ type: 'join', room: 'yard' }));
  ok(await ben.ask({ type: 'join', room: 'yard' }));
  ok(await ada.ask({ type: 'join', room: 'attic', private: true }));
  ok(await ben.ask({ type: 'away', text: 'lunch' }));
  t.match(await ada.next('away'), { name: 'ben', text: 'lunch' });
  for (const place of [{}, { room: 'yard' }]) {
    const { people } = ok(await ada.ask({ type: 'who', ...place }));
    t.match(
      people?.find(({ name }) => name === 'ben'),
      { away: 'lunch' },
    );
  }
  const seen = ok(await ada.ask({ type: 'whois', name: 'ben' })).whois;
  t.match(seen, { name: 'ben', role: 'member', terminals: 1, away: 'lunch', addresses: ['127.0.0.1'] });
  t.same(seen?.rooms, ['lobby', 'yard']);
  const plain = ok(await ben.ask({ type: 'whois', name: 'ada' })).whois;
  t.same(plain?.rooms, ['lobby', 'yard'], 'nothing of a private room');
  t.equal(plain?.addresses, undefined);
  ok(await ben.ask({ type: 'back' }));
  t.match(await ada.next('back'), { name: 'ben' });
  t.match(ok(await ada.ask({ type: 'whois', name: 'cleo' })).whois, { terminals: 0, rooms: ['lobby'] });
  t.equal(await outcome(ada, { type: 'whois', name: 'nobody' }), 'no-such-name');
});

t.test('a bot signs in with no password, whether it has one or not', async (t) => {
  const server = await runServer(t, {
    people: ['robo'],
    passwords: true,
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('robo')?.id ?? 0, 'bot')),
  });
  const client = await server.dial();
  t.equal(await outcome(client, { type: 'sign-in', name: 'robo', password }), 'wrong-credentials');
  t.equal(await outcome(client, { type: 'resume', token: server.token('robo') }), 'ok');
});

t.test('a removed account passes its rooms on or ends them', async (t) => {
  const server = await runServer(t, { people: ['ada', 'ben', 'cleo'] });
  const [ben, cleo] = [await server.enter('ben'), await server.enter('cleo')];
  ok(await ben.ask({ type: 'join', room: 'yard' }));
  ok(await cleo.ask({ type: 'join', room: 'yard' }));
  ok(await ben.ask({ type: 'join', room: 'alone' }));
  await callControl(controlSocket(server.data), 'user-remove', { name: 'ben' });
  t.match(await ben.next('closing'), { code: 'signed-out' });
  t.match(await cleo.next('role'), { room: 'yard', name: 'cleo', role: 'owner', by: 'operator' });
  t.equal(await outcome(cleo, { type: 'join', room: 'alone' }), 'ok', 'the name is free again');
  t.equal(await outcome(cleo, { type: 'say', to: 'ben', text: 'hi', key: 'b' }), 'no-such-name');
  const late = await server.dial();
  t.equal(await outcome(late, { type: 'resume', token: server.token('ben') }), 'session-expired');
});

t.test('a full server admits admins and refuses others', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'ben', 'cleo'],
    maxClients: 1,
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const ben = await server.enter('ben');
  const cleo = await server.dial();
  t.equal(await outcome(cleo, { type: 'resume', token: server.token('cleo') }), 'server-full');
  const again = await server.dial();
  t.equal(
    await outcome(again, { type: 'resume', token: server.token('ben'), mode: 'attach' }),
    'ok',
    'not a new name',
  );
  await server.enter('ada');
  ben.destroy();
  again.destroy();
});

t.test('whois of an offline member does not read the members of all rooms', async (t) => {
  let reads = 0;
  const scene = await sessionScene(t, {
    storeOf: (store) => ({
      ...store,
      members(...page) {
        reads++;
        return store.members(...page);
      },
    }),
  });
  const { wire: ben } = await scene.signIn('ben');
  const { wire: ada } = await scene.signIn('ada');
  for (const wire of [ada, ben]) t.equal(await outcome(wire, { type: 'join', room: 'yard' }), 'ok');
  await ben.ask({ type: 'quit' });
  t.match((await requestOk(ada, { type: 'whois', name: 'ben' })).whois, { rooms: ['lobby', 'yard'] });
  t.equal(reads, 0);
});
