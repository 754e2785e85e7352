/** Every request, one row each: when it may come and what it does. */
import type { RequestType } from '../../protocol/requests.js';
import { accountRows } from './account.js';
import { messageRows } from './messages.js';
import { peopleRows } from './people.js';
import { roomRows } from './rooms.js';
import type { Rows } from './row.js';
import { signInRows } from './sign-in.js';

export const requestTable: Rows<RequestType> = {
  ...signInRows,
  ...messageRows,
  ...roomRows,
  ...peopleRows,
  ...accountRows,
};
