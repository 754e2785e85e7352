/** docs/protocol.md against the code: every request, event, code and limit stands in it, and nothing else. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorCodes } from '../../lib/protocol/errors.js';
import { serverFrameSchemas, serverFrameTypes } from '../../lib/protocol/events.js';
import { limits } from '../../lib/protocol/limits.js';
import { reactionCodes } from '../../lib/protocol/reactions.js';
import { requestSchemas, requestTypes } from '../../lib/protocol/requests.js';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The items of a section's lists, each on one line. */
function items(title: string): string[] {
  const [, text = ''] = page.split(`\n## ${title}\n`);
  const [section = ''] = text.split('\n## ');
  return [...section.matchAll(/^- (.*(?:\n {2}.*)*)/gm)].map(([, item = '']) => item.replace(/\s+/g, ' '));
}

interface Documented {
  readonly fields: string[];
  readonly reply: string[];
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** From `type one two? three/four → fields of the reply`; alternatives become optional fields. */
function documented(titles: string[]): Map<string, Documented> {
  return new Map(
    titles.flatMap(items).map((item) => {
      const [, before = '', reply = ''] = /^`([^`→]*)(?:→([^`]*))?`/.exec(item) ?? [];
      const [type = '', ...words] = wordsOf(before);
      return [type, { fields: words.flatMap(alternatives), reply: wordsOf(reply) }];
    }),
  );
}

/** Of `a/b` there is one. */
function alternatives(word: string): string[] {
  return word.includes('/') ? word.split('/').map((one) => `${one}?`) : [word];
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** As they are documented: `?` marks the optional ones. Every frame has a type, and every request an id. */
function fieldsOf(schema: object, unsaid = ['type', 'id']): string[] {
  const { properties, required = [] } = schema as { properties: object; required?: string[] };
  return Object.keys(properties)
    .filter((field) => !unsaid.includes(field))
    .map((field) => (required.includes(field) ? field : `${field}?`));
}

/** Without punctuation but with both ends, since 100 is not 1,000. */
function bare(text: string): string {
  return ` ${text.replace(/\s+/g, ' ')} `.replace(/[;:,.)]+(?= )|(?<= )\(/g, '');
}

function has(text: string, value: string): boolean {
  return bare(text).includes(bare(value));
}

const requests = documented(['Requests']);

t.test('every request stands in it with its fields, and no other', async (t) => {
  t.same([...requests.keys()].toSorted(), requestTypes.toSorted());
  for (const type of requestTypes) {
    t.same(requests.get(type)?.fields.toSorted(), fieldsOf(requestSchemas[type]).toSorted(), type);
  }
});

t.test('every frame of the server stands in it with its fields, and no other', async (t) => {
  const frames = documented(['Replies', 'Events']);
  t.same([...frames.keys()].toSorted(), serverFrameTypes.toSorted());
  for (const type of serverFrameTypes.filter((type) => type !== 'ok')) {
    t.same(frames.get(type)?.fields.toSorted(), fieldsOf(serverFrameSchemas[type]).toSorted(), type);
  }
});

t.test('every field of a reply stands at a request, and no other', async (t) => {
  const replies = [...requests.values()].flatMap(({ reply }) => reply);
  const names = new Set(['re', ...replies].map((field) => field.replace('?', '')));
  const inCode = fieldsOf(serverFrameSchemas.ok).map((field) => field.replace('?', ''));
  t.same([...names].toSorted(), inCode.toSorted());
});

t.test('every short code of a reaction stands in it', async (t) => {
  t.ok(has(page, `or a short code: ${reactionCodes.join(', ')}`));
});

/** Fields of records that stand beside the record's list, since not every one has them. */
const besideList: Record<string, string[]> = {
  conversations: ['role?', 'private?', 'topic?', 'rules?'],
  conversation: ['role?', 'private?', 'topic?', 'rules?'],
  people: ['room?'],
  whois: ['addresses?', 'mutedUntil?'],
};

t.test('every record in a reply or an event stands in it with its fields, and no other', async (t) => {
  const sorted = (fields: string[]) => fields.toSorted().join(' ');
  const lists = new Set(
    [...page.matchAll(/\{([^{}]*)\}/g)].map(([, list = '']) =>
      sorted(wordsOf(list.replace(/\s+/g, ' ').replaceAll(',', '')).flatMap(alternatives)),
    ),
  );
  for (const schema of Object.values(serverFrameSchemas)) {
    for (const [name, fields] of recordsIn(schema)) {
      const beside = besideList[name] ?? [];
      for (const field of beside)
        t.match(page, new RegExp(`\`${field.replace('?', '\\??')}\``), `${name}: ${field}`);
      const listed = fields.filter((field) => !beside.includes(field));
      t.ok(lists.has(sorted(listed)), `${name}: ${sorted(listed)}`);
    }
  }
});

/** Objects inside a schema, except events, each with the name of the field that it is in. */
function* recordsIn(schema: object, field?: string): Generator<[field: string, fields: string[]]> {
  const { properties } = schema as { properties?: Record<string, object> };
  if (properties !== undefined && field !== undefined && !('type' in properties))
    yield [field, fieldsOf(schema, [])];
  for (const [name, inner] of Object.entries(properties ?? schema)) {
    if (typeof inner === 'object' && inner !== null)
      yield* recordsIn(inner, properties === undefined ? field : name);
  }
}

t.test('every error code stands in it once, and no other', async (t) => {
  const explained = /\([^)]*\)/g;
  const codes = items('Error codes').flatMap((item) =>
    [...item.replace(explained, '').matchAll(/`([^`]*)`/g)].map(([, code]) => code),
  );
  t.same(codes.toSorted(), errorCodes.toSorted());
});

const lists = new Map(items('Limits').map((item) => item.split(/: (.*)/, 2) as [string, string]));
const number = (value: number) => value.toLocaleString('en-US');

t.test('every limit stands in it, and is the one in force', async (t) => {
  const unread = new Set(Object.keys(limits));
  const limit = new Proxy(limits, {
    get(all, name: keyof typeof limits) {
      unread.delete(name);
      return all[name];
    },
  });
  for (const [list, values] of Object.entries(listed(limit))) {
    for (const value of values) t.ok(has(lists.get(list) ?? '', value), `${list}: ${value}`);
  }
  for (const value of elsewhere(limit)) t.ok(has(page, value), value);
  t.equal(limit.auditPage, limit.historyPage);
  t.same([...unread], [], 'limits that are not documented');
});

const seconds = (ms: number) => `${ms / 1000} s`;
const rate = (burst: number, each: number, unit: string) => `${burst} at once, then ${each} ${unit}`;
const hourly = (count: number) => rate(count, count, 'an hour');

/** By list of the section Limits. */
function listed(limit: typeof limits): Record<string, string[]> {
  return {
    Connection: [
      `PROXY header ${number(limit.proxyHeaderBytes)} bytes and ${seconds(limit.proxyHeaderMs)}, ${number(limit.proxyHeaders)} awaited`,
      `TLS handshake ${seconds(limit.handshakeMs)}`,
      `sign-in ${seconds(limit.signInMs)}`,
      `silence ${seconds(limit.deadMs)}`,
      `request ${number(limit.frameUnsignedBytes)} bytes before sign-in, ${number(limit.frameBytes)} after`,
      `requests ${rate(limit.requestBurst, limit.requestsPerSecond, 'a second')}`,
      `unsent ${number(limit.queueBytes)} bytes, of all ${number(limit.queueTotalBytes)}`,
      `or nothing read for ${seconds(limit.deadMs)}`,
      `server's frames have up to ${number(limit.frameFromServerBytes)} bytes`,
      `${seconds(limit.closingMs)} after \`closing\``,
      `${seconds(limit.drainMs - limit.abandonMs)} (if it hangs, ${seconds(limit.drainMs)}) after it begins to shut down`,
    ],
    Address: [
      `connections ${limit.connectionsPerAddress}*`,
      `${limit.handshakesPerAddress} in their handshake (of all ${limit.handshakes})`,
      `handshakes ${limit.connectionsPerAddress}* at once, then ${limit.handshakesPerSecondPerAddress} a second`,
      `of all strangers ${rate(limit.handshakeBurst, limit.handshakesPerSecond, 'a second')}`,
      `${limit.unsignedPerAddress} not signed in`,
      `of all addresses ${limit.connectionsUnsigned}`,
      `Wrong passwords ${limit.loginFailuresPerMinute} a minute for each`,
      `recovery codes ${limit.codeFailuresPerMinute} a minute`,
      `names checked ${rate(limit.nameChecksPerMinute, limit.nameChecksPerMinute, 'a minute')}`,
      `have not come in from there ${rate(limit.hashesPerAddress, limit.hashesPerAddressPerSecond, 'a second')}`,
      `a hash that takes ${seconds(limit.hashMs)} twice`,
      `accounts without an invite ${hourly(limit.accountsPerHour)}`,
      `sign-ins waiting on the server ${limit.hashQueue}`,
    ],
    Account: [
      `messages ${rate(limit.messageBurst, limit.messagesPerSecond, 'a second')}*`,
      `terminals ${limit.terminalsPerName}`,
      `sessions ${limit.sessions}`,
      `made ${limit.roomsMade}, per address ${limit.roomsMadePerAddress}`,
      `rooms ${limit.roomsPerAccount} (server: ${number(limit.rooms)})`,
      `unanswered room invitations ${limit.invitations}`,
      `new rooms and invitations ${rate(limit.creationsPerMinute, limit.creationsPerMinute, 'a minute')}`,
      `blocked names ${number(limit.blocks)}`,
      `\`typing\` ${rate(limit.typingBurst, limit.typingPerSecond, 'a second')}`,
      `names that a terminal watches ${limit.watches}`,
      `wrong \`otp\` from one address ${hourly(limit.factorFailuresPerHour)}`,
      `of the account ${rate(limit.factorFailuresInAll, limit.factorFailuresInAllPerHour, 'an hour')}`,
      `replies take up to ${seconds(limit.loginDelayMaxMs)}`,
    ],
    Text: [
      `message ${number(limit.messageBytes)} bytes of UTF-8, ${limit.messageLines} lines`,
      `topic ${limit.topicBytes} bytes`,
      `reason and away text ${limit.reasonBytes} bytes`,
      `\`words\` ${limit.searchBytes} bytes`,
      `password ${limit.passwordMin} characters to ${limit.passwordMaxBytes} bytes`,
      `file name ${limit.fileNameBytes} bytes (${limit.fileNameBytes - 55} are kept)`,
      `\`motd\` has up to ${number(limit.motdBytes)} bytes`,
      `\`excerpt\` ${limit.excerptLength} code units`,
      `a quote ${limit.quoteLength}`,
    ],
    Numbers: [
      `ban and mute ${number(limit.banMs)} ms`,
      `to ${number(limit.inviteMs)} ms, ${number(limit.inviteUses)} uses`,
      `\`slow\` ${number(limit.slowMs)} ms`,
    ],
    Lists: [
      `\`peers\` ${limit.peerHosts}, hosts of a link ${limit.linkHosts}`,
      `\`history\`, \`files\`, \`audit\` ${limit.historyPage} (default)`,
      `\`search\` ${limit.searchPage}`,
      `after ${limit.searchMs} ms fewer`,
      `\`who\` ${limit.peoplePage}`,
      `\`conversations\` and sign-in ${limit.directsPage} direct ones`,
      `\`bans\`, \`invites\` the newest ${number(limit.listed)}`,
      `\`sync\` ${number(limit.catchUp)} entries of a conversation, ${limit.backlog} without position`,
      `while up to ${limit.presenceNamed} are online`,
      `pins ${limit.pins}, kinds of reactions to a message ${limit.reactionKinds}`,
      `\`typing\` ${limit.typingNames} names, in rooms with up to ${limit.typingRoom} online`,
      `\`receipts\` in rooms with up to ${limit.receiptsRoom} online`,
      `each at most once in ${number(limit.activityMs)} ms`,
    ],
    Webhooks: [
      `${limit.webhooksPerRoom} in a room, made ${limit.webhooksMade} by an account`,
      `body ${number(limit.webhookBytes)} bytes, request ${seconds(limit.webhookMs)}`,
      `of larger bodies ${number(limit.webhookReadBytes)} bytes are read`,
      `${limit.webhookConnections} connections, ${limit.webhookConnectionsPerAddress} per address`,
      `requests per address ${rate(limit.webhookBurst, limit.webhooksPerSecond, 'a second')}`,
    ],
    Notifications: [
      `\`url\` ${limit.pushUrlBytes} bytes`,
      `text ${number(limit.pushTextBytes)} bytes`,
      `per account ${rate(limit.pushBurst, limit.pushesPerMinute, 'a minute')}`,
    ],
    Files: [
      `size ${number(limit.fileBytes)} bytes*`,
      `per account ${number(limit.filesPerAccountBytes)} bytes*`,
      `${limit.transfersPerAccount} transfers at once`,
      `${2 * limit.transfersPerAccount} unfinished`,
      `${limit.ticketsPerAccount} tickets, each ${seconds(limit.ticketMs)}`,
      `without progress ${seconds(limit.transferIdleMs)}`,
      `interrupted upload ${limit.partialMs / 3_600_000} h`,
      `the last ${number(limit.reservedBytes)} bytes of the server's disk`,
    ],
  };
}

/** Limits that stand where they are needed. */
function elsewhere(limit: typeof limits): string[] {
  const days = (ms: number) => ms / (24 * 3_600_000);
  const { nameLength, restrictedRate, unreadCounted } = limit;
  return [
    `nested up to ${limit.frameDepth} levels`,
    `\`ping\` after ${seconds(limit.pingMs)}`,
    `\`[a-z0-9][a-z0-9_.-]{0,${nameLength - 1}}\``,
    `(more than ${restrictedRate} messages in 30 s)`,
    `messages of others (${number(unreadCounted)}: or more)`,
    `an entry of the last ${days(limit.directsMs)} days`,
    `/${limit.banBitsIpv4} or longer, IPv6 /${limit.banBitsIpv6}`,
    `lasts ${days(limit.sessionMs)} days after its last use; with \`remember: true\` ${days(limit.rememberedMs)}`,
    days(limit.resetMs) === 1 ? 'valid once within a day' : 'another validity of reset links',
  ];
}

/** How the greatest value of a field is written, by field or by request and field. */
const wordings: Record<string, (most: string, least: string) => string> = {
  id: (most) => `choice (1 to ${most})`,
  name: (most) => `names and rooms in requests, \`code\`, \`token\`, \`address\` ${most} bytes`,
  'offer name': (most) => `file name ${most} bytes`,
  password: (most) => `characters to ${most} bytes`,
  topic: (most) => `topic ${most} bytes`,
  text: (most) => `reason and away text ${most} bytes`,
  words: (most) => `\`words\` ${most} bytes`,
  url: (most) => `\`url\` ${most} bytes`,
  emoji: (most) => `\`emoji\` ${most} bytes`,
  key: (most) => `A key is 1 to ${most} printable`,
  seq: (most) => `seq and size ${most}`,
  ms: (most) => `ban and mute ${most} ms`,
  'make-invite ms': (most, least) => `invite ${least} to ${most} ms`,
  uses: (most) => `${most} uses`,
  slow: (most) => `\`slow\` ${most} ms`,
  restrict: (most) => `\`restrict\` ${most} items`,
  limit: (most) => `\`history\`, \`files\`, \`audit\` ${most}`,
  'search limit': (most) => `\`search\` ${most}`,
};

/** Fields that are what another one is. */
const sameAs: Record<string, string> = {
  ...{ room: 'name', to: 'name', with: 'name', from: 'name', 'who after': 'name' },
  ...{ code: 'name', token: 'name', address: 'name', old: 'password', reason: 'text' },
  ...{ of: 'seq', before: 'seq', after: 'seq', size: 'seq' },
};

t.test('the greatest value of every field of a request stands in it', async (t) => {
  for (const type of requestTypes) {
    const { properties } = requestSchemas[type] as { properties: Record<string, Bounds> };
    for (const [field, bounds] of Object.entries(properties)) {
      const most = greatest(bounds);
      if (most === undefined) continue;
      const own = `${type} ${field}`;
      const wording = wordings[own] ?? wordings[sameAs[own] ?? sameAs[field] ?? field];
      const text = wording?.(
        most === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : number(most),
        number(bounds.minimum ?? 0),
      );
      t.ok(text !== undefined && has(page, text), `${own}: ${text}`);
    }
  }
});

function greatest({ maximum, maxLength, maxItems, pattern = '' }: Bounds): number | undefined {
  const repeated = /\{1,(\d+)\}\$$/.exec(pattern)?.[1];
  return maximum ?? maxLength ?? maxItems ?? (repeated === undefined ? undefined : Number(repeated));
}
