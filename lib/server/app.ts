/** The application: the parts that requests may use, built and connected here. Decides nothing that its parts decide. */
import type { Registration } from '../protocol/records.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../system/clock.js';
import { type Accounts, createAccounts } from './auth/accounts.js';
import { createAttemptLimits } from './auth/attempt-limits.js';
import { createHashQueue } from './auth/hash-queue.js';
import type { Hasher } from './auth/hasher.js';
import { createInvites, type Invites } from './auth/invites.js';
import { createOwnAccount, type OwnAccount } from './auth/own-account.js';
import { createSecondFactor } from './auth/second-factor.js';
import { createSessionTokens, type SessionTokens } from './auth/sessions.js';
import { createHub, type Hub } from './chat/hub.js';
import { createMembership, type Membership } from './chat/membership.js';
import { type ChatOptions, type ChatParts, type LiveChatSettings, openChatParts } from './chat/parts.js';
import { type Cleanup, createCleanup, type Retention } from './files/cleanup.js';
import { createFiles, type FileRequests, type Files } from './files/files.js';
import type { FileLimits } from './files/offers.js';
import type { Timekeeping } from './files/trusted-time.js';
import type { Log } from './log.js';
import { type Bans, openBans } from './moderation/bans.js';
import { createModeration, type Moderation } from './moderation/moderation.js';
import type { ConnectionLimits } from './net/connection-limits.js';
import { createNotices, type Notices } from './notices.js';
import { createPeers } from './peers.js';
import { openPush, type Push } from './push/push.js';
import type { PushHosts } from './push/push-hosts.js';
import { createWebhooks, type Webhooks } from './webhooks/webhooks.js';

/** The chat itself, without accounts and files. */
export interface Chat extends ChatParts {
  readonly membership: Membership;
  readonly hub: Hub;
}

export interface App extends Chat {
  readonly accounts: Accounts;
  readonly sessions: SessionTokens;
  readonly ownAccount: OwnAccount;
  readonly invites: Invites;
  readonly bans: Bans;
  readonly moderation: Moderation;
  readonly files: FileRequests;
  readonly webhooks: Webhooks;
  readonly push: Push;
  /** The message of the day. */
  readonly motd: () => string | undefined;
  readonly notices: Notices;
}

/** What may change while the server runs: parts keep this object, not a copy, and read it whenever they need it. */
export interface LiveSettings extends LiveChatSettings {
  readonly registration: Registration;
  /** Connections of one address. */
  readonly perAddress: number;
  /** Where push notifications may go; undefined for nowhere. */
  readonly pushHosts: PushHosts | undefined;
  readonly files: FileLimits;
  readonly retention: Retention;
  /** The message of the day. */
  readonly motd: string | undefined;
}

export interface AppOptions {
  readonly live: LiveSettings;
  /** The server's name for people; printable text. */
  readonly name: string;
  /** The server's links with this code, the best first. */
  readonly links: (code: string) => string[];
  /** The URL of a webhook's secret; default: no webhooks. */
  readonly webhookUrl?: (secret: string) => string;
  /** What is known to be wrong with the data: told to admins, and no file is deleted as unused. */
  readonly notices?: readonly string[];
  /** Default: a clock that jumps while the server is not running is not noticed. */
  readonly timekeeping?: Timekeeping;
  /** Follows what other servers of the chat do; default: it does something once, and ends. */
  readonly serves?: boolean;
}

export interface AppDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectionLimits: ConnectionLimits;
}

interface OpenApp {
  readonly app: App;
  readonly files: Files;
  readonly cleanup: Cleanup;
}

export async function openApp(options: AppOptions, deps: AppDeps): Promise<OpenApp> {
  const { store, clock } = deps;
  const notices = createNotices(deps, options.notices);
  const { live, timekeeping, serves = false } = options;
  const peers = createPeers(store.peering, deps);
  if (serves) await peers.join();
  const forgetRecent = peers.everywhere('pruned', () => chat.rooms.forgetRecent());
  const onPruned = () => forgetRecent({});
  const cleanup = createCleanup({ ...deps, live, timekeeping, notices, onPruned });
  const chat = await openChat({
    ...{ ...deps, live, peers, onRemoved: cleanup.soon },
    onPosted: (message) => push.posted(message),
  });
  const push = await openPush({ ...deps, ...chat, live, notices, name: options.name });
  const files = createFiles({ ...deps, ...chat, live, cleanup });

  const attempts = createAttemptLimits(clock, peers);
  const { name } = options;
  const secondFactor = createSecondFactor({ store, clock, peers }, name);
  const hashQueue = createHashQueue({ ...attempts, clock, atOnce: deps.hasher.atOnce });
  const accounts = createAccounts({ ...deps, attempts, hashQueue, secondFactor, live, name });
  const endTransfers = files.revoke;
  const revoke = peers.everywhere('files-revoked', (news: { account: number }) => endTransfers(news.account));
  const revokeFiles = (account: number) => revoke({ account });

  const app: App = {
    ...chat,
    accounts,
    sessions: createSessionTokens({ store, attempts, clock }),
    ownAccount: createOwnAccount({ ...chat, accounts, secondFactor, revokeFiles }),
    invites: createInvites({ ...chat, links: options.links }),
    bans: await openBans({ ...chat, revokeFiles, endTransfers }),
    moderation: createModeration({ ...chat, revokeFiles }),
    files: files.requests,
    webhooks: createWebhooks({ ...chat, attempts, webhookUrl: options.webhookUrl }),
    push,
    motd: () => live.motd,
    notices,
  };
  return { app, files, cleanup };
}

export async function openChat(options: ChatOptions): Promise<Chat> {
  const parts = await openChatParts(options);
  const membership = createMembership(parts);
  return { ...parts, membership, hub: createHub(parts) };
}
