/** A client's whole session, over TLS, with a server that lets it in and then sends anything. */
import fc from 'fast-check';
import type { SessionEvent } from '../../lib/client/session/session.js';
import { startSession } from '../../lib/client/session/start-session.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { pieces } from './byte-changes.js';
import { damaged, hostileReplies, type WireRun, wireRuns } from './client-fuzz.js';
import { createFakeClock } from './fake-clock.js';
import { hello, type Peer, startFakeServer } from './fake-server.js';
import { turns } from './turns.js';

export interface SessionRun extends WireRun {
  /** To each request after the sync; undefined for none. */
  readonly replies: readonly (object | undefined)[];
}

export const sessionRuns: fc.Arbitrary<SessionRun> = fc
  .tuple(wireRuns, fc.array(fc.option(hostileReplies, { nil: undefined }), { minLength: 1, maxLength: 5 }))
  .map(([wire, replies]) => ({ ...wire, replies }));

type Certificate = Parameters<typeof startFakeServer>[0];

/** Real time; only a client that hangs uses it up. */
const hangMs = 60_000;

/** @throws if the client breaks, or cannot quit */
export async function runSession(certificate: Certificate, run: SessionRun): Promise<void> {
  const server = await startFakeServer(certificate, { greet: false, release: false });
  const clock = createFakeClock();
  const events: SessionEvent[] = [];
  const accept = async (): Promise<void> => {
    for (;;) void serve(await server.peer(), run);
  };
  void accept();
  try {
    const session = await startSession(
      {
        endpoint: server.endpoint,
        verify: async () => {},
        credentials: { how: 'sign-in', name: 'ada', password: 'correct horse' },
        retryMs: 60_000,
        listener: (event) => void events.push(event),
      },
      { clock, random: () => 0.5, makeKey: () => `key-${events.length}` },
    );
    session.say({ room: 'lobby', text: 'hi' });
    // Refused, answered, or lost with the connection.
    void session.ask({ type: 'who' }).catch(() => {});
    for (let turn = 0; turn < 20; turn++) {
      await turns(3);
      clock.advance(1_000);
    }
    let quit = false;
    void session.quit('enough').then(() => {
      quit = true;
    });
    const deadline = performance.now() + hangMs;
    while (!quit) {
      if (performance.now() > deadline) throw new Error('The person cannot quit.');
      await turns(1);
      clock.advance(100);
    }
  } finally {
    await server.close();
  }
}

async function serve(peer: Peer, run: SessionRun): Promise<void> {
  peer.send(hello);
  await peer.admit();
  await peer.sync();
  for (const piece of pieces(damaged(run), run.sizes)) peer.raw(piece);
  for (let turn = 0; ; turn++) {
    const request = await peer.next();
    const reply = run.replies[turn % run.replies.length];
    if (reply !== undefined) peer.raw(encodeFrame({ ...reply, re: request.id }));
  }
}
