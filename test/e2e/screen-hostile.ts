import t, { type Test } from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { hostileText } from '../fixtures/hostile-text.js';
import { makeCertificate } from '../support/certificate.js';
import { type FakeServer, hello, message, type Peer, startFakeServer } from '../support/fake-server.js';
import { foreign } from '../support/foreign-output.js';
import { makeHome, script } from '../support/program.js';
import { alt, keys } from '../support/screen-keys.js';
import { settle } from '../support/screen-people.js';

const texts = hostileText.map(({ text }) => text);
const all = texts.filter((text) => text.length < 500).join(' ');
const at = '2030-01-01T00:00:00.000Z';
const oldest = 'the oldest.';

t.test('what is allowed, and what is not', (t) => {
  for (const good of [
    'plain é 漢字 👩‍👧',
    '\x1b[1;38;5;3m\x1b[2;1H\x1b[K',
    '\x1b]8;;https://a.example/\x1b\\',
    '\x1b]2;t\x07',
  ])
    t.strictSame(foreign(good), [], JSON.stringify(good));
  for (const bad of [
    ...[
      '\x1b[5n',
      '\x1bc',
      '\x1b(0',
      '\x1b]52;c;AA\x07',
      '\x1b]8;;javascript:x\x07',
      '\x1b]0;a',
      '\x9b1m',
      'a\u202eb',
    ],
    ...[
      '\x1b[?1003h',
      '\x1bPq\x1b\\',
      '\x1b]9;4;1\x07',
      '\x08',
      '\t',
      '\x1b]2;a\u202e\x07',
      '\u200b',
      '\x1b[1A',
    ],
  ])
    t.not(foreign(bad).length, 0, JSON.stringify(bad));
  t.end();
});

/** Requests for the newest page of history. */
let newestPages = 0;

/** Signs ada in, and answers each request with hostile texts. */
async function serveHostile(peer: Peer, entered: (peer: Peer) => void): Promise<void> {
  peer.send({ ...hello, server: all });
  for (;;) {
    const request = await peer.next();
    switch (request.type) {
      case 'sync':
        peer.ok(request);
        entered(peer);
        break;
      case 'who':
        peer.ok(request, {
          people: texts.slice(-150).map((name) => ({ name, role: 'admin', terminals: 1 })),
        });
        break;
      case 'history':
        if (request.before === undefined && request.after === undefined) newestPages++;
        peer.ok(request, {
          messages: [oldest, ...texts.slice(0, 99)].map((text, i) => message(i + 1, { text })),
          more: true,
        });
        break;
      case 'say':
        peer.error(request, 'no-such-name', { message: all });
        break;
      case 'quit':
        return;
      default:
        peer.ok(request, { name: 'ada', role: 'member', token: 'token-1', conversations: [] });
    }
  }
}

async function enter(
  t: Test,
  server: FakeServer,
  options: { env: NodeJS.ProcessEnv; cols: number; rows: number },
) {
  const certificate = await made;
  const home = await makeHome();
  const { env, ...size } = options;
  const link = `secure-chat://127.0.0.1:${server.endpoint.port}/${certificate.pin}`;
  const screen = openPseudoTerminal([process.execPath, script, 'connect', link, '--name', 'ada'], {
    env: { ...home.env, SECURE_CHAT_PASSWORD: 'pa55word', ...env },
    ...size,
  });
  t.teardown(async () => {
    screen.kill('SIGKILL');
    await screen.ended;
    await home.remove();
  });
  return screen;
}

/** Sends frames in parts that one screen has room for, each drawn before the next. */
async function show(screen: PseudoTerminal, peer: Peer, frames: readonly object[]): Promise<void> {
  for (let i = 0; i < frames.length; i += 12) {
    marks++;
    const mark = `fence-${marks}.`;
    peer.send(...frames.slice(i, i + 12), message(seq(), { text: mark }));
    await screen.until(() => screen.screen().includes(mark), mark);
  }
}

let marks = 0;
let last = 1_000;
const seq = (): number => ++last;
const made = makeCertificate();

for (const options of [
  { env: {}, cols: 120, rows: 40 },
  { env: { VTE_VERSION: '7600', TMUX: '/tmp/tmux', NO_COLOR: '1' }, cols: 40, rows: 20 },
]) {
  const title = `the hostile table reaches no terminal, ${options.cols}x${options.rows}`;
  t.test(title, async (t) => {
    const server = await startFakeServer(await made, { greet: false });
    t.teardown(server.close);
    let enteredBy: (peer: Peer) => void = () => {};
    const entered = () =>
      new Promise<Peer>((resolve) => {
        enteredBy = resolve;
      });
    const accept = async (): Promise<void> => {
      for (;;) void serveHostile(await server.peer(), (peer) => enteredBy(peer));
    };
    void accept();
    const first = entered();
    const screen = await enter(t, server, options);
    const peer = await first;
    await screen.until(() => screen.frames > 0, 'a picture');
    const clean = () => t.strictSame(foreign(screen.output()), []);

    await t.test('as texts and as senders', async () => {
      await show(
        screen,
        peer,
        texts.map((text) => message(seq(), { text })),
      );
      await show(
        screen,
        peer,
        texts.map((from) => message(seq(), { from, text: 'hi' })),
      );
      clean();
    });
    await t.test('as names in joins, and as reasons', async () => {
      const moves = texts.map((text, i) => {
        return i % 2 === 0
          ? { type: 'joined', room: 'lobby', name: text }
          : { type: 'left', room: 'lobby', name: `n${i}`, reason: text };
      });
      await show(screen, peer, moves);
      clean();
    });
    await t.test('as refusals and as history', async () => {
      screen.type('refuse this\r');
      await screen.shows(/\/retry/);
      while (!screen.screen().includes(oldest)) {
        screen.type(keys.altHome);
        await settle(screen);
      }
      for (let page = 0; page < 5; page++) {
        screen.type(keys.pageDown);
        await settle(screen);
      }
      const before = newestPages;
      screen.type(keys.altEnd);
      await screen.until(() => newestPages > before && screen.screen().includes('/retry'), 'the newest');
      clean();
    });
    await t.test('as rooms, as senders of direct messages, and in notifications', async (t) => {
      screen.type(keys.focusOut);
      const short = texts.filter((text) => text.length < 500);
      await show(
        screen,
        peer,
        short.map((room) => message(seq(), { room, text: 'hi ada' })),
      );
      await show(
        screen,
        peer,
        short.map((from) => ({ ...message(seq()), room: undefined, to: 'ada', from, text: from, at })),
      );
      t.match(
        screen.output(),
        'VTE_VERSION' in options.env ? ']777;notify;' : ']9;',
        'notifications were written',
      );
      for (let i = 0; i < 60; i++) {
        const { frames } = screen;
        screen.type(alt('a'));
        await screen.until(() => screen.frames > frames, 'another conversation');
      }
      clean();
    });
    await t.test('as the reason of a temporary and of a final close', async (t) => {
      const second = entered();
      peer.send({ type: 'closing', code: 'busy', message: all });
      peer.end();
      const again = await second;
      again.send({ type: 'closing', code: 'taken-over', message: all });
      again.end();
      t.equal(await screen.ended, 77);
      t.strictSame(screen.modes(), []);
      clean();
    });
  });
}
