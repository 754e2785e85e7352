/** Requests about conversations: posting, changing, reading, files. */
import type { LogPosition } from '../../store/message-store.js';
import { catchUp } from '../chat/catch-up.js';
import { listFiles, markRead, readHistory, runSearch } from '../chat/queries.js';
import { answers, counted, does, type RequestRows } from './row.js';

type MessageRequest = 'sync' | 'say' | 'edit' | 'remove' | 'set-topic' | 'history' | 'search' | 'read';
type FileRequest = 'offer' | 'withdraw' | 'files' | 'fetch';

export const messageRows: RequestRows<MessageRequest | FileRequest> = {
  sync: does((app, member, request) => catchUp(member, request, app)),
  say: { needs: 'open', concurrent: true, run: ({ hub }, member, request) => hub.say(member, request) },
  edit: counted(answers(async ({ edits }, member, request) => receipt(await edits.edit(member, request)))),
  remove: counted(
    answers(async ({ edits }, member, request) => receipt(await edits.remove(member, request))),
  ),
  'set-topic': counted(
    answers(async ({ edits }, member, request) => {
      const logged = await edits.setTopic(member, request);
      return logged === undefined ? {} : receipt(logged);
    }),
  ),
  history: answers(readHistory),
  search: answers(runSearch),
  read: does(markRead),

  offer: answers(({ files }, { account }, request) => files.offer(account, request)),
  withdraw: does(({ files }, { account }, { key }) => files.withdraw(account, key)),
  files: answers(listFiles),
  fetch: answers(({ files }, { account }, { of }) => files.fetch(account, of)),
};

function receipt({ seq, at }: LogPosition): { seq: number; at: string } {
  return { seq, at: new Date(at).toISOString() };
}
