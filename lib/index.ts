/**
 * The public library: a server inside your program, and a client for bots and scripts.
 *
 * ```ts
 * import { connect } from 'secure-chat';
 *
 * const chat = await connect({ server: 'secure-chat://…', token: process.env.SECURE_CHAT_TOKEN });
 * for await (const message of chat.messages()) {
 *   if (message.from !== chat.name) await chat.reply(message, `You said: ${message.text}`);
 * }
 * ```
 *
 * Errors have a `code`, which stays the same; sentences may change.
 *
 * @module
 */
export { Exit, type ExitCode, type ExitName } from './cli/command.js';
export type { ReloadableSettings } from './cli/live-settings.js';
export type { ServerSettings } from './cli/server-settings.js';
export { type RunningServer, startServer } from './cli/start-server.js';
export type { ChatEvents } from './client/chat-events.js';
export type {
  Accepted,
  ChatSession,
  LoadFileOptions,
  MessagesOptions,
  SayOptions,
  Stored,
} from './client/chat-session.js';
export { type ConnectOptions, connectChat as connect, InvalidOption } from './client/connect.js';
export { type SessionEnd, SessionEnded, type SessionStatus } from './client/session/session.js';
export { UntrustedServer } from './client/sign-in/trust-decision.js';
export { TransferFailed } from './client/transfer/transfer.js';
export { ConnectionLost, type RequestBody, type ServerEvent } from './client/wire/connection.js';
export { NotSecureChat, Unreachable } from './client/wire/handshake.js';
export { type ErrorCode, ProtocolError } from './protocol/errors.js';
export type { Recipient, RoomOrPerson } from './protocol/names.js';
export type { Message, Person, Role, RoomInfo } from './protocol/records.js';
export type { Retention } from './server/files/cleanup.js';
export type { Log, LogFields } from './server/log.js';
export { ControlError } from './server/operator/control-socket.js';
export { StoreError, StoreInUse } from './store/store.js';
export type { Endpoint } from './trust/endpoint.js';
export { CertificateError, type CertificateFault } from './trust/key-pair.js';
