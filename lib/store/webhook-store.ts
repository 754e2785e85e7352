/** The part of a Store that keeps webhooks: each is a bot that posts in one room what comes to a secret URL. */
import type { Role, RoomRole } from '../protocol/records.js';
import type { Account, NameConflict } from './account-store.js';

export interface NewWebhook {
  readonly name: string;
  /** The name's form for comparing look-alikes. */
  readonly skeleton: string;
  readonly room: number;
  /** The account that makes it. */
  readonly by: number;
  /** SHA-256 of its secret. */
  readonly code: Uint8Array;
  readonly at: number;
  /** `limits.webhooksMade` does not hold. */
  readonly unlimited?: boolean;
}

export type MakeWebhookResult =
  | { readonly outcome: 'made'; readonly account: Account }
  | NameConflict
  | { readonly outcome: 'no-such-room' }
  /** `limits.webhooksPerRoom` or `webhooksMade`. */
  | { readonly outcome: 'too-many'; readonly of: 'room' | 'account' };

export interface Webhook {
  /** The bot that it posts as, a member of the room. */
  readonly account: Account;
  readonly room: number;
  /** Who made it. */
  readonly by: string;
  readonly at: number;
  /** The maker's roles now; undefined if the maker left the room, was removed or banned, or if the bot was. */
  readonly maker?: { readonly role: Role; readonly room: RoomRole };
}

/** Part of a Store; see store.ts for what all of it promises. */
export interface WebhookStore {
  /**
   * Creates the bot and puts it into the room. The name of a webhook that has ended can be used again, in the same room only:
   * its messages stand there.
   */
  makeWebhook(webhook: NewWebhook): Promise<MakeWebhookResult>;
  /** The one with this secret. */
  webhook(code: Uint8Array, at: number): Promise<Webhook | undefined>;
  /** Those in the rooms of an account, by name. */
  webhooks(account: number, at: number): Promise<readonly Webhook[]>;
  /** Its bot stays in the room. @returns false where there is none */
  endWebhook(account: number): Promise<boolean>;
}
