/** Requests about other people, and moderation. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import type { App } from '../app.js';
import { actorOf, notAllowed } from '../chat/permissions.js';
import type { Member } from '../chat/presence.js';
import { whois } from '../chat/queries.js';
import { answers, counted, does, type RequestRows } from './row.js';

type PeopleRequest = 'whois' | 'away' | 'back' | 'block' | 'unblock' | 'blocks';
type ModerationRequest = 'kick' | 'mute' | 'unmute' | 'ban' | 'unban' | 'bans' | 'set-role' | 'audit';

export const peopleRows: RequestRows<PeopleRequest | ModerationRequest> = {
  whois: answers(async (app, member, { name }) => ({ whois: await whois(app, member, name) })),
  away: counted(does(async (app, member, { text }) => setAway(app, member, reasonText(text)))),
  back: counted(does(async (app, member) => setAway(app, member, undefined))),
  block: does(async ({ store, lookup }, { account }, { name }) => {
    const other = await lookup.person(account, name);
    if (other.id === account.id) throw notAllowed("You can't block yourself.");
    if (await store.block(account.id, other.id)) return;
    throw new ProtocolError('limit-reached', `You can block ${limits.blocks} people. Unblock one first.`);
  }),
  unblock: does(async ({ store, lookup }, { account }, { name }) =>
    store.unblock(account.id, (await lookup.person(account, name)).id),
  ),
  blocks: answers(async ({ store }, { account }) => ({ names: [...(await store.blocks(account.id))] })),

  kick: counted(does(({ moderation }, { account }, request) => moderation.kick(account, request))),
  mute: counted(does(({ moderation }, { account }, request) => moderation.mute(account, request))),
  unmute: counted(does(({ moderation }, { account }, request) => moderation.unmute(account, request))),
  ban: counted(does(({ bans }, { account }, request) => bans.ban(account, request))),
  unban: counted(does(({ bans }, { account }, request) => bans.unban(account, request))),
  bans: answers(async ({ bans }, { account }) => ({
    bans: (await bans.list(account)).slice(0, limits.listed),
  })),
  'set-role': counted(does(({ moderation }, { account }, request) => moderation.setRole(account, request))),
  audit: answers(async ({ audit, permissions }, { account }, { before, limit }) => {
    permissions.check(actorOf(account), 'see-audit');
    return { audit: await audit.page({ before, limit, hidden: false }) };
  }),
};

function setAway({ postingRules, presence }: App, { account }: Member, text: string | undefined): void {
  postingRules.checkNotice(account, text ?? '');
  presence.setAway(account.id, text);
}
