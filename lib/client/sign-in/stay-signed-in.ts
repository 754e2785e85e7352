/** Staying signed in: whether the session of this program is saved, as its person chose. Knows a token, not what it opens. */
import type { StaySignedIn } from '../session/session.js';
import type { SavedSessions } from './saved-sessions.js';

interface StaySignedInDeps {
  readonly saved: Pick<SavedSessions, 'save' | 'drop'>;
  /** The session of this name begins, and is saved from its first token on if `kept`. */
  readonly name: string;
  readonly kept: boolean;
  /** A person typed a password, and would have to again. */
  readonly offer: boolean;
  /** The person does not want to hear of it again. */
  readonly decline: () => Promise<void>;
  /** A session that could not be saved is a session all the same. */
  readonly warn: (error: unknown) => void;
}

export interface Keeper extends StaySignedIn {
  readonly kept: boolean;
  /** To be given every new token. */
  readonly keepToken: (token: string) => Promise<void>;
}

export function createStaySignedIn({ saved, name, decline, warn, ...begun }: StaySignedInDeps): Keeper {
  let { kept, offer } = begun;
  let newest: string | undefined;

  return {
    get kept() {
      return kept;
    },
    get offer() {
      return offer && !kept;
    },
    async keepToken(token) {
      newest = token;
      if (kept) await saved.save(name, token).catch(warn);
    },
    async begin() {
      if (newest !== undefined) await saved.save(name, newest);
      kept = true;
    },
    async end() {
      kept = false;
      offer = false;
      await saved.drop(name);
      await decline();
    },
  };
}
