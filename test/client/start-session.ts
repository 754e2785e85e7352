import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { Happening, SessionOptions } from '../../lib/client/session.js';
import { startSession } from '../../lib/client/start-session.js';
import { ProtocolError } from '../../lib/protocol/errors.js';
import type { Message } from '../../lib/protocol/events.js';
import { makeCertificate } from '../support/certificate.js';
import { createFakeClock } from '../support/fake-clock.js';
import { message, type Peer, type ServerOptions, startFakeServer } from '../support/fake-server.js';
import { createFeed } from '../support/feed.js';

const certificate = await makeCertificate();
const other = await makeCertificate();
const credentials = { how: 'sign-in', name: 'ada', password: 'correct horse' } as const;

type Wanted = Partial<Omit<SessionOptions, 'endpoint' | 'listener'>>;

/** A server, a clock, and everything a session needs but its start. */
async function prepare(t: Test, wanted: Wanted = {}, how: ServerOptions = {}) {
  const server = await startFakeServer(certificate, how);
  t.teardown(server.close);
  const clock = createFakeClock();
  const happenings = createFeed<Happening>();
  const options: SessionOptions = {
    endpoint: server.endpoint,
    verify: async () => {},
    credentials,
    retryMs: Number.POSITIVE_INFINITY,
    listener: happenings.put,
    ...wanted,
  };
  let keys = 0;
  const makeKey = () => {
    keys += 1;
    return `own-${keys}`;
  };
  const start = () => startSession(options, { clock, random: () => 0.5, makeKey });
  const synced = () => happenings.until((happening) => happening.kind === 'synced');
  const status = async (state: string) => {
    const found = await happenings.until(({ kind, ...rest }) => {
      return kind === 'status' && (rest as { status: { state: string } }).status.state === state;
    });
    return (found as Extract<Happening, { kind: 'status' }>).status;
  };
  /** Lets the waiting time pass. */
  const retry = async () => {
    const waiting = await status('waiting');
    clock.advance(waiting.state === 'waiting' ? waiting.inMs : 0);
    return waiting;
  };
  return { server, clock, happenings, start, synced, status, retry };
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

function seqs(happenings: readonly Happening[]): number[] {
  return happenings.flatMap((it) => (it.kind === 'event' && it.event.type === 'message' ? it.event.seq : []));
}

function deliveries(happenings: readonly Happening[]) {
  return happenings.flatMap((it) => (it.kind === 'delivery' ? [[it.key, it.delivery.state]] : []));
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
      scene.happenings.all.map((it) => (it.kind === 'status' ? it.status.state : it.kind)),
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

  t.test('tells why it is refused, by the code', async (t) => {
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

  t.test('ends with the connection where no reply comes', async (t) => {
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

  t.test(
    'ends where nobody listens, where the server is not trusted, where the token is not kept',
    async (t) => {
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
    },
  );
});

t.test('a lost connection', async (t) => {
  t.test('goes on by the newest token, where each conversation was left', async (t) => {
    const kept: string[] = [];
    const keepToken = async (token: string) => void kept.push(token);
    const scene = await online(t, { keepToken });
    const { server, happenings, session } = scene;
    scene.peer.send(message(3), message(4, { to: 'ada' }), message(6, { from: 'ada', to: 'eve' }));
    await happenings.until((it) => it.kind === 'event' && it.event.type === 'message' && it.event.seq === 6);
    scene.peer.destroy();
    t.match(await scene.retry(), { inMs: 375 });

    const second = await server.peer();
    t.same(await second.admit({ token: 'token-2' }), { type: 'resume', id: 1, token: 'token-1' });
    const request = await second.sync(
      message(3),
      message(5),
      message(4, { to: 'ada' }),
      message(7, { from: 'eve', to: 'ada' }),
    );
    t.match(request, { rooms: { lobby: 3 }, direct: { bob: 4, eve: 6 } });
    t.match(await scene.synced(), { first: false });
    t.same(seqs(happenings.all), [3, 4, 6, 5, 7], 'no gap, nothing twice');
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

  t.test('waits longer each time, up to 15 s, and begins anew after a good while', async (t) => {
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

  t.test('is given up after the time for it', async (t) => {
    const scene = await online(t, { retryMs: 1_000 });
    await scene.server.close();
    await scene.retry();
    t.match(await scene.retry(), { why: /is the server running/ });
    t.match(await scene.status('ended'), { end: { why: 'lost' } });
    t.equal(scene.clock.now(), 2_000);
    t.equal(scene.clock.pending, 0);
    await t.rejects(scene.session.ask({ type: 'who' }), { code: 'connection-lost' });
  });

  t.test('is tried again when the server went down or let go of a slow reader', async (t) => {
    for (const code of ['shutting-down', 'slow-consumer', 'timed-out']) {
      const scene = await online(t);
      scene.peer.send({ type: 'closing', code, message: 'bye', retryAfter: 4_000 });
      t.match(await scene.retry(), { inMs: 4_000 });
      t.match(await (await scene.server.peer()).admit(), { type: 'resume' });
      await scene.session.quit();
    }
  });

  t.test('is not tried again when somebody else took over', async (t) => {
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

  t.test('ends the session, without a byte, where the key is another one', async (t) => {
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

  t.test('ends the session where the server does not let it in again', async (t) => {
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
    for (const code of ['busy', 'too-many-attempts', 'too-many-connections', 'internal']) {
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

  t.test('is noticed when nothing comes any more', async (t) => {
    const scene = await online(t);
    scene.clock.advance(30_000);
    t.match(await scene.peer.next(), { type: 'ping' });
    scene.clock.advance(45_000);
    await scene.retry();
    t.match(await (await scene.server.peer()).admit(), { type: 'resume' });
    await scene.session.quit();
  });

  t.test('ends the session where a token cannot be kept', async (t) => {
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

t.test('saying', async (t) => {
  t.test('goes one message after the other', async (t) => {
    const { session, peer, happenings } = await online(t);
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
    t.same(deliveries(happenings.all), [
      [keys[0], 'sent'],
      [keys[1], 'sent'],
      [keys[2], 'failed'],
    ]);
    t.same(seqs(happenings.all), [1, 2]);
  });

  t.test('keeps the order across a slow-down', async (t) => {
    const { session, peer, happenings, clock } = await online(t);
    const keys = [1, 2].map((number) => session.say({ to: 'bob', text: `${number}` }));
    const first = await peer.next();
    peer.error(first, 'rate-limited', { retryAfter: 700 });
    await happenings.until((it) => it.kind === 'delivery' && it.delivery.state === 'sending');
    clock.advance(699);
    t.equal(peer.frames.length, 3);
    clock.advance(1);
    const again = await peer.next();
    t.match(again, { text: '1', key: first.key });
    peer.ok(again, { seq: 1 });
    peer.ok(await peer.next(), { seq: 2 });
    await session.settled();
    t.same(deliveries(happenings.all), [
      [keys[0], 'sending'],
      [keys[0], 'sent'],
      [keys[1], 'sent'],
    ]);
  });

  t.test('sends again what was not acknowledged, with its key', async (t) => {
    const scene = await online(t);
    const { session, server, happenings } = scene;
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
    t.same(deliveries(happenings.all), [
      [key, 'sent'],
      [later, 'sent'],
    ]);
    t.same(seqs(happenings.all), [9]);
  });

  t.test('does not send again what the catch-up shows as sent', async (t) => {
    const scene = await online(t);
    const { session, server, happenings } = scene;
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
    t.same(deliveries(happenings.all), [[key, 'sent']]);
    t.same(seqs(happenings.all), [3, 4]);
  });

  t.test('is settled, sent or not, when the session ends', async (t) => {
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

t.test('asking', async (t) => {
  t.test('fails with the connection', async (t) => {
    const { session, peer, status } = await online(t);
    const asked = session.ask({ type: 'who' });
    await peer.next();
    peer.destroy();
    await t.rejects(asked, { code: 'connection-lost' });
    await status('waiting');
    await t.rejects(session.ask({ type: 'who' }), { code: 'connection-lost' });
  });
  t.test('takes a refusal for an answer', async (t) => {
    const { session, peer } = await online(t);
    const asked = session.ask({ type: 'history', room: 'x' });
    peer.error(await peer.next(), 'no-such-room');
    t.match(await asked, { type: 'error', code: 'no-such-room' });
  });
  t.test('fails for what no server would read', async (t) => {
    const { session } = await online(t);
    await t.rejects(session.ask({ type: 'history', room: 'x'.repeat(70_000) }), { code: 'frame-too-large' });
  });
});

t.test('leaving', async (t) => {
  t.test('says why and waits for the end', async (t) => {
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

  t.test('does not wait for a server that does not answer', async (t) => {
    const { session, peer, clock, status } = await online(t, {}, { release: false });
    const quitting = session.quit();
    await peer.next();
    clock.advance(2_000);
    await quitting;
    t.match(await status('ended'), { end: { why: 'quit' } });
    t.equal(clock.pending, 0);
  });

  t.test('is taken for that, whatever the server closes with', async (t) => {
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
    const program = `
      const { connect } = await import(${JSON.stringify(new URL('../../lib/index.js', import.meta.url))});
      const session = await connect({
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
