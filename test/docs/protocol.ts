/** docs/protocol.md against the code: every request, event, code and limit stands in it. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorCodes } from '../../lib/protocol/errors.js';
import { serverFrameSchemas, serverFrameTypes } from '../../lib/protocol/events.js';
import { limits } from '../../lib/protocol/limits.js';
import { requestSchemas, requestTypes } from '../../lib/protocol/requests.js';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

const [requests = '', frames = ''] = page.split('\n## Replies\n');

/** Text from a heading of the third level to the next heading. */
function section(title: string, part: string): string {
  const [, text = ''] = part.split(`\n### ${title}\n`);
  return text.split(/\n##+ /)[0] ?? '';
}

function fields(schema: object): string[] {
  const { properties } = schema as { properties: Record<string, unknown> };
  return Object.keys(properties).filter((field) => !['type', 'id', 're'].includes(field));
}

t.test('every request and its fields have a section', async (t) => {
  for (const type of requestTypes) {
    const text = section(type, requests);
    t.not(text, '', type);
    for (const field of fields(requestSchemas[type])) t.match(text, `\`${field}`, `${type}.${field}`);
  }
});

t.test('every frame of the server and its fields have a section', async (t) => {
  for (const type of serverFrameTypes) {
    const text = section(type, frames);
    t.not(text, '', type);
    for (const field of fields(serverFrameSchemas[type])) t.match(text, `\`${field}`, `${type}.${field}`);
  }
});

t.test('every error code has a row, and no other has', async (t) => {
  const [, list = ''] = page.split('\n## Error codes\n');
  const [table = ''] = list.split('\n## ');
  const rows = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  t.same(rows.toSorted(), [...errorCodes].toSorted());
});

t.test('the limits are the ones in force', async (t) => {
  const [, list = ''] = page.split('\n## Limits\n');
  const [table = ''] = list.split('\n## ');
  const number = (value: number) => value.toLocaleString('en-US');
  const rows: [string, string][] = [
    ['TLS handshake', `${limits.handshakeMs / 1000} s`],
    ['sign-in', `${limits.signInMs / 1000} s`],
    ['silence', `${limits.deadMs / 1000} s`],
    [
      'body of a request',
      `${number(limits.frameUnsignedBytes)} bytes before sign-in, ${number(limits.frameBytes)}`,
    ],
    ['message', `${number(limits.messageBytes)} bytes of UTF-8, ${limits.messageLines} lines`],
    ['messages of one person', `${limits.messageBurst} at once, then ${limits.messagesPerSecond} a second`],
    ['requests of one', `${limits.requestBurst} at once, then ${limits.requestsPerSecond} a second`],
    ['unsent data of one', number(limits.queueBytes)],
    ['unsent data of all', number(limits.queueTotalBytes)],
    [
      'connections of one',
      `${limits.connectionsPerAddress} (configurable), ${limits.unsignedPerAddress} not`,
    ],
    ['connections that', `${limits.connectionsUnsigned} `],
    ['terminals', `${limits.terminalsPerName} `],
    ['wrong passwords of one address', `${limits.loginFailuresPerMinute} a minute`],
    ['wrong passwords of one account', `${limits.loginDelayMaxMs / 1000} s at most`],
    ['accounts made', `${limits.accountsPerHour} at once, then ${limits.accountsPerHour} an hour`],
    ['backlog', `${limits.backlog} messages`],
    ['messages of one conversation', number(limits.catchUp)],
    ['`history`', `${limits.historyPage} messages`],
    ['people told', `up to ${limits.presenceNamed} online`],
    ['password', `${limits.passwordMin} characters to ${limits.passwordMaxBytes} bytes`],
    ['reason', `${limits.reasonBytes} bytes`],
  ];
  for (const [start, value] of rows) {
    const row = table.split('\n').find((line) => line.startsWith(`| ${start} `) && line.includes(value));
    t.ok(row, `${start}: ${value}`);
  }
  t.match(page, number(limits.frameFromServerBytes));
});
