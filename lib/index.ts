/** The public library: a program's way into a chat. */
export { greet } from './client/connection.js';
export { ConnectionLost, NotSecureChat, Unreachable } from './client/errors.js';
export {
  type Asked,
  type Credentials,
  type Delivery,
  type Draft,
  type End,
  type Endpoint,
  type Event,
  type Happening,
  type Presented,
  type Session,
  type SessionOptions,
  type Status,
  startSession as connect,
  type Verify,
} from './client/session.js';
export { type ErrorCode, ProtocolError } from './protocol/errors.js';
export type { Conversation, Message, Person, Reply, Role } from './protocol/events.js';
