/** Known ways to evade a ban, through frames: none works once the ban is answered. */

import { once } from 'node:events';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import { fileAlpn } from '../../../lib/protocol/events.js';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { hashRecoveryCode, hashToken } from '../../../lib/server/auth/tokens.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { fileScene, someBytes, ticketOf, upload } from '../../support/file-scene.js';
import { outcome } from '../../support/requests.js';
import { ok, password, runServer } from '../../support/running-server.js';
import { dial, tlsOptions } from '../../support/wire-client.js';

const code = 'c'.repeat(22);
const botToken = 'b'.repeat(43);
const resetCode = 'r-reset';

/** Ada is an admin; oli is a moderator with everything that an account can have before a ban. */
async function scene(t: Test) {
  return runServer(t, {
    people: ['ada', 'oli', 'ben'],
    passwords: true,
    async prepare(store, accounts) {
      const at = Date.now();
      const [ada, oli] = ['ada', 'oli'].map((name) => accounts.get(name)?.id ?? 0) as [number, number];
      const expires = at + 3_600_000;
      await store.setRole(ada, 'admin');
      await store.setRole(oli, 'moderator');
      await store.createInvite({
        code: hashToken(code),
        role: 'member',
        uses: 5,
        expires,
        at,
        by: { id: oli, role: 'moderator' },
      });
      await store.openSession({
        account: oli,
        token: hashToken(botToken),
        expires,
        at,
        remember: true,
        bot: true,
      });
      await store.addReset({ account: oli, code: hashRecoveryCode(resetCode), expires, at });
      await store.setRecovery(oli, hashRecoveryCode('AAAAA'));
    },
  });
}

t.test('a banned account has no way back in', async (t) => {
  const server = await scene(t);
  const ada = await server.enter('ada');
  const first = await server.enter('oli');
  const second = await server.dial();
  ok(await second.ask({ type: 'resume', token: server.token('oli'), mode: 'attach' }));
  const offer = { type: 'offer', room: 'lobby', name: 'a', size: 9, hash: 'A'.repeat(43), key: 'f' } as const;
  const { ticket } = ok(await first.ask(offer));
  const pending = second.ask({ type: 'say', to: 'ben', text: 'before', key: 'p' });
  await pending;

  ok(await ada.ask({ type: 'ban', name: 'oli', ms: 7_200_000, reason: 'spam' }));
  for (const client of [first, second]) {
    const { code: why, message } = await client.next('closing');
    t.equal(why, 'banned');
    t.match(message, /^You are banned for 2 h: spam$/);
    await t.rejects(
      client.ask({ type: 'say', room: 'lobby', text: 'still here', key: 's' }),
      'nothing is accepted',
    );
  }
  t.match(await ada.next('left'), { name: 'oli', by: 'ada', reason: 'spam' });

  const ways: readonly [way: string, asked: RequestBody, answer: string][] = [
    ['the password', { type: 'sign-in', name: 'oli', password }, 'banned'],
    ['the name in capitals', { type: 'sign-in', name: 'OLI', password }, 'banned'],
    ['the password and take-over', { type: 'sign-in', name: 'oli', password, mode: 'take-over' }, 'banned'],
    ['the token of a session', { type: 'resume', token: server.token('oli') }, 'session-expired'],
    ["a bot's token", { type: 'resume', token: botToken }, 'session-expired'],
    ['an invite that was made before', { type: 'register', name: 'newby', password, code }, 'invite-invalid'],
    [
      'a reset link',
      { type: 'recover', name: 'oli', code: resetCode, password: 'another one' },
      'recovery-invalid',
    ],
    ['the recovery code', { type: 'recover', name: 'oli', code: 'aaaaa', password }, 'banned'],
  ];
  for (const [way, asked, answer] of ways) {
    const client = await server.dial();
    t.equal(await outcome(client, asked), answer, way);
    t.equal(
      await outcome(client, {
        type: 'say',
        to: 'ben',
        text: 'psst',
        key: way.slice(0, 9).replaceAll(' ', ''),
      }),
      'not-signed-in',
      way,
    );
    client.destroy();
  }
  const { audit = [] } = ok(await ada.ask({ type: 'audit' }));
  t.match(
    audit.find(({ action }) => action === 'ban'),
    { by: 'ada', on: 'oli', detail: 'for 2 h', reason: 'spam' },
  );
  const late = await server.dial();
  const refused = await late.ask({ type: 'sign-in', name: 'oli', password });
  t.match(refused, { message: 'You are banned for another 2 h: spam' });

  const good =
    ok(await ada.ask({ type: 'make-invite' }))
      .links?.[0]?.split('/')
      .at(-1) ?? '';
  for (const name of ['oli', 'OLI', '0li', 'o1i', 'oIi']) {
    const client = await server.dial();
    const answer = await outcome(client, { type: 'register', name, password, code: good });
    t.match(answer, /^name-(taken|look-alike)$/, `a new account called ${name}`);
    client.destroy();
  }

  const file = connect({ ...tlsOptions(server.port), ALPNProtocols: [fileAlpn] });
  await once(file, 'secureConnect');
  file.write(encodeFrame({ type: 'upload', ticket }));
  const [answered] = (await once(file, 'data')) as [Buffer];
  t.match(answered.toString(), /ticket-invalid/, 'a file ticket');
  file.destroy();

  const ben = await server.enter('ben');
  t.notMatch(JSON.stringify(ok(await ben.ask({ type: 'who' })).people), /oli/);
  t.match(ok(await ada.ask({ type: 'bans' })).bans, [{ name: 'oli', by: 'ada', reason: 'spam' }]);
  t.equal(await outcome(ada, { type: 'unban', name: 'Oli' }), 'ok');
  const back = await server.dial();
  t.equal(await outcome(back, { type: 'sign-in', name: 'oli', password }), 'ok', 'until the ban is lifted');
});

t.test('sign-ins in progress during a ban fail', async (t) => {
  const server = await scene(t);
  const ada = await server.enter('ada');
  const clients = await Promise.all(Array.from({ length: 8 }, () => server.dial()));
  const answers = clients.map((client) =>
    client.ask({ type: 'resume', token: server.token('oli'), mode: 'attach' }).catch(() => undefined),
  );
  ok(await ada.ask({ type: 'ban', name: 'oli' }));
  await Promise.all(answers);
  await Promise.all(clients.map((client) => client.ask({ type: 'ping' }).catch(() => undefined)));
  const people = ok(await ada.ask({ type: 'who' })).people ?? [];
  t.same(
    people.map(({ name }) => name),
    ['ada'],
  );
  for (const client of clients) t.not(await outcome(client, { type: 'who' }).catch(() => 'closed'), 'ok');
});

t.test('a file that was complete before the ban is not posted after it', async (t) => {
  const kept = createDelayedCall(async () => {});
  const scene = await fileScene(t, {
    people: ['ada', 'ben'],
    wrap: (blobs) => ({
      ...blobs,
      async finish(id, hash) {
        await blobs.finish(id, hash);
        await kept.call();
      },
    }),
  });
  const account = await scene.store.account('ada');
  await scene.store.setRole(account?.id ?? 0, 'admin');
  const [ada, ben] = [await scene.enter('ada'), await scene.enter('ben')];
  const bytes = someBytes(10);
  const wire = await scene.open(upload(ticketOf(await scene.offer(ben, bytes))));
  await wire.answer();
  const held = kept.delay();
  wire.socket.write(bytes);
  await held.reached;
  ok(await ada.ask({ type: 'ban', name: 'ben' }));
  held.release();
  await scene.close();
  t.same(ada.all('message'), []);
  t.same(scene.errors, []);
});

t.test('a banned address cannot connect, and its connections end', async (t) => {
  const server = await scene(t);
  const ada = await server.enter('ada');
  t.equal(
    await outcome(ada, { type: 'ban', address: '127.0.0.0/30' }),
    'not-allowed',
    'an admin is there too',
  );
  const far = await dial(server.port, { localAddress: '127.9.9.9' });
  ok(await far.ask({ type: 'resume', token: server.token('ben') }));
  ok(await ada.ask({ type: 'ban', address: '127.9.9.0/24', reason: 'flood' }));
  t.match(await far.next('closing'), { code: 'banned', message: 'You are banned: flood' });
  const again = await dial(server.port, { localAddress: '127.9.9.10' });
  t.match(await again.next('closing'), { code: 'banned' });
  const from = { localAddress: '127.9.9.9' };
  const file = connect({ ...tlsOptions(server.port), ALPNProtocols: [fileAlpn], ...from });
  file.on('error', () => {});
  const closed = once(file, 'close');
  let answer = '';
  for await (const chunk of file) answer += chunk;
  t.match(answer, /"code":"banned"/);
  await closed;
  const near = await dial(server.port, { localAddress: '127.9.8.1' });
  t.equal(
    await outcome(near, { type: 'sign-in', name: 'ben', password }),
    'ok',
    'from elsewhere he comes in',
  );
  t.equal(await outcome(ada, { type: 'unban', address: '127.9.9.77/24' }), 'ok', 'in any spelling');
  const then = await dial(server.port, { localAddress: '127.9.9.10' });
  t.equal(await outcome(then, { type: 'sign-in', name: 'ben', password, mode: 'attach' }), 'ok');
  for (const client of [far, again, near, then]) client.destroy();
});

t.test('the address of an offline admin cannot be banned by a moderator', async (t) => {
  const server = await scene(t);
  const from = { localAddress: '127.8.8.8' };
  const ada = await dial(server.port, from);
  ok(await ada.ask({ type: 'resume', token: server.token('ada') }));
  const oli = await server.enter('oli');
  ada.destroy();
  t.match(await oli.next('left'), { name: 'ada' });
  t.equal(await outcome(oli, { type: 'ban', address: '127.8.0.0/16' }), 'not-allowed');
  t.equal(await outcome(oli, { type: 'ban', address: '127.9.0.0/16' }), 'ok');
  const back = await dial(server.port, from);
  t.equal(await outcome(back, { type: 'resume', token: server.token('ada') }), 'ok');
  back.destroy();
});

t.test('a ban survives a restart', async (t) => {
  const server = await scene(t);
  const ada = await server.enter('ada');
  ok(await ada.ask({ type: 'ban', name: 'ben' }));
  ok(await ada.ask({ type: 'ban', address: '127.7.7.7' }));
  await server.close();
  const next = await runServer(t, { data: server.data });
  const ben = await next.dial();
  t.equal(await outcome(ben, { type: 'sign-in', name: 'ben', password }), 'banned');
  const there = await dial(next.port, { localAddress: '127.7.7.7' });
  t.match(await there.next('closing'), { code: 'banned' });
  there.destroy();
});

t.test('long lists of bans and invites fit into a frame', async (t) => {
  const server = await runServer(t, {
    people: ['ada'],
    async prepare(store, accounts) {
      await store.setRole(accounts.get('ada')?.id ?? 0, 'admin');
      const at = Date.now();
      const [reason, expires] = ['"'.repeat(limits.reasonBytes), at + 3_600_000];
      const numbers = Array.from({ length: 9_000 }, (_, n) => n);
      const made = numbers.flatMap((n) => [
        store.ban({ address: `10.1.${n >> 8}.${n & 255}` }, { by: 'ada', at: at + n, reason }),
        store.createInvite({ code: hashToken(`${n}`), role: 'member', uses: 1, expires, at }),
      ]);
      await Promise.all(made);
    },
  });
  const ada = await server.enter('ada');
  const { bans = [] } = ok(await ada.ask({ type: 'bans' }));
  t.equal(bans.length, limits.listed);
  t.match(bans[0], { address: `10.1.${8_999 >> 8}.${8_999 & 255}` }, 'newest first');
  t.equal(ok(await ada.ask({ type: 'invites' })).invites?.length, limits.listed);
});
