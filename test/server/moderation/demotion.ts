/** Demoted, banned and removed accounts keep no permissions, invites or links. */

import t from 'tap';
import { controlSocket } from '../../../lib/cli/folders.js';
import { callControl } from '../../../lib/server/operator/control-socket.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { outcome, requestOk } from '../../support/requests.js';
import { runServer } from '../../support/running-server.js';
import { password, quickHasher, sessionScene } from '../../support/session-scene.js';

t.test('a demotion during sign-in takes effect', async (t) => {
  const check = createDelayedCall(quickHasher.verify);
  const { signIn, connect, store } = await sessionScene(t, {
    hasher: { ...quickHasher, verify: check.call },
  });
  const { wire: ada } = await signIn('ada');
  const { wire: ben } = await signIn('ben');
  await store.setRole((await store.account('ada'))?.id ?? 0, 'admin');
  await ada.ask({ type: 'quit' });
  const { wire: admin } = await signIn('ada');
  t.equal(await outcome(admin, { type: 'set-role', name: 'ben', role: 'moderator' }), 'ok');
  const { wire: late } = connect();
  const held = check.delay();
  const answer = requestOk(late, { type: 'sign-in', name: 'ben', password, mode: 'attach' });
  await held.reached;
  t.equal(await outcome(admin, { type: 'set-role', name: 'ben', role: 'member' }), 'ok');
  held.release();
  t.equal((await answer).role, 'member');
  t.equal(await outcome(late, { type: 'bans' }), 'not-allowed');
  t.equal(await outcome(ben, { type: 'bans' }), 'not-allowed');
});

t.test("a former admin's invites and reset links no longer work", async (t) => {
  const admins = ['ada', 'eve'];
  const server = await runServer(t, {
    people: [...admins, 'ben'],
    passwords: true,
    async prepare(store, accounts) {
      for (const name of admins) await store.setRole(accounts.get(name)?.id ?? 0, 'admin');
    },
  });
  const eve = await server.enter('eve');
  const codeIn = ({ links = [] }: { links?: string[] }) => links[0]?.split('/').at(-1) ?? '';
  const invite = codeIn(await requestOk(eve, { type: 'make-invite', role: 'admin', uses: 9 }));
  const reset = codeIn(await requestOk(eve, { type: 'make-reset', name: 'ben' }));
  await callControl(controlSocket(server.data), 'user-role', { name: 'eve', role: 'member' });
  const come = await server.dial();
  t.equal(
    await outcome(come, { type: 'register', name: 'mallory', password, code: invite }),
    'invite-invalid',
  );
  t.equal(
    await outcome(come, { type: 'recover', name: 'ben', code: reset, password: 'another one' }),
    'recovery-invalid',
  );
});
