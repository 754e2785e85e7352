/** Everything that requests may act on, put together. Decides nothing that its parts decide. */
import type { Registration } from '../protocol/records.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import { type Accounts, createAccounts } from './accounts.js';
import { createAddressBans } from './address-bans.js';
import { createRights } from './agent.js';
import { type Bans, createBans } from './bans.js';
import type { Policy } from './can.js';
import type { Clock } from './clock.js';
import type { Doorway } from './doorway.js';
import { type Clearing, createClearing, type Retention } from './files/clearing.js';
import type { FileDesk, FileLimits } from './files/desk.js';
import { createFiles, type Files } from './files/files.js';
import type { Hasher } from './hasher.js';
import { type Hub, openHub } from './hub.js';
import { createInvites, type Invites } from './invites.js';
import type { Log } from './log.js';
import { createModeration, type Moderation } from './moderation.js';
import { createOwnAccount, type OwnAccount } from './own-account.js';
import { createSecondFactor } from './second-factor.js';
import { createSessions, type Sessions } from './sessions.js';
import { createSignInGuard } from './sign-in-guard.js';
import type { Rate } from './throttle.js';

export interface Desk {
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
  readonly files: FileDesk;
}

export interface DeskOptions {
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

export interface DeskDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly log: Log;
  readonly doorway: Doorway;
}

export interface OpenDesk {
  readonly desk: Desk;
  readonly files: Files;
  readonly clearing: Clearing;
}

export async function openDesk(options: DeskOptions, deps: DeskDeps): Promise<OpenDesk> {
  const { store, clock } = deps;
  const { name, registration, rate, links } = options;
  const policy: Policy = { rooms: options.rooms };
  const factor = createSecondFactor(store, clock, name);
  const guard = createSignInGuard(clock);
  const accounts = createAccounts({ ...deps, guard, factor, registration });
  const sessions = createSessions({ store, guard, clock });
  const clearing = createClearing({ ...deps, retention: options.retention });
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
