/** Requests about rooms and who is in them. */
import { listPeople, listRooms } from '../chat/queries.js';
import { answers, counted, does, type RequestRows } from './row.js';

type RoomRequest = 'rooms' | 'join' | 'leave' | 'set-rules' | 'invite' | 'appoint' | 'who';

export const roomRows: RequestRows<RoomRequest> = {
  rooms: answers(async (app, member) => ({ rooms: await listRooms(app, member) })),
  join: counted(does(({ membership }, member, request) => membership.join(member, request))),
  leave: counted(does(({ membership }, member, request) => membership.leave(member, request))),
  'set-rules': counted(does(({ moderation }, { account }, request) => moderation.setRules(account, request))),
  invite: does(({ membership }, member, request) => membership.invite(member, request)),
  appoint: counted(does(({ membership }, member, request) => membership.appoint(member, request))),
  who: answers(listPeople),
};
