/**
 * Who is away: says so once per absence when you write to them, and restores your own away status after a reconnect. Knows
 * events, not how anything is shown.
 */
import { printable } from '../../protocol/printable.js';
import type { Session } from '../session/session.js';
import type { ServerEvent } from '../wire/connection.js';

export interface AwayStatus {
  /** Must see every event. */
  notice(event: ServerEvent): void;
  /** A direct message was sent. Resolves once it was shown whether the person is away. Never rejects. */
  wroteTo(name: string): Promise<void>;
  /** The connection is back; the server forgets away status with the last terminal. Never rejects. */
  restore(): Promise<void>;
}

interface AwayStatusDeps {
  readonly session: Pick<Session, 'ask' | 'name'>;
  readonly show: (words: string) => void;
}

export function createAwayStatus({ session, show }: AwayStatusDeps): AwayStatus {
  // People whose status was asked for, and shown if away, since it last changed.
  const known = new Set<string>();
  // This person's own away text; undefined while not away.
  let own: string | undefined;

  async function whois(name: string) {
    const reply = await session.ask({ type: 'whois', name });
    return reply.type === 'ok' ? reply.whois : undefined;
  }

  return {
    notice(event) {
      if (event.type === 'away' && event.name === session.name) own = event.text;
      if (event.type === 'back' && event.name === session.name) own = undefined;
      if (event.type === 'away' || event.type === 'back' || event.type === 'left') known.delete(event.name);
    },
    async wroteTo(name) {
      if (known.has(name)) return;
      known.add(name);
      try {
        const away = (await whois(name))?.away;
        if (away === undefined) return;
        const text = away === '' ? '' : ` (${printable(away)})`;
        show(`${printable(name)} is away${text} and will see your message later`);
      } catch {
        // Asked again with the next message.
        known.delete(name);
      }
    },
    async restore() {
      known.clear();
      const text = own;
      if (text === undefined) return;
      try {
        const me = await whois(session.name);
        // With another terminal online, the server's status is newer than ours.
        if (me?.terminals === 1 && me.away === undefined) await session.ask({ type: 'away', text });
        else own = me?.away;
      } catch {
        // Restored after the next reconnect.
      }
    },
  };
}
