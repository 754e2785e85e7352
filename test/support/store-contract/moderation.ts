/** Bans, mutes, blocks, room rules and the audit log: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import {
  at,
  hash,
  hour,
  kept,
  lobbyOf,
  type MakeSubject,
  newEntry,
  newRoom,
  openSession,
  people,
  resumes,
} from '../store-subject.js';

const by = 'ada';
const terms = { reason: 'spam', by, at };

export async function moderationContract(t: Test, make: MakeSubject): Promise<void> {
  t.test(
    'a ban ends sessions, tokens, invites and resets of an account, and survives a restart',
    async (t) => {
      const { store, reopen } = await make(t);
      const [ben, cleo] = await people(store, 'ben', 'cleo');
      await openSession(store, ben.id, 'one');
      await openSession(store, ben.id, 'bot', { bot: true });
      await openSession(store, cleo.id, 'hers');
      const invite = { role: 'member', uses: 3, expires: at + hour, at } as const;
      await store.createInvite({ code: hash('his'), ...invite, by: ben });
      await store.createInvite({ code: hash('hers'), ...invite, by: cleo });
      await store.addReset({ account: ben.id, code: hash('reset'), expires: at + hour, at });
      t.equal(await store.ban({ account: ben.id }, { ...terms, until: at + hour }), 'banned');
      t.same(
        [await resumes(store, 'one'), await resumes(store, 'bot'), await resumes(store, 'hers')],
        [false, false, true],
      );
      t.same(
        [await store.inviteRole(hash('his'), at), await store.inviteRole(hash('hers'), at)],
        [undefined, 'member'],
      );
      const recovery = { name: 'ben', code: hash('reset'), password: 'x', at };
      t.same(await store.recover(recovery), { outcome: 'invalid' });
      const again = await reopen();
      t.same(await again.banOf(ben.id, at), { ...terms, until: at + hour, account: ben.id, name: 'ben' });
      t.equal(await again.banOf(ben.id, at + hour), undefined, 'it ends');
      t.equal((await again.bans(at)).length, 1);
      t.equal(await again.unban({ account: ben.id }, at), true);
      t.equal(await again.unban({ account: ben.id }, at), false);
      t.same(await again.bans(at), []);
    },
  );

  t.test('an address is banned as written, and a second ban replaces the first', async (t) => {
    const { store } = await make(t);
    await store.ban({ address: '192.0.2.0/24' }, terms);
    await store.ban({ address: '192.0.2.0/24' }, { ...terms, reason: 'more spam' });
    t.same(await store.bans(at), [{ ...terms, reason: 'more spam', address: '192.0.2.0/24' }]);
    t.equal(await store.unban({ address: '192.0.2.1' }, at), false);
    t.equal(await store.unban({ address: '192.0.2.0/24' }, at), true);
  });

  t.test('mutes are per room, replace each other and expire', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    await store.mute(ada.id, { until: at + hour });
    await store.mute(ada.id, { room });
    await store.mute(ada.id, { room, until: at + 2 * hour });
    const again = await reopen();
    t.same(await again.mutes(ada.id, at), [{ until: at + hour }, { room, until: at + 2 * hour }]);
    t.same(await again.mutes(ada.id, at + hour), [{ room, until: at + 2 * hour }]);
    t.equal(await again.unmute(ada.id, undefined, at), true);
    t.equal(await again.unmute(ada.id, undefined, at), false);
  });

  t.test('the rules of a room are stored', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const { id } = await newRoom(store, ada.id, 'tea');
    await store.setRules(id, { restrict: ['links'], slow: 5_000, locked: true });
    const again = await reopen();
    const [, tea] = await again.rooms();
    t.same(tea?.rules, { restrict: ['links'], slow: 5_000, locked: true });
    t.match((await again.conversations(ada.id))[1], { room: { rules: { slow: 5_000 } } });
  });

  t.test('the audit log is read in pages, the newest first', async (t) => {
    const { store, reopen } = await make(t);
    await store.recordAudit({ at, by, action: 'kick', on: 'ben', reason: 'noise' });
    await store.recordAudit({ at: at + 1, by, action: 'mute', on: 'ben', room: 'den', hidden: true });
    await store.recordAudit({ at: at + 2, by, action: 'role', on: 'cleo', detail: 'member to admin' });
    const again = await reopen();
    const all = await again.auditLog({ limit: 10, hidden: true });
    t.match(all, [
      { action: 'role', detail: 'member to admin' },
      { action: 'mute', room: 'den' },
      { on: 'ben', reason: 'noise' },
    ]);
    t.same(
      (await again.auditLog({ limit: 10, hidden: false })).map(({ action }) => action),
      ['role', 'kick'],
    );
    const [newest] = all;
    t.same(
      (await again.auditLog({ limit: 1, before: newest?.id ?? 0, hidden: true })).map(({ action }) => action),
      ['mute'],
    );
  });

  t.test('blocked names are listed in alphabetical order until they are unblocked', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    t.equal(await store.block(ada.id, cyd.id), true);
    t.equal(await store.block(ada.id, bob.id), true);
    t.equal(await store.block(ada.id, bob.id), true);
    const again = await reopen();
    t.same(await again.blocks(ada.id), ['bob', 'cyd']);
    t.same(await again.blocks(bob.id), []);
    t.equal(await again.unblock(ada.id, bob.id), true);
    t.equal(await again.unblock(ada.id, bob.id), false);
    t.same(await again.blocks(ada.id), ['cyd']);
  });

  t.test('a direct message from a blocked account is not stored and begins no conversation', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = { direct: [ada.id, bob.id] } as const;
    await store.block(bob.id, ada.id);
    t.same(await store.append(newEntry(ada.id, target, 'k')), { outcome: 'blocked' });
    t.equal((await store.conversations(bob.id)).length, 1);
    t.equal(await store.findByKey(ada.id, 'k'), undefined);
    await store.unblock(bob.id, ada.id);
    const first = await kept(store, newEntry(ada.id, target, 'k'));
    await store.block(bob.id, ada.id);
    const retry = { outcome: 'kept', seq: first.seq, at, repeated: true };
    t.same(await store.append(newEntry(ada.id, target, 'k')), retry, 'what was kept before stays');
    t.match(await store.append(newEntry(bob.id, target, 'k')), { outcome: 'kept' }, 'the other way is open');
    t.match(
      await store.append(newEntry(ada.id, await lobbyOf(store), 'r')),
      { outcome: 'kept' },
      'and rooms',
    );
    t.match(await store.append(newEntry(ada.id, { direct: [ada.id, ada.id] }, 'n')), { outcome: 'kept' });
  });

  t.test('a blocked account cannot invite the other to a room', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    await store.block(bob.id, ada.id);
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'blocked');
    t.same(await store.invitations(bob.id), []);
  });

  t.test('an account blocks a limited number of names', async (t) => {
    const { store } = await make(t);
    const names = Array.from({ length: limits.blocks + 2 }, (_, index) => `user${index}`);
    const [ada, ...others] = await people(store, ...names);
    const blocked = await Promise.all(others.map(({ id }) => store.block(ada?.id ?? 0, id)));
    t.equal(blocked.filter(Boolean).length, limits.blocks);
    t.equal(blocked.at(-1), false);
    t.equal(await store.block(ada?.id ?? 0, others[0]?.id ?? 0), true, 'one that is blocked stays so');
  });
}
