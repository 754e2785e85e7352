/** The parts that requests about conversations are built on, made and connected. Knows neither what is posted nor who asks. */
import type { ServerFrame } from '../../protocol/events.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { noPeers, type Peers } from '../peers.js';
import type { Rate } from '../rate-limiter.js';
import { createRush, type Rush } from '../rush.js';
import { type Activity, createActivity } from './activity.js';
import { type Announcements, createAnnouncements } from './announcements.js';
import { type AuditLog, createAuditLog } from './audit.js';
import { createElsewhere, type Elsewhere } from './elsewhere.js';
import { createLiveRooms, type LiveRooms } from './live-rooms.js';
import { type ConversationRef, createLookup, type Lookup } from './lookup.js';
import { createPermissions, type Permissions, type Policy } from './permissions.js';
import { createPostingRules, type PostingRules } from './posting-rules.js';
import { createPresence, type Presence } from './presence.js';
import { createReread, type Reread } from './reread.js';
import { createWatches, type Watches } from './watches.js';

/** A message that is stored. */
export interface PostedMessage {
  readonly author: Account;
  readonly conversation: ConversationRef;
  readonly text: string;
}

export interface ChatParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly permissions: Permissions;
  readonly audit: AuditLog;
  readonly rooms: LiveRooms;
  readonly presence: Presence;
  readonly peers: Peers;
  readonly elsewhere: Elsewhere;
  readonly announce: Announcements;
  readonly reread: Reread;
  readonly lookup: Lookup;
  readonly watches: Watches;
  readonly postingRules: PostingRules;
  readonly activity: Activity;
  /** Of those who come back. */
  readonly rush: Rush;
  /** Called when a message with a file was removed or a room ended: there may be files to clean up. */
  readonly onRemoved: () => void;
  /** Called with each new message that was posted on this server, when it is on its way. */
  readonly onPosted: (posted: PostedMessage) => void;
}

/** As LiveSettings. */
export interface LiveChatSettings extends Policy {
  /** Messages of one account. */
  readonly rate: Rate;
  /** Accounts that may be online at once; undefined for any number. */
  readonly maxClients: number | undefined;
}

export interface ChatOptions extends Pick<ChatParts, 'store' | 'clock' | 'onRemoved'> {
  readonly onPosted?: ChatParts['onPosted'];
  /** By default this server is the only one. */
  readonly peers?: Peers;
  readonly live: LiveChatSettings;
}

export async function openChatParts(options: ChatOptions): Promise<ChatParts> {
  const { store, clock, peers = noPeers, live, onRemoved, onPosted = () => {} } = options;
  const permissions = createPermissions(live);
  // Rooms send to the terminals that presence knows, and presence sends its notices to rooms.
  const rooms: LiveRooms = createLiveRooms(clock, (account) => presence.terminals(account));
  const notify = (notice: (room: string) => ServerFrame) => rooms.sendToEveryone(notice);
  const presence: Presence = createPresence(clock, notify, {
    live,
    onOnline: (account) => void watches.cameOnline(account),
    onCount: (signedIn, details) => elsewhere.tellCount(signedIn, details),
  });
  const elsewhere = createElsewhere({ peering: store.peering, peers, presence });
  const lookup = createLookup(store, clock, rooms);
  const watches = createWatches({ store, lookup, presence });
  rooms.sync(await store.rooms());
  await elsewhere.load();
  const postingRules = createPostingRules({ rooms, clock, permissions, live });
  const reread = createReread({ store, clock, rooms, presence });
  return {
    ...{ store, clock, permissions, rooms, presence, peers, elsewhere, lookup, watches, onRemoved, onPosted },
    ...{ reread, announce: createAnnouncements({ peers, rooms, presence, reread }) },
    audit: createAuditLog(store, clock),
    rush: createRush(clock),
    postingRules,
    activity: createActivity({ store, clock, rooms, lookup, postingRules, peers }),
  };
}
