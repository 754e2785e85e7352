import { execFile } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createAddresses } from '../../../lib/client/session/addresses.js';
import type { SessionEvent, SessionOptions } from '../../../lib/client/session/session.js';
import { startSession } from '../../../lib/client/session/start-session.js';
import { ProtocolError } from '../../../lib/protocol/errors.js';
import { alpn, fileAlpn } from '../../../lib/protocol/events.js';
import { encodeFrame, type PausedStream, readFrame } from '../../../lib/protocol/frame.js';
import type { Message } from '../../../lib/protocol/records.js';
import { type Endpoint, formatEndpoint } from '../../../lib/trust/endpoint.js';
import { makeCertificate } from '../../support/certificate.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { message, type Peer, type ServerOptions, startFakeServer } from '../../support/fake-server.js';
import { createFeed } from '../../support/feed.js';
import { helloOf } from '../../support/hello.js';

const certificate = await makeCertificate();
const other = await makeCertificate();
const credentials = { how: 'sign-in', name: 'ada', password: 'correct horse' } as const;

type Wanted = Partial<Omit<SessionOptions, 'endpoint' | 'listener'>> & {
  /** Further addresses of the chat, after that of the server. */
  readonly others?: readonly Endpoint[];
};

/** A server, a clock, and everything a session needs but its start. */
async function prepare(t: Test, { others = [], ...wanted }: Wanted = {}, how: ServerOptions = {}) {
  const server = await startFakeServer(certificate, how);
  t.teardown(server.close);
  const clock = createFakeClock();
  const events = createFeed<SessionEvent>();
  const options: SessionOptions = {
    endpoint: others.length > 0 ? createAddresses({ given: [server.endpoint, ...others] }) : server.endpoint,
    verify: async () => {},
    credentials,
    retryMs: Number.POSITIVE_INFINITY,
    listener: events.put,
    ...wanted,
  };
  let keys = 0;
  const makeKey = () => {
    keys += 1;
    return `own-${keys}`;
  };
  const start = () => startSession(options, { clock, random: () => 0.5, makeKey });
  const synced = () => events.until((event) => event.kind === 'synced');
  const status = async (state: string) => {
    const found = await events.until(({ kind, ...rest }) => {
      return kind === 'status' && (rest as { status: { state: string } }).status.state === state;
    });
    return (found as Extract<SessionEvent, { kind: 'status' }>).status;
  };
  /** Lets the waiting time pass. */
  const retry = async () => {
    const waiting = await status('waiting');
    clock.advance(waiting.state === 'waiting' ? waiting.inMs : 0);
    return waiting;
  };
  return { server, clock, events, start, synced, status, retry };
}

/** A session that is online, with its server's side. */
async function online(t: Test, wanted: Wanted = {}, how: ServerOptions = {}) {
  const scene = await prepare(t, wanted, how);
  const starting = scene.start();
  const peer = await scene.server.peer();
  await peer.admit();
  const session = await starting;
  t.teardown(() => session.quit());
  await peer.sync();
  await scene.synced();
  return { ...scene, session, peer };
}

/** The next frame of this type. */
async function until(peer: Peer, type: string) {
  for (;;) {
    const frame = await peer.next();
    if (frame.type === type) return frame;
  }
}

function seqs(events: readonly SessionEvent[]): number[] {
  return events.flatMap((it) => (it.kind === 'event' && it.event.type === 'message' ? it.event.seq : []));
}

function deliveries(events: readonly SessionEvent[]) {
  return events.flatMap((it) => (it.kind === 'delivery' ? [[it.key, it.delivery.state]] : []));
}

/** The server's copy of a message that ada said. */
function copy(said: Record<string, unknown>, seq: number): Message {
  return message(seq, { from: 'ada', key: String(said.key), text: String(said.text) });
}

t.test('signing in', async (t) => {
  t.test('keeps the token before anything else is sent, then catches up', async (t) => {
    const kept: string[] = [];
    let tokenKept = () => {};
    const keeping = new Promise<void>((resolve) => {
      tokenKept = resolve;
    });
    const keepToken = (token: string) => {
      kept.push(token);
      return keeping;
    };
    const scene = await prepare(t, { keepToken, mode: 'attach', remember: true });
    const starting = scene.start();
    const peer = await scene.server.peer();
    const conversations = [{ room: 'lobby', last: 2, read: 0, unread: 0, mentions: 0 }];
    t.same(await peer.admit({ conversations }), {
      type: 'sign-in',
      id: 1,
      name: 'ada',
      password: 'correct horse',
      mode: 'attach',
      remember: true,
    });
    while (kept.length === 0) await new Promise(setImmediate);
    t.same(kept, ['token-1']);
    t.equal(peer.frames.length, 1);
    tokenKept();
    const session = await starting;
    t.match(session, { name: 'ada', role: 'member', hello: { server: 'test' } });
    t.same(await peer.sync(message(1), message(2)), { type: 'sync', id: 2 });
    t.same(await scene.synced(), { kind: 'synced', first: true, conversations });
    t.same(
      scene.events.all.map((it) => (it.kind === 'status' ? it.status.state : it.kind)),
      ['connecting', 'event', 'event', 'online', 'synced'],
    );
    await session.quit();
  });

  t.test('registers with the code of a link', async (t) => {
    const { start, server } = await prepare(t, {
      credentials: { how: 'register', name: 'ada', password: 'correct horse', code: 'c0de' },
    });
    const starting = start();
    const peer = await server.peer();
    t.match(await peer.admit(), { type: 'register', name: 'ada', password: 'correct horse', code: 'c0de' });
    await (await starting).quit();
  });

  t.test('rejects with the code of the refusal', async (t) => {
    for (const code of ['wrong-credentials', 'name-in-use', 'too-many-attempts', 'session-expired']) {
      const { start, server, clock } = await prepare(t, { credentials: { how: 'resume', token: 'old' } });
      const starting = start();
      const peer = await server.peer();
      const request = await peer.next();
      t.match(request, { type: 'resume', token: 'old' });
      peer.error(request, code, { retryAfter: 7 });
      const error = await starting.catch((refusal) => refusal);
      t.ok(error instanceof ProtocolError);
      t.match(error, { code, retryAfter: 7 });
      await peer.closed;
      t.equal(clock.pending, 0);
    }
  });

  t.test('fails with the connection when no reply comes', async (t) => {
    const { start, server, clock } = await prepare(t, {
      credentials: { how: 'register', name: 'ada', password: 'correct horse' },
    });
    const starting = start();
    const peer = await server.peer();
    await peer.next();
    peer.destroy();
    await t.rejects(starting, { code: 'connection-lost' });
    t.equal(server.connections, 1);
    t.equal(clock.pending, 0);
  });

  t.test('rejects if no server listens, if it is not trusted, and if the token cannot be kept', async (t) => {
    const nobody = await prepare(t);
    await nobody.server.close();
    await t.rejects(nobody.start(), { code: 'unreachable' });

    const no = new Error('no');
    const distrusting = await prepare(t, { verify: () => Promise.reject(no) });
    t.equal(await distrusting.start().catch((error) => error), no);

    const full = new Error('disk full');
    const forgetful = await prepare(t, { keepToken: () => Promise.reject(full) });
    const starting = forgetful.start();
    const peer = await forgetful.server.peer();
    await peer.admit();
    t.equal(await starting.catch((error) => error), full);
    await peer.closed;
    t.equal(peer.frames.length, 1);
  });
});

t.test('a lost connection', async (t) => {
  t.test('resumes with the newest token, after the last seq of each conversation', async (t) => {
    const kept: string[] = [];
    const keepToken = async (token: string) => void kept.push(token);
    const scene = await online(t, { keepToken });
    const { server, events, session } = scene;
    scene.peer.send(message(3), message(4, { to: 'ada' }), message(6, { from: 'ada', to: 'eve' }));
    await events.until((it) => it.kind === 'event' && it.event.type === 'message' && it.event.seq === 6);
    scene.peer.destroy();
    t.match(await scene.retry(), { inMs: 375 });

    const second = await server.peer();
    const counts = { read: 0, unread: 0, mentions: 0 };
    const conversations = [
      { room: 'lobby', last: 5, ...counts },
      { with: 'eve', last: 7, ...counts },
    ];
    t.same(await second.admit({ token: 'token-2', conversations }), {
      type: 'resume',
      id: 1,
      token: 'token-1',
    });
    const request = await second.sync(
      message(3),
      message(5),
      message(4, { to: 'ada' }),
      message(7, { from: 'eve', to: 'ada' }),
    );
    t.match(request, { rooms: { lobby: 3 }, direct: { bob: 4, eve: 6 } });
    t.match(await scene.synced(), { first: false });
    t.same(seqs(events.all), [3, 4, 6, 5, 7], 'no gap, nothing twice');
    second.destroy();
    await scene.retry();
    t.match(await (await server.peer()).admit(), { type: 'resume', token: 'token-2' });
    while (kept.length < 3) await new Promise(setImmediate);
    t.same(kept, ['token-1', 'token-2', 'token-1']);
    await session.quit();
  });

  t.test('brings all of a conversation that was empty before', async (t) => {
    const { server, start, synced, retry } = await prepare(t);
    const starting = start();
    const first = await server.peer();
    const conversations = [{ room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 }];
    await first.admit({ conversations });
    const session = await starting;
    await first.sync();
    await synced();
    first.destroy();
    await retry();
    const second = await server.peer();
    await second.admit({ conversations });
    t.match(await second.sync(), { rooms: { lobby: 0 } });
    await session.quit();
  });

  t.test('waits longer each time, up to 15 s, and starts over after a steady connection', async (t) => {
    const scene = await online(t);
    const waits: number[] = [];
    let peer = scene.peer;
    const lose = async () => {
      peer.destroy();
      const waiting = await scene.retry();
      waits.push(waiting.state === 'waiting' ? waiting.inMs : 0);
      peer = await scene.server.peer();
    };
    for (let tries = 0; tries < 8; tries += 1) await lose();
    t.same(waits, [375, 625, 1125, 2125, 4125, 7625, 7625, 7625]);
    await peer.admit();
    await peer.sync();
    await scene.synced();
    scene.clock.advance(5_000);
    await lose();
    t.equal(waits.at(-1), 375);
    await scene.session.quit();
  });

  t.test('is noticed within 20 s of a message without an answer, and taken back with it', async (t) => {
    for (const before of [0, 2_500, 6_500]) {
      const { session, peer, clock, events, status } = await online(t);
      clock.advance(before);
      session.say({ room: 'lobby', text: 'hello?' });
      const said = await until(peer, 'say');
      clock.advance(3_000);
      await status('late');
      clock.advance(8_000);
      await status('no-answer');
      t.notOk(
        events.all.slice(-2).some((it) => it.kind === 'status' && it.status.state === 'online'),
        'and nothing was claimed meanwhile',
      );
      peer.ok(await until(peer, 'ping'));
      peer.send(copy(said, 1));
      await status('online');
      await session.quit();
    }
  });

  t.test('is tried at once on request, once a second has passed', async (t) => {
    const { session, server, status, retry, synced, clock, ...first } = await online(t);
    t.equal(session.reconnect(), false, 'there is nothing to do');
    let { peer } = first;
    for (let tries = 0; tries < 3; tries += 1) {
      peer.destroy();
      await retry();
      peer = await server.peer();
    }
    peer.destroy();
    t.match(await status('waiting'), { inMs: 2_125, canHurry: true });
    t.equal(session.reconnect(), true);
    t.match(await status('waiting'), { inMs: 1_000 });
    clock.advance(1_000);
    const again = await server.peer();
    await again.admit();
    await again.sync();
    await synced();
    t.equal(session.reconnect(), false);
  });

  t.test('is given up after retryMs', async (t) => {
    const scene = await online(t, { retryMs: 1_000 });
    await scene.server.close();
    await scene.retry();
    t.match(await scene.retry(), { why: /is the server running/ });
    t.match(await scene.status('ended'), { end: { why: 'lost' } });
    t.equal(scene.clock.ticks(), 1_000);
    t.equal(scene.clock.pending, 0);
    await t.rejects(scene.session.ask({ type: 'who' }), { code: 'connection-lost' });
  });

  t.test('is retried when the server shut down or dropped a slow consumer', async (t) => {
    for (const code of ['shutting-down', 'slow-consumer', 'timed-out']) {
      const scene = await online(t);
      scene.peer.send({ type: 'closing', code, message: 'bye', retryAfter: 4_000 });
      t.match(await scene.retry(), { inMs: 4_000 });
      t.match(await (await scene.server.peer()).admit(), { type: 'resume' });
      await scene.session.quit();
    }
  });

  t.test('is not retried when the session was taken over', async (t) => {
    for (const code of ['taken-over', 'signed-out']) {
      const scene = await online(t);
      scene.peer.send({ type: 'closing', code, message: 'bye' });
      t.match(await scene.status('ended'), { end: { why: 'refused', code, message: 'bye' } });
      t.equal(scene.server.connections, 1);
      t.equal(scene.clock.pending, 0);
      await scene.session.settled();
      await scene.session.quit();
    }
  });

  t.test('is the reply to a logout, and ends the session', async (t) => {
    const { session, peer, status } = await online(t);
    const asking = session.ask({ type: 'logout', all: true });
    await peer.next();
    peer.send({ type: 'closing', code: 'signed-out', message: 'You logged out.' });
    t.match(await asking, { type: 'ok' });
    t.match(await status('ended'), { end: { why: 'logged-out', message: 'You logged out.' } });
  });

  t.test('for another reason is no reply to a logout', async (t) => {
    const { session, peer, status } = await online(t);
    const asking = t.rejects(session.ask({ type: 'logout' }), { code: 'connection-lost' });
    await peer.next();
    peer.send({ type: 'closing', code: 'banned', message: 'bye' });
    await asking;
    t.match(await status('ended'), { end: { why: 'refused', code: 'banned' } });
  });

  t.test('ends the session, without a byte, when the key has changed', async (t) => {
    const distrust = new Error('the key changed');
    const scene: Awaited<ReturnType<typeof online>> = await online(t, {
      verify: async ({ pin }) => {
        if (pin === certificate.pin) return;
        impostor = await scene.server.peer();
        throw distrust;
      },
    });
    let impostor: Peer | undefined;
    scene.session.say({ room: 'lobby', text: 'secret' });
    await scene.peer.next();
    scene.server.present(other);
    scene.peer.destroy();
    await scene.retry();
    t.match(await scene.status('ended'), { end: { why: 'distrusted', error: distrust } });
    await impostor?.closed;
    t.equal(impostor?.bytes, 0);
    t.equal(scene.clock.pending, 0);
  });

  t.test('signs in by password where the token has expired, without taking over', async (t) => {
    const scene = await online(t, { mode: 'take-over' });
    scene.peer.destroy();
    await scene.retry();
    const peer = await scene.server.peer();
    peer.error(await peer.next(), 'session-expired');
    t.same(await peer.admit({ token: 'token-2' }), {
      type: 'sign-in',
      id: 2,
      name: 'ada',
      password: 'correct horse',
    });
    await peer.sync();
    t.match(await scene.synced(), { first: false });
    await scene.session.quit();
  });

  t.test('signs in by password after a registration', async (t) => {
    const { server, start, retry } = await prepare(t, {
      credentials: { how: 'register', name: 'ada', password: 'correct horse' },
    });
    const starting = start();
    const first = await server.peer();
    await first.admit();
    const session = await starting;
    first.destroy();
    await retry();
    const second = await server.peer();
    second.error(await second.next(), 'session-expired');
    t.match(await second.next(), { type: 'sign-in', name: 'ada' });
    await session.quit();
  });

  t.test('ends the session when the server refuses it', async (t) => {
    const scene = await online(t, { credentials: { how: 'resume', token: 'token-0' } });
    scene.peer.destroy();
    await scene.retry();
    const peer = await scene.server.peer();
    peer.error(await peer.next(), 'session-expired');
    t.match(await scene.status('ended'), { end: { why: 'refused', code: 'session-expired' } });
    t.equal(scene.clock.pending, 0);
  });

  t.test('waits as long as a busy server says', async (t) => {
    const scene = await online(t);
    scene.peer.destroy();
    for (const code of ['busy', 'too-many-attempts', 'too-many-connections', 'internal', 'no-space']) {
      await scene.retry();
      const peer = await scene.server.peer();
      peer.error(await peer.next(), code, { retryAfter: 60_000 });
    }
    t.match(await scene.retry(), { inMs: 60_000 });
    const peer = await scene.server.peer();
    await peer.admit();
    peer.error(await peer.next(), 'busy', { retryAfter: 50_000 });
    t.match(await scene.retry(), { inMs: 50_000 });
    await scene.session.quit();
  });

  t.test('is noticed when the server stops responding', async (t) => {
    const scene = await online(t);
    scene.clock.advance(7_000);
    t.match(await scene.peer.next(), { type: 'ping' });
    scene.clock.advance(68_000);
    await scene.retry();
    t.match(await (await scene.server.peer()).admit(), { type: 'resume' });
    await scene.session.quit();
  });

  t.test('is given up as soon as the server greets on another', async (t) => {
    const { server, clock, session, peer, events, status, retry } = await online(t);
    session.say({ room: 'lobby', text: 'into the silence' });
    const said = await peer.next();
    clock.advance(11_000);
    await status('no-answer');
    clock.advance(1_250);
    const other = await server.peer();
    await other.closed;
    t.same(other.frames, [], 'nothing is sent on that one');
    const isWaiting = (it: SessionEvent) => it.kind === 'status' && it.status.state === 'waiting';
    while (!events.all.some(isWaiting)) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
    t.match(await retry(), { why: /stopped responding/ });
    const next = await server.peer();
    t.match(await next.admit(), { type: 'resume' });
    await next.sync();
    t.match(await next.next(), { type: 'say', key: said.key }, 'and what was not acknowledged is sent again');
  });

  t.test('ends the session when a token cannot be kept', async (t) => {
    let full = false;
    const keepToken = async () => {
      if (full) throw new Error('disk full');
    };
    const scene = await online(t, { keepToken });
    full = true;
    scene.peer.destroy();
    await scene.retry();
    await (await scene.server.peer()).admit();
    t.match(await scene.status('ended'), { end: { why: 'lost', message: 'disk full' } });
  });
});

function room(name: string, last: number) {
  return { room: name, last, read: 0, unread: 0, mentions: 0 };
}

t.test('a chat with several servers', async (t) => {
  /** A further server of the chat. */
  const another = async (t: Test, how: ServerOptions = {}) => {
    const server = await startFakeServer(certificate, how);
    t.teardown(server.close);
    return { server, address: formatEndpoint(server.endpoint) };
  };
  const closing = { type: 'closing', code: 'shutting-down', message: 'bye' } as const;
  const statuses = (events: readonly SessionEvent[]) =>
    events.flatMap((it) => (it.kind === 'status' ? [it.status] : []));

  t.test('is resumed at the next address where the one in use is gone', async (t) => {
    const { server: second, address } = await another(t, { ALPNProtocols: [alpn, fileAlpn] });
    const { server, events, session, retry, status, synced } = await online(t, { others: [second.endpoint] });
    const first = formatEndpoint(server.endpoint);
    await server.close();
    await retry();
    const peer = await second.peer();
    t.match(await peer.admit(), { type: 'resume', token: 'token-1' });
    await peer.sync();
    await synced();
    t.match(statuses(events.all).slice(-4), [
      { state: 'waiting' },
      { state: 'connecting', address: first },
      { state: 'connecting', address, why: /refused/ },
      { state: 'online', address },
    ]);
    const file = await session.openFileConnection(new AbortController().signal);
    t.equal((await second.peer()).alpnProtocol, fileAlpn, 'files go to the same server');
    file.destroy();

    peer.destroy();
    await retry();
    t.match(await (await second.peer()).admit(), { type: 'resume' }, 'the one in use is tried first');
    t.match(await status('connecting'), { address });
  });

  t.test('goes to the next server without a wait when one shuts down, once in five seconds', async (t) => {
    const { server: second, address } = await another(t);
    const { server, clock, events, peer, synced, retry } = await online(t, { others: [second.endpoint] });
    const before = clock.ticks();
    peer.send(closing);
    const next = await second.peer();
    t.match(await next.admit(), { type: 'resume' });
    await next.sync();
    await synced();
    t.equal(clock.ticks(), before);
    t.match(statuses(events.all).slice(-2), [
      { state: 'connecting', address, why: /bye/ },
      { state: 'online', address },
    ]);
    next.send(closing);
    t.match(await retry(), { why: /bye/ });
    const third = await server.peer();
    await third.admit();
    await third.sync();
    await synced();
    clock.advance(5_000);
    third.send(closing);
    await (await second.peer()).admit();
  });

  t.test('waits after a round in which no server let it in', async (t) => {
    const { server: second } = await another(t, { greet: false });
    const { server, peer, events, retry } = await online(t, { others: [second.endpoint] });
    peer.send(closing);
    (await second.peer()).send({ ...closing, retryAfter: 3_000 });
    const again = await server.peer();
    again.error(await again.next(), 'server-full');
    t.match(await retry(), { inMs: 3_000 }, 'as long as one of them asked for');
    const next = await second.peer();
    next.send(helloOf());
    await next.admit();
    t.equal(statuses(events.all).filter(({ state }) => state === 'waiting').length, 1);
  });

  t.test('is found by what its servers tell, and only by what they told last', async (t) => {
    const { server: second } = await another(t, { greet: false });
    const { server: third } = await another(t);
    const { server, start, retry, status } = await prepare(t, {}, { greet: false });
    const starting = start();
    const first = await server.peer();
    first.send(helloOf({ peers: [formatEndpoint(second.endpoint), 'no address'] }));
    await first.admit();
    const session = await starting;
    await server.close();
    await retry();
    const peer = await second.peer();
    peer.send(helloOf({ peers: [formatEndpoint(third.endpoint)] }));
    await peer.admit();
    await peer.sync();
    await status('online');
    await second.close();
    await retry();
    await (await third.peer()).admit();
    await session.quit();
  });

  t.test('ends the session where one of them has another key, and tries no further', async (t) => {
    const distrust = new Error('not its key');
    const impostor = await startFakeServer(other);
    t.teardown(impostor.close);
    const { server: third } = await another(t);
    const verify = async ({ pin, endpoint }: { pin: string; endpoint: Endpoint }) => {
      if (pin === certificate.pin) return;
      t.same(endpoint, impostor.endpoint);
      visit = await impostor.peer();
      throw distrust;
    };
    let visit: Peer | undefined;
    const others = [impostor.endpoint, third.endpoint];
    const { peer, status, clock } = await online(t, { others, verify });
    peer.send(closing);
    t.match(await status('ended'), { end: { why: 'distrusted', error: distrust } });
    await visit?.closed;
    t.equal(visit?.bytes, 0);
    t.equal(third.connections, 0);
    t.equal(clock.pending, 0);
  });

  t.test('is resumed elsewhere where a server does not answer', async (t) => {
    const { server: second } = await another(t);
    const { server, clock, session, events, status, retry, ...first } = await online(t, {
      others: [second.endpoint],
    });
    session.say({ room: 'lobby', text: 'into the silence' });
    const said = await first.peer.next();
    clock.advance(11_000);
    await status('no-answer');
    clock.advance(1_250);
    const probe = await second.peer();
    await probe.closed;
    t.same(probe.frames, []);
    const isWaiting = (it: SessionEvent) => it.kind === 'status' && it.status.state === 'waiting';
    while (!events.all.some(isWaiting)) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
    await retry();
    const next = await second.peer();
    await next.admit();
    await next.sync();
    t.match(await next.next(), { type: 'say', key: said.key });
    t.equal(server.connections, 1, 'the one that is silent is not asked again');
  });

  t.test('creates an account where a server can be reached, and never tries that twice', async (t) => {
    const register = { how: 'register', name: 'ada', password: 'correct horse' } as const;
    const { server: second } = await another(t);
    const scene = await prepare(t, { credentials: register, others: [second.endpoint] });
    await scene.server.close();
    const starting = scene.start();
    t.match(await (await second.peer()).admit(), { type: 'register' });
    await (await starting).quit();

    const lost = await prepare(t, { credentials: register, others: [second.endpoint] });
    const failing = lost.start();
    const peer = await lost.server.peer();
    t.match(await peer.next(), { type: 'register' });
    peer.destroy();
    await t.rejects(failing, { code: 'connection-lost' });
    t.equal(second.connections, 1);
  });
});

t.test('rooms', async (t) => {
  const topic = (seq: number, name: string) => {
    return { type: 'topic', seq, room: name, from: 'bob', at: '2030-01-01T00:00:00.000Z', topic: 'x' };
  };
  const again = async (scene: Awaited<ReturnType<typeof online>>, ...rooms: ReturnType<typeof room>[]) => {
    scene.peer.destroy();
    await scene.retry();
    const peer = await scene.server.peer();
    await peer.admit({ conversations: rooms });
    return peer;
  };

  t.test('each entry is reported once, across a reconnection', async (t) => {
    const scene = await online(t);
    const edited = { ...topic(5, 'lobby'), type: 'edited', of: 3, text: 'x' };
    scene.peer.send(message(4), edited, edited, topic(6, 'lobby'), message(6), message(7));
    await scene.events.until(
      (it) => it.kind === 'event' && it.event.type === 'message' && it.event.seq === 7,
    );
    const told = scene.events.all.flatMap((it) => (it.kind === 'event' ? [it.event.type] : []));
    t.same(told, ['message', 'edited', 'topic', 'message']);
    const second = await again(scene, room('lobby', 7));
    t.same(await second.next(), { type: 'sync', id: 2, rooms: { lobby: 7 } });
    await scene.session.quit();
  });

  t.test('a joined room begins at its newest entry; a room that was left is forgotten', async (t) => {
    const scene = await online(t);
    scene.peer.send(
      { type: 'room', conversation: room('attic', 40) },
      { type: 'room', conversation: room('cellar', 41) },
      message(40, { room: 'attic' }),
      message(42, { room: 'attic' }),
      { type: 'room', conversation: room('attic', 90) },
      { type: 'parted', room: 'cellar' },
    );
    await scene.events.until((it) => it.kind === 'event' && it.event.type === 'parted');
    t.same(seqs(scene.events.all), [42]);
    const second = await again(scene, room('lobby', 0), room('attic', 60), room('cellar', 41));
    t.same(await second.sync(), { type: 'sync', id: 2, rooms: { attic: 42 } });
    await scene.synced();
    second.destroy();
    await scene.retry();
    const third = await scene.server.peer();
    await third.admit({ conversations: [room('lobby', 0), room('attic', 8)] });
    t.same(await third.next(), { type: 'sync', id: 2, rooms: { lobby: 0 } }, 'another room of that name');
    await scene.session.quit();
  });

  t.test('a change during the catch-up is part of it', async (t) => {
    const keeping = createFeed<string>();
    let kept = () => {};
    const keepToken = (token: string) =>
      new Promise<void>((resolve) => {
        kept = resolve;
        keeping.put(token);
      });
    const scene = await prepare(t, { keepToken });
    const starting = scene.start();
    const peer = await scene.server.peer();
    const signIn = await peer.next();
    const conversations = [room('lobby', 3), room('cellar', 2)];
    peer.send(
      { type: 'ok', re: signIn.id, name: 'ada', role: 'member', token: 'token-1', conversations },
      { type: 'invited', room: 'den', by: 'bob' },
      { type: 'room', conversation: room('attic', 9) },
      { type: 'rules', room: 'lobby', by: 'bob', rules: { locked: true } },
      { type: 'joined', room: 'lobby', name: 'bob' },
    );
    await keeping.next();
    t.equal(peer.frames.length, 1);
    kept();
    const session = await starting;
    const request = await peer.next();
    t.same(request, { type: 'sync', id: 2 });
    peer.send({ type: 'parted', room: 'cellar' }, message(10, { room: 'attic' }));
    peer.ok(request);
    t.same(await scene.synced(), {
      kind: 'synced',
      first: true,
      conversations: [room('lobby', 3), room('attic', 9)],
    });
    await scene.events.until((it) => it.kind === 'event' && it.event.type === 'parted');
    t.same(
      scene.events.all.map((it) => (it.kind === 'event' ? it.event.type : it.kind)),
      ['status', 'message', 'status', 'synced', 'invited', 'room', 'rules', 'parted'],
    );
    peer.destroy();
    await scene.retry();
    const second = await scene.server.peer();
    await second.admit({ conversations: [room('lobby', 3), room('cellar', 2), room('attic', 10)] });
    await keeping.next();
    kept();
    await second.next();
    t.same(second.frames[1], { type: 'sync', id: 2, rooms: { attic: 10, lobby: 3 } });
    await session.quit();
  });
});

t.test('a file connection', async (t) => {
  const files: ServerOptions = { ALPNProtocols: [alpn, fileAlpn] };
  const dialled = async (t: Test, wanted: Wanted = {}, how = files) => {
    const scene = await online(t, wanted, how);
    const abort = new AbortController();
    return { ...scene, abort, opening: scene.session.openFileConnection(abort.signal) };
  };

  t.test('is verified, and the client sends first', async (t) => {
    const shown: string[] = [];
    const verify = async ({ pin }: { pin: string }) => void shown.push(pin);
    const { server, opening } = await dialled(t, { verify }, files);
    const connection = await opening;
    const peer = await server.peer();
    t.same(shown, [certificate.pin, certificate.pin]);
    t.equal(peer.alpnProtocol, fileAlpn);
    t.equal(peer.bytes, 0);
    connection.write(encodeFrame({ type: 'upload' }));
    t.same(await peer.next(), { type: 'upload' });
    peer.send({ type: 'ready' });
    peer.raw('bytes');
    t.same(await readFrame(connection as Duplex & PausedStream, 100), { type: 'ready' });
    await new Promise((resolve) => connection.once('readable', resolve));
    t.equal(String(connection.read()), 'bytes');
    connection.destroy();
  });

  t.test('gets not a byte when the key has changed', async (t) => {
    const distrust = new Error('the key changed');
    const scene: Awaited<ReturnType<typeof online>> = await online(
      t,
      {
        verify: async ({ pin }) => {
          if (pin === certificate.pin) return;
          impostor = await scene.server.peer();
          throw distrust;
        },
      },
      files,
    );
    let impostor: Peer | undefined;
    scene.server.present(other);
    const opening = scene.session.openFileConnection(new AbortController().signal);
    t.equal(await opening.catch((error) => error), distrust);
    await impostor?.closed;
    t.equal(impostor?.bytes, 0);
  });

  t.test('is refused by a server without file connections, and can be aborted', async (t) => {
    const none = await dialled(t, {}, {});
    await t.rejects(none.opening, { code: 'not-secure-chat', message: /secure-chat-file\/1/ });
    const never = new Promise<void>(() => {});
    let first = true;
    const verify = () => {
      const verdict = first ? Promise.resolve() : never;
      first = false;
      return verdict;
    };
    const { abort, opening, session } = await dialled(t, { verify });
    abort.abort(new Error('enough'));
    await t.rejects(opening, { message: 'enough' });
    const leaving = session.openFileConnection(new AbortController().signal);
    const refused = t.rejects(leaving, { name: 'AbortError' });
    await session.quit();
    await refused;
  });
});

t.test('sending', async (t) => {
  t.test('sends one message after the other', async (t) => {
    const { session, peer, events } = await online(t);
    const keys = [1, 2, 3].map((number) => session.say({ room: 'lobby', text: `${number}` }));
    const first = await peer.next();
    t.same(first, { type: 'say', id: 3, room: 'lobby', text: '1', key: keys[0] });
    peer.send(message(1), copy(first, 2));
    const second = await peer.next();
    t.equal(second.text, '2');
    peer.ok(second, { seq: 3 });
    const third = await peer.next();
    t.equal(peer.frames.length, 5, 'never two at a time');
    peer.error(third, 'no-such-room');
    await session.settled();
    t.same(deliveries(events.all), [
      [keys[0], 'sent'],
      [keys[1], 'sent'],
      [keys[2], 'failed'],
    ]);
    t.same(seqs(events.all), [1, 2]);
  });

  t.test('keeps the order across a slow-down', async (t) => {
    const { session, peer, events, clock } = await online(t);
    const keys = [1, 2].map((number) => session.say({ to: 'bob', text: `${number}` }));
    const first = await peer.next();
    peer.error(first, 'rate-limited', { retryAfter: 700 });
    await events.until((it) => it.kind === 'delivery' && it.delivery.state === 'sending');
    clock.advance(699);
    t.equal(peer.frames.length, 3);
    clock.advance(1);
    const again = await peer.next();
    t.match(again, { text: '1', key: first.key });
    peer.ok(again, { seq: 1 });
    peer.ok(await peer.next(), { seq: 2 });
    await session.settled();
    t.same(deliveries(events.all), [
      [keys[0], 'sending'],
      [keys[0], 'sent'],
      [keys[1], 'sent'],
    ]);
  });

  t.test('sends unacknowledged messages again, with their keys', async (t) => {
    const scene = await online(t);
    const { session, server, events } = scene;
    const key = session.say({ room: 'lobby', text: 'hi' });
    const first = await scene.peer.next();
    scene.peer.destroy();
    const later = session.say({ room: 'lobby', text: 'later' });
    await scene.retry();
    const second = await server.peer();
    await second.admit();
    await second.sync();
    const again = await second.next();
    t.match(again, { type: 'say', text: 'hi', key: first.key });
    second.send({ type: 'ok', re: again.id, seq: 9 }, copy(again, 9));
    second.ok(await second.next(), { seq: 10 });
    await session.settled();
    t.same(deliveries(events.all), [
      [key, 'sent'],
      [later, 'sent'],
    ]);
    t.same(seqs(events.all), [9]);
  });

  t.test('does not send a message again that the catch-up brought', async (t) => {
    const scene = await online(t);
    const { session, server, events } = scene;
    const key = session.say({ room: 'lobby', text: 'hi' });
    const first = await scene.peer.next();
    scene.peer.destroy();
    await scene.retry();
    const second = await server.peer();
    await second.admit();
    await second.sync(message(3, { key: String(first.key) }), copy(first, 4));
    await session.settled();
    const who = session.ask({ type: 'who' });
    const request = await second.next();
    t.match(request, { type: 'who' });
    second.ok(request, { people: [] });
    t.match(await who, { people: [] });
    t.same(deliveries(events.all), [[key, 'sent']]);
    t.same(seqs(events.all), [3, 4]);
  });

  t.test('is settled when the session ends', async (t) => {
    const scene = await online(t);
    scene.peer.destroy();
    await scene.status('waiting');
    scene.session.say({ room: 'lobby', text: 'hi' });
    let settled = false;
    scene.session.settled().then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    t.notOk(settled);
    await scene.session.quit();
    t.ok(settled);
  });
});

t.test('requests', async (t) => {
  t.test('fail with the connection', async (t) => {
    const { session, peer, status } = await online(t);
    const asked = session.ask({ type: 'who' });
    await peer.next();
    peer.destroy();
    await t.rejects(asked, { code: 'connection-lost' });
    await status('waiting');
    await t.rejects(session.ask({ type: 'who' }), { code: 'connection-lost' });
  });
  t.test('resolve with a refusal', async (t) => {
    const { session, peer } = await online(t);
    const asked = session.ask({ type: 'history', room: 'x' });
    peer.error(await peer.next(), 'no-such-room');
    t.match(await asked, { type: 'error', code: 'no-such-room' });
  });
  t.test('fail when they are too large', async (t) => {
    const { session } = await online(t);
    await t.rejects(session.ask({ type: 'history', room: 'x'.repeat(70_000) }), { code: 'frame-too-large' });
  });
});

t.test('quitting', async (t) => {
  t.test('sends the reason and waits for the end', async (t) => {
    const { session, peer, clock, status } = await online(t);
    session.say({ room: 'lobby', text: 'hi' });
    await peer.next();
    const quitting = session.quit(`${'é'.repeat(100)}é`);
    t.match(await peer.next(), { type: 'quit', reason: 'é'.repeat(100) });
    await quitting;
    t.match(await status('ended'), { end: { why: 'quit' } });
    t.equal(clock.pending, 0);
    await session.settled();
    await session.quit();
  });

  t.test('does not wait for a server that does not respond', async (t) => {
    const { session, peer, clock, status } = await online(t, {}, { release: false });
    const quitting = session.quit();
    await peer.next();
    clock.advance(2_000);
    await quitting;
    t.match(await status('ended'), { end: { why: 'quit' } });
    t.equal(clock.pending, 0);
  });

  t.test('counts as quitting, whatever the server closes with', async (t) => {
    const { session, peer, status } = await online(t, {}, { release: false });
    const quitting = session.quit();
    await peer.next();
    peer.send({ type: 'closing', code: 'signed-out', message: 'bye' });
    await quitting;
    t.match(await status('ended'), { end: { why: 'quit' } });
  });

  t.test('works before the catch-up is complete', async (t) => {
    const { server, start, clock } = await prepare(t);
    const starting = start();
    const peer = await server.peer();
    await peer.admit();
    const session = await starting;
    await peer.next();
    await session.quit();
    t.match(await peer.next(), { type: 'quit' });
    t.equal(clock.pending, 0);
  });

  t.test('works while waiting for the next try', async (t) => {
    const { session, peer, status, clock } = await online(t);
    peer.destroy();
    await status('waiting');
    await session.quit();
    t.match(await status('ended'), { end: { why: 'quit' } });
    t.equal(clock.pending, 0);
  });

  t.test('works while connecting again: verifying, signing in', async (t) => {
    let stuck = false;
    const never = new Promise<void>(() => {});
    const verify = () => (stuck ? never : Promise.resolve());
    const scene = await online(t, { verify });
    stuck = true;
    scene.peer.destroy();
    await scene.retry();
    const unverified = await scene.server.peer();
    await scene.session.quit();
    await unverified.closed;
    t.equal(unverified.bytes, 0);
    t.match(await scene.status('ended'), { end: { why: 'quit' } });
    t.equal(scene.clock.pending, 0);

    const resuming = await online(t);
    resuming.peer.destroy();
    await resuming.retry();
    const peer = await resuming.server.peer();
    await peer.next();
    await resuming.session.quit();
    t.match(await resuming.status('ended'), { end: { why: 'quit' } });
    t.equal(resuming.clock.pending, 0);
  });

  t.test('leaves nothing that keeps a process from ending', async (t) => {
    const server = await startFakeServer(certificate);
    t.teardown(server.close);
    const path = new URL('../../../lib/client/session/start-session.js', import.meta.url);
    const program = `
      const { startSession } = await import(${JSON.stringify(path)});
      const session = await startSession({
        endpoint: { host: '127.0.0.1', port: ${server.endpoint.port} },
        verify: async () => {},
        credentials: { how: 'resume', token: 'token-0' },
        retryMs: Infinity,
        listener: (it) => it.kind === 'synced' && void session.quit(),
      });`;
    const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    const peer = await server.peer();
    await peer.admit();
    await peer.sync();
    t.match(await peer.next(), { type: 'quit' });
    t.match(await running, { stderr: '' });
  });
});
