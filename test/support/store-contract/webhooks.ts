/** Webhooks and their bots: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Store } from '../../../lib/store/store.js';
import type { NewWebhook } from '../../../lib/store/webhook-store.js';
import { at, hash, hour, type MakeSubject, newRoom, people, register } from '../store-subject.js';

function newWebhook(name: string, rest: Pick<NewWebhook, 'room' | 'by'> & Partial<NewWebhook>): NewWebhook {
  return { name, skeleton: `~${name}`, code: hash(name), at, ...rest };
}

/** @throws where it is not made */
async function made(store: Store, webhook: NewWebhook): Promise<number> {
  const result = await store.makeWebhook(webhook);
  if (result.outcome !== 'made') throw new Error(`${webhook.name}: ${result.outcome}`);
  return result.account.id;
}

export async function webhooksContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('a webhook makes a bot in its room, and is found by its secret', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    const room = (await newRoom(store, ada.id, 'ops', { private: true })).id;
    const result = await store.makeWebhook(newWebhook('ci', { room, by: ada.id }));
    t.match(result, { outcome: 'made', account: { name: 'ci', role: 'bot', password: '' } });
    const expected = {
      account: { name: 'ci' },
      room,
      by: 'ada',
      at,
      maker: { role: 'member', room: 'owner' },
    };
    t.match(await store.webhook(hash('ci'), at), expected);
    t.equal(await store.webhook(hash('other'), at), undefined);
    t.match(await store.webhooks(ada.id, at), [expected]);
    t.same(await store.webhooks(ben.id, at), [], 'only those of its rooms');
    const names = (await store.members(room, { after: '', limit: 10 })).map(({ account }) => account.name);
    t.same(names, ['ada', 'ci']);
    t.match(await (await reopen()).webhook(hash('ci'), at), expected);
  });

  t.test('its maker is missing while banned, gone from the room or removed', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    const room = (await newRoom(store, ada.id, 'ops')).id;
    await store.joinRoom(ben.id, room);
    await store.setRoomRole(ben.id, room, 'moderator');
    const bot = await made(store, newWebhook('ci', { room, by: ben.id }));
    const maker = async (time = at) => (await store.webhook(hash('ci'), time))?.maker;
    t.same(await maker(), { role: 'member', room: 'moderator' });
    await store.setRoomRole(ben.id, room, 'member');
    t.same(await maker(), { role: 'member', room: 'member' });
    await store.ban({ account: ben.id }, { by: 'ada', at, until: at + hour, reason: '' });
    t.equal(await maker(), undefined, 'banned');
    t.same(await maker(at + 2 * hour), { role: 'member', room: 'member' }, 'no longer');
    await store.unban({ account: ben.id }, at);
    await store.ban({ account: bot }, { by: 'ada', at, reason: '' });
    t.equal(await maker(), undefined, 'the bot is banned');
    await store.unban({ account: bot }, at);
    await store.leaveRoom(ben.id, room, { end: false });
    t.equal(await maker(), undefined, 'left');
    await store.joinRoom(ben.id, room);
    t.same(await maker(), { role: 'member', room: 'member' });
    await store.removeAccount(ben.id);
    t.equal(await maker(), undefined, 'removed');
    await store.removeAccount(bot);
    t.equal(await store.webhook(hash('ci'), at), undefined, 'the bot is removed');
    t.same(await store.webhooks(ada.id, at), []);
  });

  t.test('names are those of accounts, and come back in the same room only', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const room = (await newRoom(store, ada.id, 'ops')).id;
    const other = (await newRoom(store, ada.id, 'dev')).id;
    const ofAda = { room, by: ada.id };
    t.same(await store.makeWebhook(newWebhook('ada', ofAda)), { outcome: 'name-taken' });
    t.same(await store.makeWebhook(newWebhook('a.da', { ...ofAda, skeleton: '~ada' })), {
      outcome: 'name-look-alike',
      like: 'ada',
    });
    const bot = await made(store, newWebhook('ci', ofAda));
    t.same(await store.makeWebhook(newWebhook('ci', ofAda)), { outcome: 'name-taken' }, 'while it works');
    t.equal(await store.endWebhook(bot), true);
    t.equal(await store.endWebhook(bot), false);
    t.equal(await store.webhook(hash('ci'), at), undefined);
    t.same(await store.makeWebhook(newWebhook('ci', { ...ofAda, room: other })), { outcome: 'name-taken' });
    t.equal(await made(store, newWebhook('ci', { ...ofAda, code: hash('new') })), bot);
    t.equal(await store.webhook(hash('ci'), at), undefined, 'not with the old secret');
    t.match(await store.webhook(hash('new'), at), { account: { id: bot } });
    t.same(await store.makeWebhook(newWebhook('lost', { ...ofAda, room: 99 })), { outcome: 'no-such-room' });
    t.equal(await store.account('lost'), undefined);
  });

  t.test('a bot that leaves ends its webhook; it neither keeps a room nor inherits it', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    const room = (await newRoom(store, ada.id, 'ops')).id;
    const bot = await made(store, newWebhook('ci', { room, by: ada.id }));
    t.same(await store.leaveRoom(bot, room, { end: false }), { outcome: 'left' });
    t.equal(await store.webhook(hash('ci'), at), undefined);
    t.equal(await made(store, newWebhook('ci', { room, by: ada.id })), bot);
    await store.joinRoom(ben.id, room);
    await store.setRoomRole(bot, room, 'owner');
    t.equal(await store.setRoomRole(ada.id, room, 'member'), 'last-owner');
    t.match(await store.leaveRoom(ada.id, room, { end: false }), { outcome: 'left', heir: { name: 'ben' } });
    t.same(await store.leaveRoom(ben.id, room, { end: false }), { outcome: 'last' });
    t.same(await store.leaveRoom(ben.id, room, { end: true }), { outcome: 'ended' });
    t.equal(await store.webhook(hash('ci'), at), undefined);
    t.equal((await store.rooms()).length, 1);
  });

  t.test('each room and each maker has a limited number', async (t) => {
    const { store } = await make(t);
    const ada = await register(store, 'ada');
    const rooms = [];
    for (let at = 0; rooms.length * limits.webhooksPerRoom <= limits.webhooksMade; at++) {
      rooms.push((await newRoom(store, ada.id, `room${at}`)).id);
    }
    const [room = 0] = rooms;
    for (let at = 0; at < limits.webhooksMade; at++) {
      const its = rooms[Math.floor(at / limits.webhooksPerRoom)] ?? 0;
      await made(store, newWebhook(`hook${at}`, { room: its, by: ada.id }));
    }
    const full = await store.makeWebhook(newWebhook('full', { room, by: ada.id }));
    t.same(full, { outcome: 'too-many', of: 'room' });
    const last = { room: rooms.at(-1) ?? 0, by: ada.id };
    t.same(await store.makeWebhook(newWebhook('more', last)), { outcome: 'too-many', of: 'account' });
    t.equal(await store.account('more'), undefined);
    t.match(await store.makeWebhook(newWebhook('more', { ...last, unlimited: true })), { outcome: 'made' });
  });
}
