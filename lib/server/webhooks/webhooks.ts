/**
 * Webhooks: who makes and removes them, and what their secrets let others post. Each posts as a bot of its own, through the hub.
 * A webhook works as long as its maker could make it. Knows texts, not HTTP.
 */
import { randomUUID } from 'node:crypto';
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { WebhookInfo } from '../../protocol/records.js';
import type { RequestFields } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { MakeWebhookResult, Webhook } from '../../store/webhook-store.js';
import { nameRefused } from '../auth/accounts.js';
import type { AttemptLimits } from '../auth/attempt-limits.js';
import { hashToken, newToken } from '../auth/tokens.js';
import type { Hub } from '../chat/hub.js';
import type { LiveRoom } from '../chat/live-rooms.js';
import { noSuchRoom } from '../chat/lookup.js';
import type { Membership } from '../chat/membership.js';
import type { ChatParts } from '../chat/parts.js';
import { actorOf, notAllowed } from '../chat/permissions.js';

export interface Webhooks {
  /**
   * @returns the secret URL, of which only a hash is stored
   * @throws ProtocolError `not-allowed`, `no-such-room`, `not-a-member`, `limit-reached`, and for a name as `register`
   */
  make(account: Account, request: RequestFields<'make-webhook'>): Promise<string>;
  /** Those in the rooms where the account may make one. */
  list(account: Account): Promise<WebhookInfo[]>;
  /** @throws ProtocolError `no-such-name` */
  remove(account: Account, name: string): Promise<void>;
  /**
   * Resolves once the text is on disk. An unknown secret is counted as a wrong token.
   * @returns false for an unknown secret
   * @throws ProtocolError `too-many-attempts` in its place, and as `Hub.deliver`
   */
  post(secret: string, address: string, text: string): Promise<boolean>;
}

interface WebhooksDeps extends ChatParts {
  readonly hub: Pick<Hub, 'deliver'>;
  readonly membership: Pick<Membership, 'entered' | 'expel'>;
  readonly attempts: Pick<AttemptLimits, 'countWrongCode'>;
  /** The URL of a secret; undefined where this server takes no webhooks. */
  readonly webhookUrl: ((secret: string) => string) | undefined;
}

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { store, clock, rooms, hub, attempts } = deps;
  return {
    make: (account, request) => make(deps, account, request),

    async list(account) {
      const found = await store.webhooks(account.id, clock.now());
      return found.flatMap((webhook) => {
        const room = rooms.byId.get(webhook.room);
        return room !== undefined && leads(deps, account, room) ? [infoOf(deps, webhook, room)] : [];
      });
    },

    async remove(account, name) {
      const parsed = parseName(name);
      const found = await store.webhooks(account.id, clock.now());
      const webhook = found.find((each) => parsed.ok && each.account.name === parsed.name);
      const room = webhook && rooms.byId.get(webhook.room);
      if (webhook === undefined || room === undefined || !leads(deps, account, room)) {
        throw new ProtocolError(
          'no-such-name',
          'There is no webhook of that name in a room that you moderate.',
        );
      }
      await store.endWebhook(webhook.account.id);
      if (!room.lobby) await deps.membership.expel(webhook.account, room, { by: account.name });
      await deps.audit.record(account, { action: 'remove-webhook', on: webhook.account.name, room });
    },

    async post(secret, address, text) {
      const webhook = await store.webhook(hashToken(secret), clock.now());
      const room = webhook && rooms.byId.get(webhook.room);
      if (webhook === undefined || room === undefined || !works(deps, webhook, room)) {
        attempts.countWrongCode(address);
        return false;
      }
      await hub.deliver(webhook.account, { room: room.name, text, key: randomUUID() });
      return true;
    },
  };
}

async function make(
  deps: WebhooksDeps,
  account: Account,
  request: RequestFields<'make-webhook'>,
): Promise<string> {
  const { store, clock, lookup, webhookUrl } = deps;
  if (webhookUrl === undefined) {
    throw notAllowed('This server takes no webhooks. Its operator can turn them on with --webhooks.');
  }
  const { room } = lookup.membership(account, request.room);
  if (!leads(deps, account, room)) {
    throw notAllowed(`Only owners and moderators of #${room.name} can add webhooks.`);
  }
  const parsed = parseName(request.name);
  if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
  const { name, skeleton } = parsed;
  const secret = newToken();
  const made = await store.makeWebhook({
    ...{ name, skeleton, room: room.id, by: account.id, code: secret.hash, at: clock.now() },
    unlimited: account.role === 'admin',
  });
  await deps.membership.entered(botOf(made, name, room), room.id);
  await deps.audit.record(account, { action: 'add-webhook', on: name, room });
  return webhookUrl(secret.text);
}

/** @throws ProtocolError where none was made */
function botOf(made: MakeWebhookResult, name: string, room: LiveRoom): Account {
  switch (made.outcome) {
    case 'made':
      return made.account;
    case 'name-taken':
    case 'name-look-alike':
      throw nameRefused(name, made);
    case 'no-such-room':
      throw noSuchRoom();
    case 'too-many': {
      const message =
        made.of === 'room'
          ? `#${room.name} has ${limits.webhooksPerRoom} webhooks. Remove one first.`
          : `You have made ${limits.webhooksMade} webhooks. Ask an admin to make this one.`;
      throw new ProtocolError('limit-reached', message);
    }
    default:
      return made satisfies never;
  }
}

/** Whether an account may make webhooks in a room now. */
function leads({ rooms, permissions }: WebhooksDeps, account: Account, room: LiveRoom): boolean {
  const membership = rooms.membershipsOf(account.id).get(room.name);
  return membership?.room === room && permissions.allows(actorOf(account, membership), 'make-webhook');
}

/** Whether its maker, who need not be online, could make it now. */
function works({ permissions }: WebhooksDeps, { maker }: Webhook, room: LiveRoom): boolean {
  if (maker === undefined) return false;
  return permissions.allows(actorOf(maker, { role: maker.room, room }), 'make-webhook');
}

function infoOf(deps: WebhooksDeps, webhook: Webhook, room: LiveRoom): WebhookInfo {
  const { account, by } = webhook;
  const at = new Date(webhook.at).toISOString();
  return {
    name: account.name,
    room: room.name,
    by,
    at,
    ...(!works(deps, webhook, room) && { stopped: true }),
  };
}
