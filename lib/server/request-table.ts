/** Every request, one row each: when it may come and what it does. */
import type { RequestType } from '../protocol/requests.js';
import { accountRows } from './requests/account.js';
import { doorRows } from './requests/door.js';
import { peopleRows } from './requests/people.js';
import { roomRows } from './requests/rooms.js';
import type { Rows } from './requests/row.js';
import { talkRows } from './requests/talk.js';

export const requestTable: Rows<RequestType> = {
  ...doorRows,
  ...talkRows,
  ...roomRows,
  ...peopleRows,
  ...accountRows,
};
