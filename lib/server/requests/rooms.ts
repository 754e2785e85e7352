/** Rooms and who is in them. */
import { listMembers, listRooms, peoplePage } from '../chat/queries.js';
import { answers, counted, does, type Rows } from './row.js';

type Room = 'rooms' | 'join' | 'leave' | 'set-rules' | 'invite' | 'appoint' | 'who';

export const roomRows: Rows<Room> = {
  rooms: answers(async ({ store }, member) => {
    await member.drained();
    return { rooms: await listRooms(store, member.account) };
  }),
  join: counted(does(({ hub }, member, request) => hub.membership.join(member, request))),
  leave: counted(does(({ hub }, member, request) => hub.membership.leave(member, request))),
  'set-rules': counted(does(({ moderation }, { account }, request) => moderation.setRules(account, request))),
  invite: does(({ hub }, member, request) => hub.membership.invite(member, request)),
  appoint: counted(does(({ hub }, member, request) => hub.membership.appoint(member, request))),
  who: answers(async ({ store, hub }, member, { room: name, after }) => {
    await member.drained();
    if (name === undefined) return peoplePage(hub.presence.people(), after);
    const { room } = hub.places.membership(member.account, name);
    return peoplePage(await listMembers(store, hub, room.id), after);
  }),
};
