/** Whoever is demoted, banned or removed keeps nothing of what they were: no right, no invite, no link. */
import t from 'tap';
import { granted, outcome } from '../support/asking.js';
import { createHeld } from '../support/held.js';
import { password, plainHasher, sessionScene } from '../support/session-scene.js';

t.test('a role that was taken while its owner was signing in is gone', async (t) => {
  const check = createHeld(plainHasher.verify);
  const { member, visit, store } = await sessionScene(t, {
    hasher: { ...plainHasher, verify: check.call },
  });
  const { wire: ada } = await member('ada');
  const { wire: ben } = await member('ben');
  await store.setRole((await store.account('ada'))?.id ?? 0, 'admin');
  await ada.ask({ type: 'quit' });
  const { wire: admin } = await member('ada');
  t.equal(await outcome(admin, { type: 'set-role', name: 'ben', role: 'moderator' }), 'ok');
  const { wire: late } = visit();
  const held = check.hold();
  const answer = granted(late, { type: 'sign-in', name: 'ben', password, mode: 'attach' });
  await held.reached;
  t.equal(await outcome(admin, { type: 'set-role', name: 'ben', role: 'member' }), 'ok');
  held.release();
  t.equal((await answer).role, 'member');
  t.equal(await outcome(late, { type: 'bans' }), 'not-allowed');
  t.equal(await outcome(ben, { type: 'bans' }), 'not-allowed');
});
