/** One's own account, and the links that let others make or regain theirs. */
import { limits } from '../../protocol/limits.js';
import { answers, counted, does, type Rows } from './row.js';

type Own =
  | 'set-password'
  | 'sessions'
  | 'logout'
  | 'make-recovery'
  | 'begin-factor'
  | 'confirm-factor'
  | 'end-factor';
type Links = 'make-invite' | 'invites' | 'uninvite' | 'make-reset';

export const accountRows: Rows<Own | Links> = {
  'set-password': does(({ own }, member, request) => own.setPassword(member, request)),
  sessions: answers(async ({ own }, member) => ({ sessions: await own.sessions(member) })),
  logout: does(({ own }, member, request) => own.logout(member, request)),
  'make-recovery': answers(async ({ own }, member, { password }) => ({
    recovery: await own.makeRecovery(member, password),
  })),
  'begin-factor': answers(({ own }, member, { password }) => own.beginFactor(member, password)),
  'confirm-factor': does(({ own }, member, { otp }) => own.confirmFactor(member, otp)),
  'end-factor': does(({ own }, member, { password }) => own.endFactor(member, password)),

  'make-invite': counted(
    answers(async ({ invites }, { account }, request) => invites.make(account, request)),
  ),
  invites: answers(async ({ invites }, { account }) => ({
    invites: (await invites.list(account)).slice(0, limits.listed),
  })),
  uninvite: does(({ invites }, { account }, { invite }) => invites.remove(account, invite)),
  'make-reset': counted(answers(async ({ invites }, { account }, { name }) => invites.reset(account, name))),
};
