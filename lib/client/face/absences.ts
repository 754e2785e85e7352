/** Who is away, for those who write to them alone: told once for each absence. Knows events, not how it is shown. */
import { printable } from '../../protocol/printable.js';
import type { Event, Session } from '../session.js';

export interface Absences {
  /** To be given every event. */
  notice(event: Event): void;
  /** Something was said to one person alone. Resolves when it was told whether they are away. Never rejects. */
  wroteTo(name: string): Promise<void>;
}

export interface AbsencesDeps {
  readonly session: Pick<Session, 'ask'>;
  readonly tell: (words: string) => void;
}

export function createAbsences({ session, tell }: AbsencesDeps): Absences {
  // Of whom it is known, and told where they are away.
  const known = new Set<string>();

  return {
    notice(event) {
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
  };
}
