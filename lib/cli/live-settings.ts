/** The settings that a reload can change, as the parts of a server read them. Knows settings, not where they are written. */
import { limits } from '../protocol/limits.js';
import type { Registration } from '../protocol/records.js';
import type { LiveSettings } from '../server/app.js';
import type { Retention } from '../server/files/cleanup.js';
import { parsePushHosts } from '../server/push/push-hosts.js';

/** Settings of a server that a reload can change. */
export interface ReloadableSettings {
  /** PEM file; without it the server makes and keeps its own. */
  readonly cert?: string;
  /** PEM file; defaults to the `-key.pem` beside `cert`, or the key inside it. */
  readonly key?: string;
  /** Text file with the message of the day. */
  readonly motd?: string;
  /** Default `invite`. */
  readonly registration?: Registration;
  /** Who may create rooms: `members` (default) or `admins`. */
  readonly rooms?: 'members' | 'admins';
  /** What is kept of the history. Default: all of it. */
  readonly keep?: Retention;
  /** Bytes of one file. Default 100 MiB. */
  readonly maxFile?: number;
  /** Bytes of all files of one account. Default 1 GiB, or ten times `maxFile` where that is more. */
  readonly quota?: number;
  /** People signed in at once; admins may exceed it. Default: any number. */
  readonly maxClients?: number;
  /** Messages a second that one person may send; twice as many at once. Default 5. */
  readonly rate?: number;
  /** Connections from one address. Default 128. */
  readonly perAddress?: number;
  /** Where push notifications may go, `HOST[:PORT]` or `http://HOST[:PORT]`; default: nowhere. */
  readonly pushHosts?: readonly string[];
}

/** @param motd the text. @throws RangeError for `pushHosts` that are none */
export function liveSettings(settings: ReloadableSettings, motd?: string): LiveSettings {
  const { maxFile = limits.fileBytes, rate: perSecond = limits.messagesPerSecond, pushHosts } = settings;
  const quota = Math.max(limits.filesPerAccountBytes, 10 * maxFile);
  const hosts = pushHosts === undefined ? undefined : parsePushHosts(pushHosts);
  if (pushHosts !== undefined && hosts === undefined) {
    throw new RangeError('pushHosts: give HOST[:PORT] or http://HOST[:PORT]');
  }
  return {
    motd,
    registration: settings.registration ?? 'invite',
    rooms: settings.rooms ?? 'members',
    retention: settings.keep ?? {},
    files: { file: maxFile, account: settings.quota ?? quota },
    maxClients: settings.maxClients,
    rate: {
      burst: Math.max(1, Math.round((perSecond * limits.messageBurst) / limits.messagesPerSecond)),
      perSecond,
    },
    perAddress: settings.perAddress ?? limits.connectionsPerAddress,
    pushHosts: hosts,
  };
}
