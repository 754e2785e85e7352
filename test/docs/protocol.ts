/** docs/protocol.md against the code: every request, event, code and limit stands in it, and nothing else. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorCodes } from '../../lib/protocol/errors.js';
import { serverFrameSchemas, serverFrameTypes } from '../../lib/protocol/events.js';
import { limits } from '../../lib/protocol/limits.js';
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

/** From `type one two? three/four → fields of the reply`; alternatives become optional fields. */
function documented(titles: string[]): Map<string, Documented> {
  return new Map(
    titles.flatMap(items).map((item) => {
      const [, before = '', reply = ''] = /^`([^`→]*)(?:→([^`]*))?`/.exec(item) ?? [];
      const [type = '', ...words] = wordsOf(before);
      const fields = words.flatMap((word) =>
        word.includes('/') ? word.split('/').map((one) => `${one}?`) : [word],
      );
      return [type, { fields, reply: wordsOf(reply) }];
    }),
  );
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** As they are documented: `?` marks the optional ones. */
function fieldsOf(schema: object): string[] {
  const { properties, required = [] } = schema as { properties: object; required?: string[] };
  return Object.keys(properties)
    .filter((field) => field !== 'type' && field !== 'id')
    .map((field) => (required.includes(field) ? field : `${field}?`));
}

/** Without punctuation but with both ends, since 100 is not 1,000. */
function bare(text: string): string {
  return ` ${text} `.replace(/[;:,.)]+(?= )|(?<= )\(/g, '');
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

t.test('every error code stands in it once, and no other', async (t) => {
  const explained = /\([^)]*\)/g;
  const codes = items('Error codes').flatMap((item) =>
    [...item.replace(explained, '').matchAll(/`([^`]*)`/g)].map(([, code]) => code),
  );
  t.same(codes.toSorted(), errorCodes.toSorted());
});

t.test('the limits are the ones in force', async (t) => {
  const lists = new Map(items('Limits').map((item) => item.split(/: (.*)/, 2) as [string, string]));
  const number = (value: number) => value.toLocaleString('en-US');
  const seconds = (ms: number) => `${ms / 1000} s`;
  const rate = (burst: number, each: number, unit: string) => `${burst} at once, then ${each} ${unit}`;
  const hourly = (count: number) => rate(count, count, 'an hour');
  const expected: Record<string, string[]> = {
    Connection: [
      `TLS handshake ${seconds(limits.handshakeMs)}`,
      `sign-in ${seconds(limits.signInMs)}`,
      `silence ${seconds(limits.deadMs)}`,
      `request ${number(limits.frameUnsignedBytes)} bytes before sign-in, ${number(limits.frameBytes)} after`,
      `server's frame ${number(limits.frameFromServerBytes)} bytes`,
      `requests ${rate(limits.requestBurst, limits.requestsPerSecond, 'a second')}`,
      `unsent ${number(limits.queueBytes)} bytes, of all ${number(limits.queueTotalBytes)}`,
      `or nothing read for ${seconds(limits.deadMs)}`,
    ],
    Address: [
      `connections ${limits.connectionsPerAddress}*, ${limits.unsignedPerAddress} not signed in`,
      `of all addresses ${limits.connectionsUnsigned}`,
      `${limits.handshakesPerAddress} in their handshake (${limits.handshakes})`,
      `handshakes ${limits.connectionsPerAddress}* at once, then ${limits.handshakesPerSecondPerAddress} a second`,
      `of all strangers ${limits.handshakesPerSecond}`,
      `wrong passwords ${limits.loginFailuresPerMinute} a minute`,
      `accounts without an invite ${hourly(limits.accountsPerHour)}`,
    ],
    Account: [
      `messages ${rate(limits.messageBurst, limits.messagesPerSecond, 'a second')}*`,
      `terminals ${limits.terminalsPerName}`,
      `sessions ${limits.sessions}`,
      `rooms ${limits.roomsPerAccount} (server: ${number(limits.rooms)})`,
      `blocked names ${number(limits.blocks)}`,
      `wrong \`otp\` ${hourly(limits.factorFailuresPerHour)}`,
      `replies take up to ${seconds(limits.loginDelayMaxMs)}`,
    ],
    Text: [
      `message ${number(limits.messageBytes)} bytes of UTF-8, ${limits.messageLines} lines`,
      `topic ${limits.topicBytes} bytes`,
      `reason and away text ${limits.reasonBytes} bytes`,
      `password ${limits.passwordMin} characters to ${limits.passwordMaxBytes} bytes`,
    ],
    Lists: [
      `\`history\`, \`files\`, \`audit\` ${limits.historyPage} (default)`,
      `\`search\` ${limits.searchPage}`,
      `\`who\` ${limits.peoplePage}`,
      `\`bans\`, \`invites\` the newest ${number(limits.listed)}`,
      `\`sync\` ${number(limits.catchUp)} messages of a conversation, ${limits.backlog} of a room`,
      `while up to ${limits.presenceNamed} are online`,
    ],
    Files: [
      `size ${number(limits.fileBytes)} bytes*`,
      `per account ${number(limits.filesPerAccountBytes)} bytes*`,
      `${limits.transfersPerAccount} transfers at once`,
      `${limits.ticketsPerAccount} tickets`,
      `ticket ${seconds(limits.ticketMs)}`,
      `without progress ${seconds(limits.transferIdleMs)}`,
      `interrupted upload ${limits.partialMs / 3_600_000} h`,
    ],
  };
  t.same([...lists.keys()], Object.keys(expected));
  for (const [list, values] of Object.entries(expected)) {
    for (const value of values) t.match(bare(lists.get(list) ?? ''), bare(value), `${list}: ${value}`);
  }
  t.equal(limits.auditPage, limits.historyPage);
  t.match(page, `\`ping\` after ${seconds(limits.pingMs)}`);
});
