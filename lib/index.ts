/** The public library: a server inside your program, and a client session. */
export { type RunningServer, type ServerSettings, startServer } from './cli/start-server.js';
export { type Addresses, createAddresses } from './client/session/addresses.js';
export type {
  Credentials,
  DeliveryStatus,
  OutgoingMessage,
  Session,
  SessionEnd,
  SessionEvent,
  SessionOptions,
  SessionStatus,
} from './client/session/session.js';
export { startSession as connect } from './client/session/start-session.js';
export {
  ConnectionLost,
  greet,
  type RequestBody,
  type ServerEvent,
  type VerifyServer,
} from './client/wire/connection.js';
export type { ServerIdentity } from './client/wire/handshake.js';
export { NotSecureChat, Unreachable } from './client/wire/handshake.js';
export { type ErrorCode, ProtocolError } from './protocol/errors.js';
export type { Reply } from './protocol/events.js';
export type { Conversation, Message, Person, Role } from './protocol/records.js';
export { StoreError, StoreInUse } from './store/store.js';
export type { Endpoint } from './trust/endpoint.js';
export { CertificateError } from './trust/key-pair.js';
