/** What is said, changed, read and sent in conversations. */
import type { Logged } from '../../store/message-store.js';
import { catchUp } from '../chat/catch-up.js';
import { listFiles, readHistory, runSearch } from '../chat/queries.js';
import { answers, counted, does, type Rows } from './row.js';

type Talk = 'sync' | 'say' | 'edit' | 'remove' | 'set-topic' | 'history' | 'search' | 'read';
type Files = 'offer' | 'withdraw' | 'files' | 'fetch';

export const messageRows: Rows<Talk | Files> = {
  sync: does(({ store, hub }, member, request) => catchUp(member, request, { store, hub })),
  say: { needs: 'open', together: true, run: ({ hub }, member, request) => hub.say(member, request) },
  edit: counted(
    answers(async ({ hub }, member, request) => receipt(await hub.changes.edit(member, request))),
  ),
  remove: counted(
    answers(async ({ hub }, member, request) => receipt(await hub.changes.remove(member, request))),
  ),
  history: answers(readHistory),
  search: answers(runSearch),
  'set-topic': counted(
    answers(async ({ hub }, member, request) => {
      const logged = await hub.changes.setTopic(member, request);
      return logged === undefined ? {} : receipt(logged);
    }),
  ),
  read: does(async ({ hub }, member, { room, with: peer, seq }) =>
    hub.read(member, await hub.places.find(member.account, { room, peer }), seq),
  ),

  offer: answers(({ files }, { account }, request) => files.offer(account, request)),
  withdraw: does(({ files }, { account }, { key }) => files.withdraw(account, key)),
  files: answers(listFiles),
  fetch: answers(({ files }, { account }, { of }) => files.fetch(account, of)),
};

function receipt({ seq, at }: Logged): { seq: number; at: string } {
  return { seq, at: new Date(at).toISOString() };
}
