/**
 * Every limit of the protocol and its server, in one place. Knows numbers, not who enforces them.
 * Milliseconds, bytes and counts, as each name says.
 */

export const limits = {
  /** From TCP accept to the end of the TLS handshake. */
  handshakeMs: 10_000,
  /** From the end of the handshake to a successful sign-in. */
  signInMs: 30_000,
  /** From `closing` to a destroyed socket. */
  closingMs: 2_000,
  /** A client that has sent nothing for this long sends `ping`. */
  pingMs: 30_000,
  /** A side that has heard nothing for this long takes the other for dead. */
  deadMs: 75_000,
  /** From SIGTERM to a forced end. */
  drainMs: 10_000,

  /** Connections of one address (IPv6: one /64), signed in or not; a class behind one router has to fit. */
  connectionsPerAddress: 128,
  /** Connections of one address that have not signed in. */
  unsignedPerAddress: 16,
  /** Connections that have not signed in, of all addresses. */
  connectionsUnsigned: 100,
  /** Connections of one name at the same time. */
  terminalsPerName: 8,
  /** Sessions of one account that can be continued; the one that was not used for longest goes. */
  sessions: 100,

  /** A frame's body, client to server, before sign-in. */
  frameUnsignedBytes: 4 * 1024,
  /** A frame's body, client to server, after sign-in. */
  frameBytes: 64 * 1024,
  /** A frame's body, server to client. */
  frameFromServerBytes: 1024 * 1024,
  /** Objects and arrays inside each other in a frame, the frame itself included. The protocol needs 3. */
  frameDepth: 16,

  /** A message's text in UTF-8. */
  messageBytes: 4096,
  /** Lines of one message. */
  messageLines: 100,
  nameLength: 32,
  /** A room's topic in UTF-8. */
  topicBytes: 300,
  passwordMin: 8,
  /** In UTF-8; argon2 takes more, a frame before sign-in does not. */
  passwordMaxBytes: 512,
  reasonBytes: 200,

  /** Unsent bytes of one connection, then it is a slow consumer. */
  queueBytes: 1024 * 1024,
  /** Unsent bytes of all connections. */
  queueTotalBytes: 256 * 1024 * 1024,

  /** Messages a user may send at once. */
  messageBurst: 10,
  /** Messages a user may send each second after the burst. */
  messagesPerSecond: 5,
  /** Requests of any kind of one connection; beyond it the server reads slower, it refuses nothing. */
  requestBurst: 200,
  requestsPerSecond: 100,

  /** Wrong passwords of one address within a minute. */
  loginFailuresPerMinute: 10,
  /** The longest delay of an answer to a sign-in after many wrong passwords for one account. */
  loginDelayMaxMs: 8_000,
  /** Wrong codes of an account's second factor, after a right password: at once, and then each hour. */
  factorFailuresPerHour: 10,
  /** Accounts that are made from one address (IPv6: one /64) without an invite: at once, and then each hour. */
  accountsPerHour: 10,
  /** Passwords waiting to be hashed. */
  hashQueue: 64,

  /** Messages of a room that a new arrival gets. */
  backlog: 50,
  /** Messages of one conversation that `sync` replays; what is older comes by `history`. */
  catchUp: 10_000,
  /** Messages of one `history` reply. */
  historyPage: 100,
  /** Results of one `search` reply. */
  searchPage: 50,
  /** What is searched for, in UTF-8. */
  searchBytes: 200,
  /** Of a message that was found, in UTF-16 code units. */
  excerptLength: 160,
  /** Up to here what is unread is counted; beyond, it is "more than". */
  unreadCounted: 1_000,

  /** Rooms of a server, private ones included. */
  rooms: 1_000,
  /** Rooms that one account is a member of. */
  roomsPerAccount: 100,
  /** Invitations to rooms that one account has not answered; the oldest goes. */
  invitations: 100,
  /** People of one `who` reply: with what each may say who is away, more would not fit into a frame. */
  peoplePage: 500,
  /** Names that one account blocks. */
  blocks: 1_000,
  /** Members of a room up to which each join and leave is told by name. */
  presenceNamed: 100,

  /** The longest ban or mute that ends. */
  banMs: 10 * 365 * 24 * 60 * 60_000,
  /** Between two messages of one person in a slow room. */
  slowMs: 60 * 60_000,
  /** Messages of one person in 30 seconds in a room that restricts the rate. */
  restrictedRate: 5,
  inviteUses: 10_000,
  inviteMs: 365 * 24 * 60 * 60_000,
  /** How long a reset link is good. */
  resetMs: 24 * 60 * 60_000,
  /** Entries of one `bans` or `invites` reply, the newest first: more would not fit into a frame. */
  listed: 1_000,
  /** Entries of one `audit` reply. */
  auditPage: 100,
  /** What the operator says to everybody who comes, in UTF-8. */
  motdBytes: 4096,

  /** A file, unless the operator says otherwise. */
  fileBytes: 100 * 1024 * 1024,
  /** All files of one account, unless the operator says otherwise. */
  filesPerAccountBytes: 1024 * 1024 * 1024,
  /** A file's name in UTF-8. */
  fileNameBytes: 255,
  /** From a ticket to the connection that shows it. */
  ticketMs: 60_000,
  /** Tickets of one account that were not shown yet; the oldest goes. */
  ticketsPerAccount: 64,
  /** File connections of one account at the same time. */
  transfersPerAccount: 4,
  /** A transfer in which nothing moved for this long is closed; it can be resumed. */
  transferSilenceMs: 30_000,
  /** How long an upload that was broken off can be resumed. */
  partialMs: 24 * 60 * 60_000,
} as const;
