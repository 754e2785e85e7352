/** What a transfer needs to do its work. Knows requests, not which way bytes go. */
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Clock } from '../../system/clock.js';
import { unlessAborted } from '../../system/unless-aborted.js';
import type { Asked, Session } from '../session/session.js';
import { ConnectionLost } from '../wire/errors.js';
import type { Gate } from './persist.js';
import type { Transfer } from './transfer.js';
import { Interruption, Refusal, refusal } from './trouble.js';

export interface Errand {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'hello'>;
  readonly clock: Clock;
  readonly gate: Gate;
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
  readonly update: (change: Partial<Omit<Transfer, 'id' | 'direction'>>) => void;
}

/** @throws Refusal, Interruption, the signal's reason */
export async function grant({ session, signal }: Errand, request: Asked): Promise<ServerFrameOf<'ok'>> {
  const reply = await unlessAborted(session.ask(request), signal).catch((error) => {
    if (error instanceof ConnectionLost) throw new Interruption(error.message, { offline: true });
    throw new Refusal(error instanceof Error ? error.message : String(error), { cause: error });
  });
  if (reply.type === 'ok') return reply;
  throw refusal(reply);
}
