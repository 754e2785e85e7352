/**
 * Who is away, for those who write to them alone: told once for each absence; and one's own absence, for as long
 * as it was wanted. Knows events, not how it is shown.
 */
import { printable } from '../../protocol/printable.js';
import type { Event, Session } from '../session/session.js';

export interface Absences {
  /** To be given every event. */
  notice(event: Event): void;
  /** Something was said to one person alone. Resolves when it was told whether they are away. Never rejects. */
  wroteTo(name: string): Promise<void>;
  /** The connection is back: with the last terminal the server forgot that this person is away. Never rejects. */
  resume(): Promise<void>;
}

export interface AbsencesDeps {
  readonly session: Pick<Session, 'ask' | 'name'>;
  readonly tell: (words: string) => void;
}

export function createAbsences({ session, tell }: AbsencesDeps): Absences {
  // Of whom it is known, and told where they are away.
  const known = new Set<string>();
  // What this person said when going; undefined for whoever is there.
  let own: string | undefined;

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
        const reply = await session.ask({ type: 'whois', name });
        const away = reply.type === 'ok' ? reply.whois?.away : undefined;
        if (away === undefined) return;
        tell(
          `${printable(name)} is away${away === '' ? '' : ` (${printable(away)})`}, and finds it when back`,
        );
      } catch {
        // Asked again with the next message.
        known.delete(name);
      }
    },
    async resume() {
      known.clear();
      const text = own;
      if (text === undefined) return;
      try {
        const reply = await session.ask({ type: 'whois', name: session.name });
        const whois = reply.type === 'ok' ? reply.whois : undefined;
        // With another terminal there, what the server knows is what was said there since.
        if (whois?.terminals === 1 && whois.away === undefined) await session.ask({ type: 'away', text });
        else own = whois?.away;
      } catch {
        // Said again after the next connection.
      }
    },
  };
}
