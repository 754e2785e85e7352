/**
 * Every limit of the protocol and the server, in milliseconds, bytes and counts. Enforced elsewhere.
 */

export const limits = {
  /** From TCP accept, or the end of a PROXY header, to the end of the TLS handshake. */
  handshakeMs: 10_000,
  /** From TCP accept to the end of the PROXY header that a balancer sends first. */
  proxyHeaderMs: 5_000,
  /** From the end of the handshake to a successful sign-in. */
  signInMs: 30_000,
  /** From `closing` to a destroyed socket. */
  closingMs: 2_000,
  /** An idle client sends `ping` after this long. */
  pingMs: 30_000,
  /** A side that has received nothing for this long closes the connection. */
  deadMs: 75_000,
  /** From SIGTERM to a forced exit. */
  drainMs: 10_000,
  /** The end of that, in which at least the database is closed. */
  abandonMs: 2_000,

  /** Connections per address (IPv6: per /64), signed in or not; a class behind one router must fit. */
  connectionsPerAddress: 128,
  /** Handshakes per address and second, after as many at once as an address may have connections. */
  handshakesPerSecondPerAddress: 20,
  /**
   * Handshakes per second of all addresses that did not sign in lately: as many of those that come rarely as of the others.
   * The most expensive one takes 3 ms of CPU (P-384).
   */
  handshakesPerSecond: 50,
  /** As many of them at once. */
  handshakeBurst: 200,
  /** Unfinished handshakes per address. */
  handshakesPerAddress: 32,
  /** Unfinished handshakes of all addresses. */
  handshakes: 200,
  /** A PROXY header: the longest address takes 232 bytes, a client's certificate some 2,000. */
  proxyHeaderBytes: 4096,
  /** Connections whose PROXY header has not come; beyond, the oldest is closed. */
  proxyHeaders: 1_000,
  /** Unauthenticated connections per address. */
  unsignedPerAddress: 16,
  /** Unauthenticated connections of all addresses. */
  connectionsUnsigned: 100,
  /** Simultaneous connections per name. */
  terminalsPerName: 8,
  /** Resumable sessions per account; the least recently used is dropped. */
  sessions: 100,

  /** A frame's body, client to server, before sign-in. */
  frameUnsignedBytes: 4 * 1024,
  /** A frame's body, client to server, after sign-in. */
  frameBytes: 64 * 1024,
  /** Other servers of the same chat that `hello` may name, and a client keeps. */
  peerHosts: 16,
  /** In a join link, which has to fit on two lines of a message. */
  linkHosts: 3,
  /** A frame's body, server to client. */
  frameFromServerBytes: 1024 * 1024,
  /** Nesting of a frame, itself included. The protocol needs 3. */
  frameDepth: 16,

  /** A message's text in UTF-8. */
  messageBytes: 4096,
  /** Lines of one message. */
  messageLines: 100,
  /** The start of a message that another entry is about, in UTF-16 code units. */
  quoteLength: 120,
  /** Different reactions to one message. */
  reactionKinds: 20,
  /** Pinned messages of one conversation. */
  pins: 50,
  nameLength: 32,
  /** A room's topic in UTF-8. */
  topicBytes: 300,
  passwordMin: 8,
  /** In UTF-8; must fit into a frame before sign-in. */
  passwordMaxBytes: 512,
  reasonBytes: 200,

  /** Unsent bytes of one connection; beyond it is a slow consumer. */
  queueBytes: 1024 * 1024,
  /** Unsent bytes of all connections. */
  queueTotalBytes: 256 * 1024 * 1024,

  /** Messages that an account can send at once. */
  messageBurst: 10,
  /** Messages per second of an account after the burst. */
  messagesPerSecond: 5,
  /** Requests of one connection; beyond, the server reads more slowly but refuses nothing. */
  requestBurst: 200,
  requestsPerSecond: 100,

  /** Attempts with one account's password from one address (IPv6: per /64), or by its signed-in owner: at once, and then per minute. */
  loginFailuresPerMinute: 10,
  /** The longest delay of a sign-in after many wrong passwords for one account. */
  loginDelayMaxMs: 2_000,
  /** Wrong tokens, invites and recovery codes per address: at once, and then per minute. */
  codeFailuresPerMinute: 10,
  /** Names checked before registration per address (IPv6: per /64): at once, and then per minute. */
  nameChecksPerMinute: 20,
  /** Wrong second-factor codes per account and address, after the right password: at once, and then per hour. */
  factorFailuresPerHour: 5,
  /** The same of all addresses without a session of the account: at once, and then per hour. */
  factorFailuresInAll: 20,
  factorFailuresInAllPerHour: 10,
  /** New accounts per address (IPv6: per /64) without an invite: at once, and then per hour. */
  accountsPerHour: 10,
  /** Passwords waiting for the hasher. */
  hashQueue: 64,
  /** Passwords of one address (IPv6: per /64) that are hashed at once; a right one does not count. */
  hashesPerAddress: 10,
  /** And then per second; more wait for their turn. */
  hashesPerAddressPerSecond: 1,
  /** The longest that one hash may take. Two tries fit into `signInMs`. */
  hashMs: 12_000,

  /** Messages that a new member of a room gets. */
  backlog: 50,
  /** Messages per conversation that `sync` replays; older ones come with `history`. */
  catchUp: 10_000,
  /** Messages of one `history` reply. */
  historyPage: 100,
  /** Results of one `search` reply. */
  searchPage: 50,
  /** A search query in UTF-8. */
  searchBytes: 200,
  /** After so long a search ends, with what it has found. */
  searchMs: 250,
  /** Excerpt of a search result, in UTF-16 code units. */
  excerptLength: 160,
  /** Unread messages are counted up to here. */
  unreadCounted: 1_000,

  /** Rooms of a server, private ones included. */
  rooms: 1_000,
  /** Rooms that one account can make, until one of them ends; admins can make more. */
  roomsMade: 50,
  /** The same per address (IPv6: per /64). */
  roomsMadePerAddress: 200,
  /** Rooms that one account can be a member of. */
  roomsPerAccount: 100,
  /** New rooms and invitations of one account: at once, and then per minute. */
  creationsPerMinute: 20,
  /** Unanswered room invitations per account; the oldest is dropped. */
  invitations: 100,
  /** People in one `who` reply: with an away message each, more would not fit into a frame. */
  peoplePage: 500,
  /** Direct conversations of one reply, newest first: anyone can begin one, and all would not fit into a frame. */
  directsPage: 300,
  /** Those without unread messages are in the reply to a sign-in if they are younger than this. */
  directsMs: 28 * 24 * 60 * 60_000,
  /** Names that one account can block. */
  blocks: 1_000,
  /** Requests `typing` of one account: at once, and then per second. A client needs one in 3 s. */
  typingBurst: 5,
  typingPerSecond: 1,
  /** Names of one `typing` event. */
  typingNames: 5,
  /** Rooms with more people online get no `typing` events. */
  typingRoom: 100,
  /** Rooms with more people online get no `receipts` events. */
  receiptsRoom: 20,
  /** Between two events about typing, or two about receipts, in a room. */
  activityMs: 1_000,
  /** People that one terminal can wait for. */
  watches: 100,
  /** Rooms up to this size announce each join and leave by name. */
  presenceNamed: 100,

  /** Webhooks of one room. */
  webhooksPerRoom: 20,
  /** Webhooks that one account can make; those that ended count, as their names stay taken. Admins can make more. */
  webhooksMade: 50,
  /** The body of a request to a webhook. */
  webhookBytes: 32 * 1024,
  /** Of a body that is too large, so much is read, and dropped, before it is refused. */
  webhookReadBytes: 1024 * 1024,
  /** From the first byte of a request to a webhook to its last. */
  webhookMs: 10_000,
  /** Requests to webhooks per address: at once, and then per second. */
  webhookBurst: 60,
  webhooksPerSecond: 20,
  /** Connections to webhooks of all addresses, and of one. */
  webhookConnections: 100,
  webhookConnectionsPerAddress: 16,
  /** The URL of push notifications. */
  pushUrlBytes: 512,
  /** A message's text in a push notification, in UTF-8. */
  pushTextBytes: 1000,
  /** Push notifications of one account: at once, and then per minute. */
  pushBurst: 10,
  pushesPerMinute: 6,

  /** The longest temporary ban or mute. */
  banMs: 10 * 365 * 24 * 60 * 60_000,
  /** The widest ranges of addresses that can be banned, in bits: wider ones would ban whole providers by a typo. */
  banBitsIpv4: 8,
  banBitsIpv6: 16,
  /** The longest slow mode interval. */
  slowMs: 60 * 60_000,
  /** Messages per person in 30 seconds in a room with the `rate` restriction. */
  restrictedRate: 5,
  inviteUses: 10_000,
  inviteMs: 365 * 24 * 60 * 60_000,
  /** Validity of an unused session, and of one with `remember`: connections last, laptops sleep. */
  sessionMs: 30 * 24 * 60 * 60_000,
  rememberedMs: 90 * 24 * 60 * 60_000,
  /** Validity of a reset link. */
  resetMs: 24 * 60 * 60_000,
  /** Entries of one `bans` or `invites` reply, newest first: more would not fit into a frame. */
  listed: 1_000,
  /** Entries of one `audit` reply. */
  auditPage: 100,
  /** The message of the day, in UTF-8. */
  motdBytes: 4096,

  /** One file, by default. */
  fileBytes: 100 * 1024 * 1024,
  /** All files of one account, by default. */
  filesPerAccountBytes: 1024 * 1024 * 1024,
  /** Left free on the server's disk, for the database above all: a file that needs some of it is refused. */
  reservedBytes: 64 * 1024 * 1024,
  /** A file's name in UTF-8. */
  fileNameBytes: 255,
  /** Validity of a ticket. */
  ticketMs: 60_000,
  /** Unused tickets per account; the oldest is dropped. */
  ticketsPerAccount: 64,
  /** Simultaneous transfers per account. */
  transfersPerAccount: 4,
  /** A transfer that is idle for this long is closed; it can be resumed. */
  transferIdleMs: 30_000,
  /** How long an interrupted upload can be resumed. */
  partialMs: 24 * 60 * 60_000,
} as const;
