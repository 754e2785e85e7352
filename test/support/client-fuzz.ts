/** Front ends and connections of a client under a hostile server: whatever it sends and answers, in any order. */
import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { createJsonFrontEnd } from '../../lib/client/json/json.js';
import { createPlainFrontEnd } from '../../lib/client/plain/plain.js';
import { paint } from '../../lib/client/screen/picture.js';
import { render } from '../../lib/client/screen/render/render.js';
import type { DeliveryStatus, SessionEvent, SessionStatus } from '../../lib/client/session/session.js';
import type { ServerEvent } from '../../lib/client/wire/connection.js';
import { ConnectionLost } from '../../lib/client/wire/connection.js';
import { createWire } from '../../lib/client/wire/wire.js';
import { errorCodes } from '../../lib/protocol/errors.js';
import {
  parseServerFrame,
  type Reply,
  type ServerFrame,
  serverFrameSchemas,
  serverFrameTypes,
} from '../../lib/protocol/events.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { type Conversation, conversation } from '../../lib/protocol/records.js';
import { type ByteChange, byteChanges, changed, pieces } from './byte-changes.js';
import { createFakeSession } from './fake-session.js';
import { foreign } from './foreign-output.js';
import { anyText, type FieldValues, nearly, strangers, valuesOf } from './frame-arbitraries.js';
import { noTransfers } from './no-transfers.js';
import { createScreenScene } from './screen-scene.js';
import { plainAppearance } from './screens.js';
import { createStreams, settle, testTime } from './streams.js';
import { unsafe } from './unsafe.js';

const seqs = fc.oneof(fc.nat(60), fc.constantFrom(0, 1, 2 ** 53, 1e300));
const names = fc.oneof(fc.constantFrom('ana', 'ben', 'cleo', 'key-1'), anyText);
const times = fc.oneof(fc.constantFrom('2026-11-20T12:34:56.000Z', '+275760-09-13T00:00:00.001Z'), anyText);
const fields: FieldValues = {
  name: names,
  from: names,
  by: names,
  room: fc.oneof(fc.constantFrom('lobby', 'dev', '__proto__'), anyText),
  key: fc.oneof(fc.constantFrom('key-1', 'key-2'), anyText),
  at: times,
  until: times,
  expires: times,
  seq: seqs,
  of: seqs,
  last: seqs,
  read: seqs,
};
const frameOf = (type: keyof typeof serverFrameSchemas) =>
  valuesOf(serverFrameSchemas[type], fields) as fc.Arbitrary<ServerFrame>;

const events = fc.oneof(
  ...serverFrameTypes.filter((type) => type !== 'ok' && type !== 'error' && type !== 'hello').map(frameOf),
) as fc.Arbitrary<ServerEvent>;
/** To any request, whatever it asked for. */
export const hostileReplies = fc.oneof(
  { weight: 6, arbitrary: frameOf('ok') },
  { weight: 1, arbitrary: frameOf('error') },
) as fc.Arbitrary<Reply>;

const statuses: fc.Arbitrary<SessionStatus> = fc.oneof(
  fc.constantFrom<SessionStatus>({ state: 'online' }, { state: 'connecting' }),
  fc.record({ state: fc.constant('waiting' as const), inMs: fc.nat(100_000), why: anyText }),
);
const deliveries: fc.Arbitrary<DeliveryStatus> = fc.oneof(
  fc.record({ state: fc.constant('sending' as const), waitMs: fc.nat() }),
  fc.record({ state: fc.constant('sent' as const), seq: fc.nat() }),
  fc.record({
    state: fc.constant('failed' as const),
    code: fc.constantFrom(...errorCodes),
    message: anyText,
  }),
);
const conversations = fc.array(valuesOf(conversation, fields) as fc.Arbitrary<Conversation>, {
  maxLength: 5,
});

const happenings: fc.Arbitrary<SessionEvent> = fc.oneof(
  { weight: 8, arbitrary: events.map((event) => ({ kind: 'event' as const, event })) },
  statuses.map((status) => ({ kind: 'status' as const, status })),
  fc.record({ kind: fc.constant('synced' as const), first: fc.boolean(), conversations }),
  fc.record({
    kind: fc.constant('delivery' as const),
    key: fc.constantFrom('key-1', 'key-2', 'key-3'),
    delivery: deliveries,
  }),
);

/** What a person types, on a line or as a command. */
const typed = fc.oneof(
  fc.constantFrom(
    ...[
      'hello',
      '//x',
      '/me waves',
      '/msg ben psst',
      '/who',
      '/names',
      '/rooms',
      '/whois ben',
      '/history 50',
    ],
    ...['/history 2020-01-01', '/search hi', '/search', '/jump 5', '/files', '/window 2', '/join dev'],
    ...[
      '/leave',
      '/query ben',
      '/ignore ben',
      '/sessions',
      '/invites',
      '/bans',
      '/audit',
      '/blocks',
      '/help',
    ],
    ...['/topic x', '/edit x', '/delete', '/retry', '/clear', '/list', '/invite', '/reset ben', '/recovery'],
  ),
  fc.string({ maxLength: 20 }),
);
const keys = fc.constantFrom(
  ...[
    'enter',
    'tab',
    'up',
    'down',
    'pageup',
    'pagedown',
    'alt-home',
    'alt-end',
    'alt-a',
    'alt-left',
    'escape',
  ],
  ...['f8', 'ctrl-l', 'ctrl-r', 'alt-up', 'alt-down', 'alt-1', 'alt-2', 'ctrl-n', 'ctrl-p', 'backspace', 'y'],
);

type Step =
  | { readonly do: 'happen'; readonly event: SessionEvent }
  | { readonly do: 'type'; readonly text: string }
  | { readonly do: 'press'; readonly key: string };

export interface ClientRun {
  readonly steps: readonly Step[];
  /** To the requests, again and again. */
  readonly replies: readonly Reply[];
}

export const clientRuns: fc.Arbitrary<ClientRun> = fc.record({
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: happenings.map((event): Step => ({ do: 'happen', event })) },
      { weight: 2, arbitrary: typed.map((text): Step => ({ do: 'type', text })) },
      { weight: 2, arbitrary: keys.map((key): Step => ({ do: 'press', key })) },
    ),
    { minLength: 1, maxLength: 60, size: 'max' },
  ),
  replies: fc.array(hostileReplies, { minLength: 1, maxLength: 5 }),
});

/** Far more than anything needs that a person asks for. */
const mostRequests = 5_000;

function createAnswers({ replies: given }: ClientRun) {
  let count = 0;
  return {
    answer(): Reply {
      // Nothing else runs while a client asks and asks: this ends it, and `check` tells.
      if (++count > mostRequests) throw new ConnectionLost('the connection is lost');
      return given[count % given.length] as Reply;
    },
    check(): void {
      if (count > mostRequests) throw new Error('The client never stops asking.');
    },
  };
}

function mustBeSafe(output: string): void {
  const [found] = unsafe.exec(output) ?? [];
  if (found !== undefined) throw new Error(`Not for a terminal: ${JSON.stringify(found)} in ${output}`);
}

/** @throws if it does not end */
async function mustEnd(over: Promise<unknown>): Promise<void> {
  let ended = false;
  over.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  for (let turn = 0; turn < 1_000 && !ended; turn++) await settle(1);
  if (!ended) throw new Error('The person cannot quit.');
  await over;
}

export async function runPipe(kind: 'plain' | 'json', run: ClientRun): Promise<void> {
  const streams = createStreams();
  const { signal: stop } = new AbortController();
  const later: (() => void)[] = [];
  const frontEnd =
    kind === 'json'
      ? createJsonFrontEnd({ ...streams, stop })
      : createPlainFrontEnd({
          ...{ ...streams, stop, time: testTime, typed: false, openTransfers: noTransfers },
          later: (callback) => void later.push(callback),
        });
  const answers = createAnswers(run);
  const fake = createFakeSession({ listener: frontEnd.listener, answer: answers.answer, motd: '\x9b2J' });
  const over = frontEnd.run(fake.session);
  for (const step of run.steps) {
    if (step.do === 'happen') fake.happen(step.event);
    else if (step.do === 'type') streams.stdin.write(`${lineFor(kind, step.text)}\n`);
    else for (const callback of later.splice(0)) callback();
    if (step.do !== 'happen') await settle(2);
    mustBeSafe(streams.out() + streams.err());
    answers.check();
  }
  // Where the person waits for messages to be acknowledged.
  fake.synced();
  fake.deliverAll();
  streams.stdin.end(kind === 'json' ? '{"type":"quit"}\n' : '/quit\n');
  await mustEnd(over);
  answers.check();
  mustBeSafe(streams.out() + streams.err());
}

function lineFor(kind: 'plain' | 'json', text: string): string {
  const [type = '', ...words] = text.split(/[/ ]/).filter((word) => word !== '');
  return kind === 'json' ? JSON.stringify({ type, room: words[0] ?? 'lobby', id: 1 }) : text;
}

export async function runScreen(run: ClientRun): Promise<void> {
  const answers = createAnswers(run);
  const scene = createScreenScene({ answer: answers.answer });
  for (const step of run.steps) {
    if (step.do === 'happen') scene.happen(step.event);
    else if (step.do === 'press') scene.press(step.key);
    else scene.press(step.text, 'enter');
    if (step.do !== 'happen') await settle(2);
    for (const callback of scene.due.splice(0)) callback();
    const output = paint(undefined, render(scene.store.state, plainAppearance));
    const [found] = foreign(output);
    if (found !== undefined) throw new Error(`Not for a terminal: ${found}`);
    answers.check();
  }
  await settle(20);
  answers.check();
  scene.press('escape', 'ctrl-c', 'ctrl-c', 'y');
  if (!/person|interrupt/.test(scene.left.at(-1) ?? '')) throw new Error('The person cannot quit.');
}

export interface WireRun {
  readonly frames: readonly object[];
  readonly changes: readonly ByteChange[];
  readonly sizes: readonly number[];
}

export const wireRuns: fc.Arbitrary<WireRun> = fc.record({
  frames: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.oneof(...serverFrameTypes.map(frameOf)) },
      { weight: 2, arbitrary: nearly(fc.oneof(...serverFrameTypes.map(frameOf))) },
      strangers,
    ),
    { minLength: 1, maxLength: 20, size: 'max' },
  ),
  changes: fc.array(byteChanges, { maxLength: 4 }),
  sizes: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
});

export function damaged({ frames, changes }: WireRun): Buffer {
  return changed(frames.map(encodeFrame), changes);
}

/** The bytes of a server through a client's wire: each frame that arrives is one of the protocol, or it is over. */
export async function runWire(run: WireRun): Promise<void> {
  const [stream, server] = duplexPair();
  let over = false;
  const wire = createWire(stream, {
    frame(frame) {
      if (over) throw new Error('A frame after the end.');
      if (parseServerFrame(frame) === undefined) throw new Error('A frame of no known type.');
    },
    heard() {},
  });
  void wire.closed.then(() => {
    over = true;
  });
  server.on('error', () => {});
  for (const piece of pieces(damaged(run), run.sizes)) server.write(piece);
  await settle(3);
  wire.destroy();
  await wire.closed;
}
