/** What typed lines ask for, as values. Knows neither how it is typed nor how it is done. */
import type { Restriction, Role, RoomRole } from '../../protocol/records.js';

export type Act =
  | Errand
  | PeopleErrand
  | Sight
  | Turn
  | TransferAct
  /** To whoever wrote to this person alone last. */
  | { readonly do: 'reply'; readonly text: string }
  | { readonly do: 'nothing' }
  | { readonly do: 'say'; readonly text: string; readonly action?: true }
  | { readonly do: 'tell'; readonly to: string; readonly text: string }
  | { readonly do: 'list' }
  /** About a command or a group of them, '' for all, `keys` for the keys of the screen. */
  | { readonly do: 'help'; readonly about: string }
  | { readonly do: 'quit'; readonly reason?: string }
  | ScreenAct
  /** Nothing is done and nothing is sent; `message` says why. */
  | { readonly do: 'error'; readonly message: string };

/** What is asked of the server; the answer is told in lines. Without `room`: where it was typed. */
export type Errand =
  | { readonly do: 'join'; readonly room: string; readonly private?: true }
  | { readonly do: 'leave'; readonly room?: string; readonly end?: true }
  | { readonly do: 'rooms' }
  /** Without `topic`: asks what it is; '' takes it away. */
  | { readonly do: 'topic'; readonly topic?: string }
  | { readonly do: 'invite'; readonly name: string; readonly room?: string }
  /** Without a name: asks who is. */
  | { readonly do: 'block'; readonly name?: string }
  | { readonly do: 'unblock'; readonly name: string }
  | { readonly do: 'search'; readonly terms: SearchTerms }
  /** The next page of the last search. */
  | { readonly do: 'search-more' }
  /** The last own message, here. */
  | { readonly do: 'edit'; readonly text: string }
  /** The last own message here; the last one of somebody here; the message of a seq. */
  | { readonly do: 'delete'; readonly which?: string | number }
  | { readonly do: 'files' };

/** What is done to others or to one's own account; the answer is told in lines. */
export type PeopleErrand =
  /** Out of the room where it was typed; in the lobby, off the server. */
  | { readonly do: 'kick'; readonly name: string; readonly reason?: string }
  /** Without `ms`, for good. */
  | {
      readonly do: 'ban';
      readonly name?: string;
      readonly address?: string;
      readonly ms?: number;
      readonly reason?: string;
    }
  | { readonly do: 'unban'; readonly name?: string; readonly address?: string }
  | { readonly do: 'bans' }
  | { readonly do: 'mute'; readonly name: string; readonly ms?: number; readonly reason?: string }
  | { readonly do: 'unmute'; readonly name: string }
  /** What the word means on the server and in a room; which of them it is, the place says. */
  | {
      readonly do: 'role';
      readonly name: string;
      readonly onServer?: Role;
      readonly inRoom?: RoomRole;
      readonly room?: string;
    }
  | {
      readonly do: 'rules';
      readonly room?: string;
      readonly restrict?: readonly Restriction[];
      readonly slow?: number;
      readonly locked?: boolean;
    }
  | { readonly do: 'audit'; readonly before?: number }
  | { readonly do: 'whois'; readonly name: string }
  | { readonly do: 'invite-link'; readonly uses?: number; readonly ms?: number; readonly role?: Role }
  /** The link of a chat that is hosted here; elsewhere a new one. */
  | { readonly do: 'link' }
  | { readonly do: 'invites' }
  | { readonly do: 'uninvite'; readonly invite: number }
  | { readonly do: 'reset'; readonly name: string }
  | { readonly do: 'away'; readonly text: string }
  | { readonly do: 'back' }
  | { readonly do: 'passwd' }
  | { readonly do: 'sessions' }
  | { readonly do: 'logout'; readonly session?: number; readonly all?: true }
  | { readonly do: 'recovery' }
  | { readonly do: 'factor'; readonly on: boolean };

/** What /search was given; times in milliseconds since the epoch. */
export interface SearchTerms {
  readonly words: string;
  readonly room?: string;
  readonly with?: string;
  readonly from?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Shows something that was said before; each way of showing does it its own way. */
export type Sight =
  | { readonly do: 'history'; readonly last: number }
  /** Milliseconds since the epoch. */
  | { readonly do: 'history'; readonly since: number }
  /** The message of a seq, in its place. */
  | { readonly do: 'jump'; readonly seq: number };

export type TransferAct =
  /** Without `to`: to where it was typed. */
  | {
      readonly do: 'send';
      readonly path: string;
      readonly to?: { readonly room: string } | { readonly to: string };
    }
  /** The file that the message of a seq announces. */
  | { readonly do: 'get'; readonly seq: number; readonly path?: string }
  /** Without a number: the latest. */
  | { readonly do: 'cancel'; readonly transfer?: number }
  | { readonly do: 'transfers' };

/** Goes to another conversation: what is typed from then on is said there. */
export type Turn =
  /** What is between two people alone; says something there where there is a text. */
  | { readonly do: 'query'; readonly name: string; readonly text: string }
  /** By its number on the screen, or by its name. */
  | { readonly do: 'window'; readonly which: number | string };

/** What only makes sense on the full screen. */
export type ScreenAct =
  /** Puts the last own message into the input. */
  | { readonly do: 'edit-last' }
  | { readonly do: 'close' | 'clear' | 'compose' | 'retry' }
  | { readonly do: 'save'; readonly path: string }
  /** Without `what`: asks how it is. */
  | { readonly do: 'notify'; readonly what?: 'off' | 'mention' | 'all' }
  /** Without a name: asks who is. */
  | { readonly do: 'ignore'; readonly name?: string }
  | { readonly do: 'unignore'; readonly name: string };

/** Where what is typed is said. */
export type Place = { readonly room: string } | { readonly to: string };

export function isPeopleErrand(act: { readonly do: string }): act is PeopleErrand {
  return peopleErrands.has(act.do);
}

const peopleErrands: ReadonlySet<string> = new Set<PeopleErrand['do']>([
  ...(['kick', 'ban', 'unban', 'bans', 'mute', 'unmute', 'role', 'rules', 'audit', 'whois'] as const),
  ...(['link', 'invite-link', 'invites', 'uninvite', 'reset'] as const),
  ...(['away', 'back', 'passwd', 'sessions', 'logout', 'recovery', 'factor'] as const),
]);
