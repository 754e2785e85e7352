/**
 * A connection that is signed in, and the credentials for it, also after each reconnection. Knows neither messages nor
 * retries.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { errorOf, type ServerFrameOf } from '../../protocol/events.js';
import type { Conversation, Role } from '../../protocol/records.js';
import type { ClientConnection, RequestBody } from '../wire/connection.js';
import { type ConnectionOptions, openConnection } from '../wire/open-connection.js';
import type { Credentials, SessionOptions } from './session.js';

export interface SignedInConnection {
  readonly connection: ClientConnection;
  readonly name: string;
  readonly role: Role;
  readonly conversations: readonly Conversation[];
  readonly motd: string | undefined;
  readonly recovery: string | undefined;
}

interface SignedInConnectionOptions extends ConnectionOptions {
  readonly credentials: CredentialChain;
  readonly keepToken: SessionOptions['keepToken'];
  readonly signal: AbortSignal;
}

/**
 * Opens a connection and signs in; a new token is kept before anything else happens.
 * @throws as openConnection and keepToken; ProtocolError with the server's code where it refuses;
 *   ConnectionLost where no reply came
 */
export async function openSignedInConnection({
  credentials,
  keepToken,
  ...options
}: SignedInConnectionOptions): Promise<SignedInConnection> {
  const connection = await openConnection(options);
  const abort = () => connection.destroy();
  options.signal.addEventListener('abort', abort);
  if (options.signal.aborted) abort();
  try {
    const { name, role, token, conversations = [], motd, recovery } = await signIn(connection, credentials);
    if (name === undefined || role === undefined) {
      throw new ProtocolError('bad-frame', 'The server did not say who is signed in.');
    }
    credentials.accepted(token);
    if (token !== undefined) await keepToken?.(token);
    options.signal.throwIfAborted();
    return { connection, name, role, conversations, motd, recovery };
  } catch (error) {
    connection.destroy();
    await connection.closed;
    throw options.signal.aborted ? options.signal.reason : error;
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
}

async function signIn(
  connection: ClientConnection,
  credentials: CredentialChain,
): Promise<ServerFrameOf<'ok'>> {
  for (;;) {
    const request = credentials.request();
    const reply = await new Promise<ServerFrameOf<'ok' | 'error'> | Error>((resolve) => {
      connection.request(request, resolve);
    });
    if (reply instanceof Error) throw reply;
    if (reply.type === 'ok') return reply;
    const canRetry = reply.code === 'session-expired' && request.type === 'resume' && credentials.expired();
    if (!canRetry) throw errorOf(reply);
  }
}

export interface CredentialChain {
  /** The request that signs in, by the newest token where there is one. */
  request(): RequestBody;
  /** That request was accepted. */
  accepted(token: string | undefined): void;
  /** The server refused the token; false where there is nothing else to sign in with. */
  expired(): boolean;
}

export function createCredentialChain(
  options: Pick<SessionOptions, 'credentials' | 'mode' | 'remember'>,
): CredentialChain {
  const remember = options.remember === undefined ? {} : { remember: options.remember };
  let mode = options.mode === undefined ? {} : { mode: options.mode };
  let credentials: Credentials = options.credentials;
  let token = credentials.how === 'resume' ? credentials.token : undefined;

  return {
    request() {
      if (token !== undefined) return { type: 'resume', token, ...mode };
      switch (credentials.how) {
        case 'register': {
          const { how: type, ...given } = credentials;
          return { type, ...given, ...remember };
        }
        case 'sign-in': {
          const { how: type, ...given } = credentials;
          return { type, ...given, ...mode, ...remember };
        }
        case 'recover': {
          const { how: type, ...given } = credentials;
          return { type, ...given };
        }
        case 'resume':
          return { type: 'resume', token: credentials.token, ...mode };
        default:
          return credentials satisfies never;
      }
    },
    accepted(next) {
      if (next !== undefined) token = next;
      // An account is created once, and codes work once.
      if (credentials.how !== 'resume') {
        credentials = { how: 'sign-in', name: credentials.name, password: credentials.password };
      }
      // Only at the first sign-in: two clients that took over at each reconnection would never stop.
      if (options.mode === 'take-over') mode = {};
    },
    expired() {
      token = undefined;
      return credentials.how !== 'resume';
    },
  };
}
