/** Everything that requests may act on, put together. Decides nothing that its parts decide. */
import type { Registration } from '../protocol/records.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../system/clock.js';
import { type Accounts, createAccounts } from './auth/accounts.js';
import { createAttemptLimits } from './auth/attempt-limits.js';
import type { Hasher } from './auth/hasher.js';
import { createInvites, type Invites } from './auth/invites.js';
import { createOwnAccount, type OwnAccount } from './auth/own-account.js';
import { createSecondFactor } from './auth/second-factor.js';
import { createSessions, type Sessions } from './auth/sessions.js';
import { createRights } from './chat/actor.js';
import { type Hub, openHub } from './chat/hub.js';
import type { Policy } from './chat/permissions.js';
import { type Cleanup, createCleanup, type Retention } from './files/cleanup.js';
import type { FileLimits, FileRequests } from './files/file-requests.js';
import { createFiles, type Files } from './files/files.js';
import type { Log } from './log.js';
import { type Bans, createAddressBans, createBans } from './moderation/bans.js';
import { createModeration, type Moderation } from './moderation/moderation.js';
import type { ConnectionLimits } from './net/connection-limits.js';
import type { Rate } from './rate-limiter.js';

export interface App {
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  /** What the operator says to everybody who comes. */
  readonly motd: () => string | undefined;
  readonly own: OwnAccount;
  readonly invites: Invites;
  readonly bans: Bans;
  readonly moderation: Moderation;
  readonly hub: Hub;
  readonly files: FileRequests;
}

export interface AppOptions {
  /** What people see the server called; printable text. */
  readonly name: string;
  readonly registration: Registration;
  /** Messages of one person. */
  readonly rate: Rate;
  /** Who may make rooms. */
  readonly rooms: Policy['rooms'];
  /** Where others reach it, with a code, the best first. */
  readonly links: (code: string) => string[];
  readonly files: FileLimits;
  readonly retention: Retention;
  /** Names that are here at once; without it, any number. */
  readonly maxClients?: number;
  /** What is said to everybody who comes; changes while the server runs. */
  readonly motd?: () => string | undefined;
}

export interface AppDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly log: Log;
  readonly doorway: ConnectionLimits;
}

export interface OpenApp {
  readonly desk: App;
  readonly files: Files;
  readonly clearing: Cleanup;
}

export async function openApp(options: AppOptions, deps: AppDeps): Promise<OpenApp> {
  const { store, clock } = deps;
  const { name, registration, rate, links } = options;
  const policy: Policy = { rooms: options.rooms };
  const factor = createSecondFactor(store, clock, name);
  const guard = createAttemptLimits(clock);
  const accounts = createAccounts({ ...deps, guard, factor, registration });
  const sessions = createSessions({ store, guard, clock });
  const clearing = createCleanup({ ...deps, retention: options.retention });
  const { maxClients: most, motd = () => undefined } = options;
  const limit = most === undefined ? {} : { most };
  const hub = await openHub({ store, clock, rate, policy, ...limit, onRemoved: clearing.soon });
  const files = createFiles({ ...deps, hub, clearing, limits: options.files });
  const addresses = createAddressBans(clock);
  for (const ban of await store.bans(clock.now())) addresses.add(ban);
  const revokeFiles = files.revoke;
  const { presence, places } = hub;
  const own = createOwnAccount({ store, clock, accounts, factor, presence, revokeFiles });
  const rights = createRights({ store, clock, policy });
  const invites = createInvites({ store, clock, rights, accounts, places, links });
  const bans = createBans({ store, clock, policy, rights, hub, addresses, revokeFiles });
  const moderation = createModeration({ store, clock, rights, hub, revokeFiles });
  const desk = {
    store,
    clock,
    policy,
    accounts,
    sessions,
    own,
    invites,
    hub,
    bans,
    moderation,
    motd,
    files: files.desk,
  };
  return { desk, files, clearing };
}
