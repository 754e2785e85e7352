/** Lists about people as lines: bans, invites, sessions, the audit log, who somebody is. Knows words, no screen. */

import { printable } from '../../protocol/printable.js';
import type { AuditEntry, Ban, InviteInfo, SessionInfo, Whois } from '../../protocol/records.js';
import { columns } from './listing.js';
import type { LocalTime } from './local-time.js';

function when(at: string, time: LocalTime): string {
  return `${time.date(at)} ${time.minute(at)}`;
}

function ofReason(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

export function banLines(bans: readonly Ban[], time: LocalTime): string[] {
  if (bans.length === 0) return ['Nobody is banned.'];
  const who = columns(bans.map(({ name, address }) => printable(name ?? address ?? '')));
  return bans.map(({ by, at, until, reason }, index) => {
    const end = until === undefined ? 'for good' : `until ${when(until, time)}`;
    return `${who[index]}  ${end}, by ${printable(by)} on ${when(at, time)}${ofReason(reason)}`;
  });
}

export function inviteLines(invites: readonly InviteInfo[], time: LocalTime): string[] {
  if (invites.length === 0) return ['No join link is good any more. /invite-link makes one.'];
  const lines = invites.map(({ id, by, role, uses, expires }) => {
    const times = uses === 1 ? 'once' : `${uses} times`;
    return `${id}  ${role}, ${times}, until ${when(expires, time)}, by ${printable(by ?? 'the operator')}`;
  });
  return [...lines, '/uninvite NUMBER ends one.'];
}

export function sessionLines(sessions: readonly SessionInfo[], time: LocalTime): string[] {
  const lines = sessions.map(({ id, at, used, address, bot, current }) => {
    const what = [current ? 'this one' : '', bot ? 'a token' : ''].filter((word) => word !== '').join(', ');
    const from = address === undefined ? '' : ` from ${printable(address)}`;
    return `${id}  since ${when(at, time)}, used ${when(used, time)}${from}${what === '' ? '' : ` (${what})`}`;
  });
  return [...lines, '/logout NUMBER ends one, /logout all ends them all.'];
}

/** The newest last, as people read; a full page says how to go on. */
export function auditLines(entries: readonly AuditEntry[], time: LocalTime, page: number): string[] {
  if (entries.length === 0) return ['Nothing was done.'];
  const lines = entries.toReversed().map(({ at, by, action, on, room, detail, reason }) => {
    const where = room === undefined ? '' : ` in #${printable(room)}`;
    const more = detail === undefined ? '' : ` (${printable(detail)})`;
    const whom = on === undefined || on === by ? '' : ` ${printable(on)}`;
    return `${when(at, time)}  ${printable(by)} ${printable(action)}${whom}${where}${more}${ofReason(reason)}`;
  });
  if (entries.length === page) lines.push(`/audit ${entries.at(-1)?.id} shows what was before.`);
  return lines;
}

export function whoisLines(who: Whois, time: LocalTime): string[] {
  const { name, role, since, terminals, away, rooms, addresses, mutedUntil } = who;
  const here = terminals === 0 ? 'not here' : terminals === 1 ? 'here' : `here on ${terminals} terminals`;
  const absent = away === undefined ? '' : `, away${away === '' ? '' : `: ${printable(away)}`}`;
  const muted = mutedUntil === '' ? 'for good' : `until ${when(mutedUntil ?? '', time)}`;
  return [
    `${printable(name)}: ${role} since ${time.date(since)}, ${here}${absent}`,
    `  rooms you share: ${rooms.map((room) => `#${printable(room)}`).join(', ') || 'none'}`,
    ...(addresses === undefined
      ? []
      : [`  addresses: ${addresses.map((each) => printable(each)).join(', ') || 'none known'}`]),
    ...(mutedUntil === undefined ? [] : [`  muted ${muted}`]),
  ];
}
