/**
 * `connect` of the library: options in, a signed-in session for a program out, without questions or files of its own. Knows no
 * command line.
 */
import { unlessAborted } from '../system/unless-aborted.js';
import {
  type JoinLink,
  linkEndpoints,
  looksLikeLink,
  parseEndpoint,
  parseJoinLink,
} from '../trust/endpoint.js';
import { isPin } from '../trust/key.js';
import { type ChatSession, createChatSession } from './chat-session.js';
import { createListener } from './front-end.js';
import { createAddresses } from './session/addresses.js';
import { startSession } from './session/start-session.js';
import { signInUnattended } from './sign-in/sign-in-unattended.js';
import { createTrustDecision } from './sign-in/trust-decision.js';

/** Where to connect, and as whom: with a `token`, or with `name` and `password`. */
export interface ConnectOptions {
  /**
   * A join link, which has the pin of the server's key, and may name several servers of one chat; or `HOST` or `HOST:PORT`, port 6697 by default. Nothing is ever asked:
   * without a pin, the server needs a certificate that a certificate authority of this system vouches for.
   */
  readonly server: string;
  /** SHA-256 of the server's public key, base64url, 43 characters; where `server` is not a link that has it. */
  readonly pin?: string | undefined;
  /** A bot's, from `secure-chat user token NAME`. */
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  /** With an invite link, the account is created if the name is new. */
  readonly password?: string | undefined;
  /** If the account is signed in already: join as another terminal (`attach`, the default), or end its other sessions (`take-over`). */
  readonly mode?: 'attach' | 'take-over' | undefined;
  /** How long a lost connection is tried again, in milliseconds; forever by default. The first one is tried once. */
  readonly retryMs?: number | undefined;
  /** Gives up connecting, or closes the chat. */
  readonly signal?: AbortSignal | undefined;
}

/** An option of `connect` is missing or wrong; the message says which. */
export class InvalidOption extends Error {
  override readonly name = 'InvalidOption';
  readonly code = 'invalid-option';
}

/**
 * Connects and signs in.
 * @returns once it has caught up: what was posted before is in the history
 * @throws InvalidOption; Unreachable, NotSecureChat; UntrustedServer (`key-changed`, `key-unknown`), before anything was sent;
 *   ProtocolError with the server's code (`wrong-credentials`, `session-expired` for a token that is not valid, `banned`, …);
 *   ConnectionLost; SessionEnded where it ended before it had caught up; the signal's reason
 */
export async function connectChat(options: ConnectOptions): Promise<ChatSession> {
  const link = linkOf(options);
  const { token, name, password, mode = 'attach', retryMs = Number.POSITIVE_INFINITY, signal } = options;
  requireCredentials(options);
  const { listener, open } = createListener();
  const asked = linkEndpoints(link);
  const nowhere = { find: async () => undefined, remember: async () => {} };
  const verify = createTrustDecision({ asked, linkPin: link.pin, knownHosts: nowhere });
  const endpoint = createAddresses({ given: asked });
  const session = await signInUnattended({
    answers: { token, name, password, mode },
    code: link.code,
    saved: { find: async () => undefined, drop: async () => {} },
    start: ({ credentials, mode: how }) =>
      startSession({ endpoint, verify, credentials, ...(how && { mode: how }), retryMs, listener, signal }),
  });
  const { chat, notice, ready, release } = createChatSession(session);
  open(notice);
  const abort = (): void => void chat.close();
  signal?.addEventListener('abort', abort);
  void chat.closed.then(() => signal?.removeEventListener('abort', abort));
  if (signal?.aborted) abort();
  await unlessAborted(ready, signal);
  // The caller adds its listeners first.
  setImmediate(release);
  return chat;
}

/** @throws InvalidOption */
function requireCredentials({ token, name, password }: ConnectOptions): void {
  if (token === undefined && (name === undefined || password === undefined)) {
    throw new InvalidOption('Give a token, or a name and a password.');
  }
  if (token === '' || name === '' || password === '') {
    throw new InvalidOption('The token, name or password is empty.');
  }
}

/** @throws InvalidOption */
function linkOf({ server, pin }: ConnectOptions): JoinLink {
  const parsed = looksLikeLink(server) ? parseJoinLink(server) : parseEndpoint(server);
  if (!parsed.ok) throw new InvalidOption(`server: ${parsed.message}`);
  const link: JoinLink = parsed.value;
  if (pin === undefined) return link;
  if (!isPin(pin)) throw new InvalidOption('pin: a pin has 43 base64url characters.');
  if (link.pin !== undefined && link.pin !== pin) throw new InvalidOption('pin: the link has another one.');
  return { ...link, pin };
}
