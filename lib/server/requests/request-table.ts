/** The request table: one row per request, and how a frame is answered by its row. Knows no sockets. */
import { ProtocolError } from '../../protocol/errors.js';
import type { RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import { reasonText } from '../../protocol/message-text.js';
import { parseRequest, type Request, type RequestType, requestId } from '../../protocol/requests.js';
import type { App } from '../app.js';
import { catchUp } from '../chat/catch-up.js';
import {
  editMessage,
  pinMessage,
  reactToMessage,
  removeMessage,
  setTopic,
  unpinMessage,
} from '../chat/changes.js';
import { actorOf, notAllowed } from '../chat/permissions.js';
import type { Member } from '../chat/presence.js';
import {
  listConversations,
  listFiles,
  listPeople,
  listPins,
  listRooms,
  markRead,
  readHistory,
  readWhois,
  runSearch,
} from '../chat/queries.js';
import type { Log } from '../log.js';
import { refusalOf } from '../refusal.js';
import {
  type Answer,
  answers,
  type Caller,
  counted,
  does,
  type RequestRow,
  type RequestRows,
} from './row.js';
import { signInRows } from './sign-in.js';

const requestTable: RequestRows<RequestType> = {
  ...signInRows,

  // Conversations and files.
  sync: does((app, member, request) => catchUp(member, request, app)),
  say: { needs: 'open', concurrent: true, run: ({ hub }, member, request) => hub.say(member, request) },
  edit: counted(answers(editMessage)),
  remove: counted(answers(removeMessage)),
  'set-topic': counted(answers(setTopic)),
  react: counted(answers(reactToMessage)),
  pin: counted(answers(pinMessage)),
  unpin: counted(answers(unpinMessage)),
  pins: answers(listPins),
  history: answers(readHistory),
  search: answers(runSearch),
  read: does(markRead),
  share: does(({ activity }, member, sharing) => activity.share(member, sharing)),
  typing: does(({ activity }, member, { room, with: peer }) => activity.typing(member, { room, peer })),

  offer: answers(({ files }, { account }, request) => files.offer(account, request)),
  withdraw: does(({ files }, { account }, { key }) => files.withdraw(account, key)),
  files: answers(listFiles),
  fetch: answers(({ files }, { account }, { of }) => files.fetch(account, of)),

  // Rooms and who is in them.
  conversations: answers(listConversations),
  rooms: answers(async (app, member) => ({ rooms: await listRooms(app, member) })),
  join: counted(does(({ membership }, member, request) => membership.join(member, request))),
  leave: counted(does(({ membership }, member, request) => membership.leave(member, request))),
  'set-rules': counted(does(({ moderation }, { account }, request) => moderation.setRules(account, request))),
  invite: does(({ membership }, member, request) => membership.invite(member, request)),
  appoint: counted(does(({ membership }, member, request) => membership.appoint(member, request))),
  who: answers(listPeople),

  // People and moderation.
  whois: answers(async (app, member, { name }) => ({ whois: await readWhois(app, member, name) })),
  away: counted(does(async (app, member, { text }) => setAway(app, member, reasonText(text)))),
  back: counted(does(async (app, member) => setAway(app, member, undefined))),
  watch: does(({ watches }, member, { name }) => watches.watch(member, name)),
  unwatch: does(({ watches }, member, { name }) => watches.unwatch(member, name)),
  block: does(async ({ store, lookup, activity }, { account }, { name }) => {
    const other = await lookup.person(account, name);
    if (other.id === account.id) throw notAllowed("You can't block yourself.");
    if (await store.block(account.id, other.id)) return activity.blockChanged(account, other.name, true);
    throw new ProtocolError('limit-reached', `You can block ${limits.blocks} people. Unblock one first.`);
  }),
  unblock: does(async ({ store, lookup, activity }, { account }, { name }) => {
    const other = await lookup.person(account, name);
    await store.unblock(account.id, other.id);
    activity.blockChanged(account, other.name, false);
  }),
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

  'make-webhook': counted(
    answers(async ({ webhooks }, { account }, request) => ({ url: await webhooks.make(account, request) })),
  ),
  webhooks: answers(async ({ webhooks }, { account }) => ({
    webhooks: (await webhooks.list(account)).slice(0, limits.listed),
  })),
  'remove-webhook': counted(does(({ webhooks }, { account }, { name }) => webhooks.remove(account, name))),

  // One's own account, and links for others.
  'set-password': does(({ ownAccount }, member, request) => ownAccount.setPassword(member, request)),
  sessions: answers(async ({ ownAccount }, member) => ({ sessions: await ownAccount.sessions(member) })),
  logout: does(({ ownAccount }, member, request) => ownAccount.logout(member, request)),
  'set-remember': does(({ sessions }, member, { remember }) => sessions.setRemember(member, remember)),
  'make-recovery': answers(async ({ ownAccount }, member, { password }) => ({
    recovery: await ownAccount.makeRecovery(member, password),
  })),
  'begin-factor': answers(({ ownAccount }, member, { password }) => ownAccount.beginFactor(member, password)),
  'confirm-factor': does(({ ownAccount }, member, { otp }) => ownAccount.confirmFactor(member, otp)),
  'end-factor': does(({ ownAccount }, member, { password }) => ownAccount.endFactor(member, password)),

  'set-push': does(({ push }, { account }, request) => push.set(account, request)),
  push: answers(async ({ push }, { account }) => {
    const found = await push.get(account);
    return found === undefined ? {} : { push: found };
  }),

  'make-invite': counted(
    answers(async ({ invites }, { account }, request) => invites.make(account, request)),
  ),
  invites: answers(async ({ invites }, { account }) => ({
    invites: (await invites.list(account)).slice(0, limits.listed),
  })),
  uninvite: does(({ invites }, { account }, { invite }) => invites.remove(account, invite)),
  'make-reset': counted(answers(async ({ invites }, { account }, { name }) => invites.reset(account, name))),
};

function setAway(
  { postingRules, presence, elsewhere }: App,
  { account }: Member,
  text: string | undefined,
): void {
  postingRules.checkNotice(account, text ?? '');
  presence.setAway(account.id, text);
  elsewhere.tellAway(account.id, text);
}

/** Answers one request. @returns a promise if the next request has to wait for this one */
export function answerFrame(
  frame: RawFrame,
  caller: Caller,
  deps: { readonly app: App; readonly log: Log },
): Promise<void> | undefined {
  const re = requestId(frame);
  try {
    const request = parseRequest(frame);
    if (re === 0) throw new ProtocolError('bad-request', 'A request needs an id.');
    const row = requestTable[request.type] as RequestRow<RequestType>;
    const answer = run(row, request, caller, deps.app);
    if (!(answer instanceof Promise)) {
      grant(caller, re, answer);
      return undefined;
    }
    const answered = answer.then(
      (fields) => grant(caller, re, fields),
      (error: unknown) => refuse(caller, re, error, deps),
    );
    return row.needs === 'open' && row.concurrent === true ? undefined : answered;
  } catch (error) {
    refuse(caller, re, error, deps);
    return undefined;
  }
}

function run(row: RequestRow<RequestType>, request: Request, caller: Caller, app: App) {
  switch (row.needs) {
    case 'nothing':
      return row.run(caller, request as never);
    case 'outside':
      checkOutside(caller);
      return row.run(app, caller, request as never);
    case 'greeting':
      checkOutside(caller);
      caller.beginSignIn();
      return row.run(app, caller, request as never);
    case 'open':
      if (caller.phase !== 'open' || caller.member === undefined) {
        throw new ProtocolError('not-signed-in', 'Sign in first.');
      }
      return row.run(app, caller.member, request as never);
    default:
      return row satisfies never;
  }
}

function checkOutside({ phase }: Caller): void {
  if (phase !== 'greeting') throw new ProtocolError('already-signed-in', 'You are already signed in.');
}

function grant(caller: Caller, re: number, fields: Answer): void {
  if (fields !== undefined) caller.reply({ type: 'ok', re, ...fields });
  caller.granted();
}

function refuse(
  caller: Caller,
  re: number,
  error: unknown,
  { app, log }: { readonly app: App; readonly log: Log },
): void {
  if (!(error instanceof ProtocolError)) {
    const logged = app.notices.examine(error);
    if (!logged) log.error('request failed', error, { name: caller.member?.account.name });
  }
  const { code, message, retryAfter } = refusalOf(error);
  caller.reply({ type: 'error', re, code, message, ...(retryAfter !== undefined && { retryAfter }) });
  caller.refused(code, message);
}
