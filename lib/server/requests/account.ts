/** Requests about one's own account, and links for others to register or reset their password. */
import { limits } from '../../protocol/limits.js';
import { answers, counted, does, type RequestRows } from './row.js';

type OwnAccountRequest =
  | 'set-password'
  | 'sessions'
  | 'logout'
  | 'make-recovery'
  | 'begin-factor'
  | 'confirm-factor'
  | 'end-factor';
type LinkRequest = 'make-invite' | 'invites' | 'uninvite' | 'make-reset';

export const accountRows: RequestRows<OwnAccountRequest | LinkRequest> = {
  'set-password': does(({ ownAccount }, member, request) => ownAccount.setPassword(member, request)),
  sessions: answers(async ({ ownAccount }, member) => ({ sessions: await ownAccount.sessions(member) })),
  logout: does(({ ownAccount }, member, request) => ownAccount.logout(member, request)),
  'make-recovery': answers(async ({ ownAccount }, member, { password }) => ({
    recovery: await ownAccount.makeRecovery(member, password),
  })),
  'begin-factor': answers(({ ownAccount }, member, { password }) => ownAccount.beginFactor(member, password)),
  'confirm-factor': does(({ ownAccount }, member, { otp }) => ownAccount.confirmFactor(member, otp)),
  'end-factor': does(({ ownAccount }, member, { password }) => ownAccount.endFactor(member, password)),

  'make-invite': counted(
    answers(async ({ invites }, { account }, request) => invites.make(account, request)),
  ),
  invites: answers(async ({ invites }, { account }) => ({
    invites: (await invites.list(account)).slice(0, limits.listed),
  })),
  uninvite: does(({ invites }, { account }, { invite }) => invites.remove(account, invite)),
  'make-reset': counted(answers(async ({ invites }, { account }, { name }) => invites.reset(account, name))),
};
