/** What somebody asks about other people, and does to them. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { readAudit, setAway, whois } from '../chat/people.js';
import { answers, counted, does, type Rows } from './row.js';

type Seen = 'whois' | 'away' | 'back' | 'block' | 'unblock' | 'blocks';
type Moderated = 'kick' | 'mute' | 'unmute' | 'ban' | 'unban' | 'bans' | 'set-role' | 'audit';

export const peopleRows: Rows<Seen | Moderated> = {
  whois: answers(async (desk, member, { name }) => ({ whois: await whois(desk, member, name) })),
  away: counted(does(async (desk, member, { text }) => setAway(desk, member, text))),
  back: counted(does(async (desk, member) => setAway(desk, member, undefined))),
  block: does(async ({ store, hub }, { account }, { name }) => {
    const other = await hub.places.person(account, name);
    if (other.id === account.id) throw new ProtocolError('not-allowed', 'You cannot block yourself.');
    if (await store.block(account.id, other.id)) return;
    throw new ProtocolError('limit-reached', `You block ${limits.blocks} people: unblock somebody first.`);
  }),
  unblock: does(async ({ store, hub }, { account }, { name }) =>
    store.unblock(account.id, (await hub.places.person(account, name)).id),
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
  audit: answers(async (desk, member, request) => ({ audit: await readAudit(desk, member, request) })),
};
