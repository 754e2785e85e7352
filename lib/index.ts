/** The public library: a server in your program, and a program's way into a chat. */
export { type RunningServer, type ServerSettings, startServer } from './cli/start-server.js';
export type {
  Asked,
  Credentials,
  Delivery,
  Draft,
  End,
  Endpoint,
  Event,
  Happening,
  Presented,
  Session,
  SessionOptions,
  Status,
  Verify,
} from './client/session/session.js';

export { startSession as connect } from './client/session/start-session.js';
export { greet } from './client/wire/connection.js';
export { ConnectionLost, NotSecureChat, Unreachable } from './client/wire/errors.js';
export { type ErrorCode, ProtocolError } from './protocol/errors.js';
export type { Reply } from './protocol/events.js';
export type { Conversation, Message, Person, Role } from './protocol/records.js';
export { StoreError, StoreInUse } from './store/store.js';
export { CertificateError } from './trust/key-pair.js';
