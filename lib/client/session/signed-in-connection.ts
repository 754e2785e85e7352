/** A connection that is signed in. Knows the keyring, not what was said or how often this was tried. */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Conversation, Role } from '../../protocol/records.js';
import { type Connection, type ConnectionOptions, openConnection } from '../wire/connection.js';
import type { CredentialChain } from './credentials.js';
import type { SessionOptions } from './session.js';

export interface SignedInConnection {
  readonly connection: Connection;
  readonly name: string;
  readonly role: Role;
  readonly conversations: readonly Conversation[];
  readonly motd: string | undefined;
  readonly recovery: string | undefined;
}

export interface SignedInConnectionOptions extends ConnectionOptions {
  readonly keyring: CredentialChain;
  readonly keepToken: SessionOptions['keepToken'];
  readonly signal: AbortSignal;
}

/**
 * Opens a connection and signs in by what the keyring holds; a token that came is kept before anything else.
 * @throws what openConnection and keepToken do; ProtocolError with the server's code where it refuses;
 *   ConnectionLost where no reply came
 */
export async function openSignedInConnection({
  keyring,
  keepToken,
  ...options
}: SignedInConnectionOptions): Promise<SignedInConnection> {
  const connection = await openConnection(options);
  const abort = () => connection.destroy();
  options.signal.addEventListener('abort', abort);
  if (options.signal.aborted) abort();
  try {
    const { name, role, token, conversations = [], motd, recovery } = await signIn(connection, keyring);
    if (name === undefined || role === undefined) {
      throw new ProtocolError('bad-frame', 'The server does not say who is signed in.');
    }
    keyring.accepted(token);
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

async function signIn(connection: Connection, keyring: CredentialChain): Promise<ServerFrameOf<'ok'>> {
  for (;;) {
    const request = keyring.request();
    const reply = await new Promise<ServerFrameOf<'ok' | 'error'> | Error>((resolve) => {
      connection.request(request, resolve);
    });
    if (reply instanceof Error) throw reply;
    if (reply.type === 'ok') return reply;
    const another = reply.code === 'session-expired' && request.type === 'resume' && keyring.expired();
    if (!another) throw new ProtocolError(reply.code, reply.message, reply.retryAfter);
  }
}
