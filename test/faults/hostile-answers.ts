/** A server that answers what no loop and no terminal should get: the client ends with a sentence, and shows nothing raw. */
import t, { type Test } from 'tap';
import type { SessionEvent } from '../../lib/client/session/session.js';
import { startSession } from '../../lib/client/session/start-session.js';
import type { RawFrame } from '../../lib/protocol/frame.js';
import { makeCertificate } from '../support/certificate.js';
import { createFakeClock } from '../support/fake-clock.js';
import { type FakeServer, message, startFakeServer } from '../support/fake-server.js';
import { createFeed } from '../support/feed.js';
import { makeHome, type Running } from '../support/program.js';
import { password } from '../support/server-process.js';
import { unsafe } from '../support/unsafe.js';

const certificate = await makeCertificate();
const lobby = { room: 'lobby', last: 9, read: 9, unread: 0, mentions: 0 };

interface Attack {
  readonly server: FakeServer;
  run(command: string, ...args: string[]): Running;
}

async function attack(t: Test): Promise<Attack> {
  const server = await startFakeServer(certificate);
  t.teardown(server.close);
  const home = await makeHome();
  t.teardown(() => home.remove());
  const link = `secure-chat://127.0.0.1:${server.endpoint.port}/${certificate.pin}`;
  return {
    server,
    run(command, ...args) {
      const running = home.run([command, link, '--name', 'ada', ...args], { SECURE_CHAT_PASSWORD: password });
      t.teardown(async () => {
        running.kill('SIGKILL');
        await running.ended;
      });
      return running;
    },
  };
}

/** Greets, lets the client in, and answers each request of `type` with these fields. */
async function answerAll(
  server: FakeServer,
  type: string,
  fields: (asked: RawFrame) => object,
): Promise<void> {
  await server.peer();
  const peer = await server.peer();
  await peer.admit({ conversations: [lobby] });
  await peer.sync();
  for (;;) {
    const asked = await peer.next();
    const others = asked.type === 'conversations' ? { conversations: [lobby] } : {};
    peer.ok(asked, asked.type === type ? fields(asked) : others);
  }
}

// What each could do: clear the screen, start a sequence (C1), reorder, hide, draw over.
const nasty = 'a\u001b[2Jb\u009b2Jc\u202edcba\u2066e\u200bf\ufefeg\ud800h\u{e0041}i\u0085j\u2028k\u007fl';

t.test('export of a page that repeats', async (t) => {
  for (const format of ['json', 'text']) {
    const { server, run } = await attack(t);
    const page = { messages: [message(1), message(2, { text: nasty, from: nasty })], more: true };
    void answerAll(server, 'history', () => page);
    const running = run('export', '--format', format);
    t.equal(await running.ended, 69, format);
    t.match(running.stderr(), /repeats itself.*incomplete/);
    t.notMatch(running.stdout(), unsafe, 'nothing in it drives a terminal');
    if (format === 'text') continue;
    const lines = running.stdout().trimEnd().split('\n');
    t.same(
      lines.map((line) => JSON.parse(line)),
      page.messages,
      'what was written is whole, and has its value',
    );
  }
});

t.test('export of pages that are empty or go backwards', async (t) => {
  for (const messages of [[], [message(5), message(4)]]) {
    const { server, run } = await attack(t);
    void answerAll(server, 'history', () => ({ messages, more: true }));
    const running = run('export');
    t.equal(await running.ended, 69);
    t.match(running.stderr(), /repeats itself/);
  }
});

t.test('export goes through the pages of conversations, unless they repeat', async (t) => {
  const direct = (name: string, last: number) => ({ ...lobby, room: undefined, with: name, last });
  const [first, second] = [direct('ben', 7), direct('cleo', 5)];
  const { server, run } = await attack(t);
  void answerAll(server, 'conversations', ({ before }) =>
    before === 7 ? { conversations: [second] } : { conversations: [lobby, first], more: true },
  );
  const running = run('export');
  t.equal(await running.ended, 0);
  t.match(running.stdout(), /#lobby at .*@ben at .*@cleo at /s);

  const other = await attack(t);
  void answerAll(other.server, 'conversations', () => ({ conversations: [lobby, first], more: true }));
  const repeated = other.run('export');
  t.equal(await repeated.ended, 69);
  t.match(repeated.stderr(), /repeats itself/);
});

t.test('export from a server that hangs up at each request', async (t) => {
  const { server, run } = await attack(t);
  void (async () => {
    for (let first = true; ; first = false) {
      const peer = await server.peer();
      if (first) continue;
      await peer.admit({ conversations: [lobby] });
      await peer.sync();
      await peer.next();
      peer.destroy();
    }
  })();
  const running = run('export');
  t.equal(await running.ended, 69);
  t.match(running.stderr(), /lost the connection/);
});

t.test('lists in --plain that repeat', async (t) => {
  const { server, run } = await attack(t);
  const ana = { name: 'ana', role: 'member', terminals: 1 };
  void answerAll(server, 'who', () => ({ people: [ana], more: true }));
  const running = run('connect', '--plain');
  running.write('/who\n');
  await running.prints(/repeats itself/, 'stderr');
  running.end();
  t.equal(await running.ended, 65, 'and the line counts as refused');

  const other = await attack(t);
  void answerAll(other.server, 'history', () => ({ messages: [], more: true }));
  const reading = other.run('connect', '--plain');
  reading.write('/history 1d\n');
  await reading.prints(/repeats itself/, 'stderr');
  reading.end();
  t.equal(await reading.ended, 65);
});

t.test('--json of text that drives terminals', async (t) => {
  const { server, run } = await attack(t);
  await Promise.all([
    (async () => {
      await server.peer();
      const peer = await server.peer();
      await peer.admit({ conversations: [lobby] });
      await peer.sync();
      peer.send(message(10, { text: nasty }), { type: 'left', room: 'lobby', name: 'bob', reason: nasty });
      const asked = await peer.next();
      peer.error(asked, 'not-allowed', { message: nasty });
    })(),
    (async () => {
      const running = run('connect', '--json');
      running.write('{"type":"rooms","id":"\\u009b"}\n');
      await running.prints(/"type":"error".*\n/);
      t.notMatch(running.stdout(), unsafe);
      const lines = running
        .stdout()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      t.equal(lines.find(({ type }) => type === 'message').text, nasty);
      t.equal(lines.find(({ type }) => type === 'left').reason, nasty);
      t.match(
        lines.find(({ type }) => type === 'error'),
        { message: nasty, re: '\u009b' },
      );
    })(),
  ]);
});

t.test('a server that answers pings but nothing else', async (t) => {
  const server = await startFakeServer(certificate);
  t.teardown(server.close);
  const clock = createFakeClock();
  const events = createFeed<SessionEvent>();
  const status = (state: string) => events.until((it) => it.kind === 'status' && it.status.state === state);
  void (async () => {
    for (;;) {
      const peer = await server.peer();
      await peer.admit();
      await peer.sync();
      const over = peer.closed.then(() => undefined);
      for (let asked: RawFrame | undefined; ; ) {
        asked = await Promise.race([peer.next(), over]);
        if (asked === undefined) break;
        if (asked.type === 'ping') peer.ok(asked);
      }
    }
  })();
  const session = await startSession(
    {
      endpoint: server.endpoint,
      verify: async () => {},
      credentials: { how: 'sign-in', name: 'ada', password },
      retryMs: 200_000,
      listener: events.put,
    },
    { clock, random: () => 0, makeKey: () => 'key' },
  );
  await status('online');

  /** Time, a little at a time: each ping is answered before the next is due. */
  let ended = false;
  void status('ended').then(() => {
    ended = true;
  });
  const asking = session.ask({ type: 'rooms' }).catch((error) => error);
  session.say({ room: 'lobby', text: 'hello?' });
  const settled = session.settled();
  while (!ended) {
    clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  t.match(await asking, { code: 'connection-lost', unanswered: true, message: /did not answer a request/ });
  await settled;
  const last = events.all.at(-1);
  t.match(last, { kind: 'status', status: { end: { why: 'lost', message: /did not answer a request/ } } });
  const states = events.all.flatMap((it) => (it.kind === 'status' ? it.status.state : []));
  t.ok(states.includes('no-answer'), 'and said so long before');
});
