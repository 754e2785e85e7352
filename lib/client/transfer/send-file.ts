/** Sends one file: hash, offer, bytes. Knows the protocol's side of it; the file is its source's. */
import type { Duplex } from 'node:stream';
import { byteCount } from '../../protocol/byte-count.js';
import type { Asked } from '../session/session.js';
import { type Channel, withChannel } from './channel.js';
import { type Errand, grant } from './errand.js';
import { persist } from './persist.js';
import { openSource, type Source } from './source.js';
import { Interruption, Refusal } from './trouble.js';

export interface Sent {
  readonly path: string;
  readonly name: string;
  /** The same for every try: that is how the server knows what it has of it. */
  readonly key: string;
  readonly to: { readonly room: string } | { readonly to: string };
}

/** Resolves when the file is in its conversation. @throws Refusal, the signal's reason */
export async function sendFile(errand: Errand, { path, name, key, to }: Sent): Promise<void> {
  const { session, signal, update } = errand;
  update({ progress: { state: 'hashing' } });
  const source = await openSource(path);
  let offered = false;
  try {
    const { size } = source;
    requireSize(size, session.hello.limits.fileBytes);
    update({ size });
    const hash = await source.hash((done) => update({ done }), signal);
    offered = true;
    await offerUntilKept(errand, source, { type: 'offer', ...to, name, size, hash, key });
    offered = false;
    update({ done: size });
  } finally {
    // Nobody waits for the answer: what the server does not learn, it forgets after a day.
    if (offered) session.ask({ type: 'withdraw', key }).catch(() => {});
    await source.close();
  }
}

function requireSize(size: number, most: number): void {
  if (size <= most) return;
  throw new Refusal(`it has ${byteCount(size)}, and this server takes files of up to ${byteCount(most)}`);
}

function offerUntilKept(errand: Errand, source: Source, offer: Asked): Promise<void> {
  const { clock, gate, signal, update } = errand;
  // What the server said to have; what was written since may never have arrived.
  let arrived = -1;
  async function attempt() {
    const { ticket } = await grant(errand, offer);
    // The last try was better than it looked.
    if (ticket === undefined) return;
    await withChannel(errand, { type: 'upload', ticket }, async (channel) => {
      const ready = await channel.answer();
      if (ready.type === 'kept') return;
      if (ready.size !== source.size || ready.offset > source.size) {
        throw new Refusal('the server expects another file under this key; send it again');
      }
      arrived = Math.max(arrived, ready.offset);
      update({ progress: { state: 'moving' }, done: ready.offset });
      await upload(channel, source, { offset: ready.offset, update });
    });
  }
  const waiting = () => update({ progress: { state: 'waiting' } });
  return persist(attempt, { clock, gate, signal, progress: () => arrived, waiting });
}

interface Way {
  readonly offset: number;
  readonly update: Errand['update'];
}

async function upload(channel: Channel, source: Source, { offset, update }: Way): Promise<void> {
  const { socket, moved } = channel;
  async function pour() {
    let [at, written] = [offset, Promise.resolve()];
    for await (const piece of source.pieces(offset)) {
      // Reading is one piece ahead of writing.
      await written;
      at += piece.length;
      const reached = at;
      written = write(socket, piece).then(() => {
        moved();
        update({ done: reached });
      });
      written.catch(() => {});
    }
    await written;
  }
  // The server may refuse at any time; its reason says more than that it hung up.
  const answered = channel.answer();
  const poured = pour().catch((error) => {
    if (!(error instanceof Interruption)) throw error;
  });
  try {
    await Promise.race([poured, answered]);
    const { type } = await answered;
    if (type !== 'kept') throw new Interruption('the server says something unexpected');
  } finally {
    answered.catch(() => {});
    socket.destroy();
    await poured.catch(() => {});
  }
}

/** Resolves when the stream has passed the bytes on. @throws Interruption */
function write(socket: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => {
      if (error) reject(new Interruption('the connection was lost'));
      else resolve();
    });
  });
}
