/** Gets one file: ticket, bytes, hash, its place. Knows the protocol's side of it; the file here is its part's. */

import { fileName } from '../../protocol/file-name.js';
import type { FileInfo } from '../../protocol/records.js';
import { type Channel, withChannel } from './channel.js';
import { type Errand, grant } from './errand.js';
import { createPart, type Part } from './part.js';
import { persist } from './persist.js';
import { findTarget, type TargetPlaces } from './target.js';
import { Interruption, Refusal } from './trouble.js';

export interface Wanted {
  /** Of the message that announces it. */
  readonly seq: number;
  /** As typed. */
  readonly path: string | undefined;
  readonly places: TargetPlaces;
}

/** Resolves when the file is in its place. @throws Refusal, the signal's reason */
export async function getFile(errand: Errand, { seq, path, places }: Wanted): Promise<void> {
  const { clock, gate, signal, update } = errand;
  update({ progress: { state: 'moving' } });
  const target = await findTarget(path, places);
  const fetched: Fetched = { seq, folder: target.folder };
  try {
    const waiting = () => update({ progress: { state: 'waiting' } });
    const progress = () => fetched.part?.have ?? -1;
    const { part, file } = await persist(() => fetchRest(errand, fetched), {
      clock,
      gate,
      signal,
      progress,
      waiting,
    });
    if (part.hash() !== file.hash) {
      throw new Refusal(
        'what came is not the file that was announced, and was thrown away; get it again, or ask for it again',
      );
    }
    signal.throwIfAborted();
    const placed = await part.place(target.name ?? fileName(file.name));
    update({ path: placed, done: file.size, progress: { state: 'done' } });
  } finally {
    await fetched.part?.discard();
  }
}

/** What is known so far. */
interface Fetched {
  readonly seq: number;
  readonly folder: string;
  file?: FileInfo;
  part?: Part;
}

async function fetchRest(errand: Errand, fetched: Fetched): Promise<{ part: Part; file: FileInfo }> {
  const { update } = errand;
  const { ticket, file } = await grant(errand, { type: 'fetch', of: fetched.seq });
  if (ticket === undefined || file === undefined)
    throw new Refusal('the server does not say which file it is');
  fetched.file ??= file;
  if (file.hash !== fetched.file.hash || file.size !== fetched.file.size) {
    throw new Refusal('it is another file now; get it again');
  }
  update({ name: fileName(file.name), size: file.size });
  fetched.part ??= await createPart(fetched.folder);
  const { part } = fetched;
  const offset = part.have;
  await withChannel(errand, { type: 'download', ticket, offset }, async (channel) => {
    const ready = await channel.answer();
    if (ready.type !== 'ready' || ready.offset !== offset || ready.size !== file.size) {
      throw new Refusal('the server sends another file than it announced; get it again');
    }
    update({ progress: { state: 'moving' }, done: offset });
    if (offset < file.size) await receive(channel, part, { size: file.size, update });
  });
  return { part, file };
}

// The stream hands over 16 KiB or so at a time; the disk is asked less often.
const batchBytes = 256 * 1024;

interface Way {
  readonly size: number;
  readonly update: Errand['update'];
}

/** @throws Interruption where bytes are missing */
async function receive(channel: Channel, part: Part, { size, update }: Way): Promise<void> {
  let batch: Buffer[] = [];
  let bytes = 0;
  async function flush() {
    const chunks = batch;
    [batch, bytes] = [[], 0];
    if (chunks.length > 0) await part.append(chunks);
  }
  try {
    for await (const chunk of channel.socket) {
      batch.push(chunk);
      bytes += chunk.length;
      const done = part.have + bytes;
      if (done > size) throw new Refusal('the server sends more than it announced; get it again');
      channel.moved();
      if (bytes >= batchBytes || done === size) await flush();
      update({ done });
      if (done === size) return;
    }
  } catch (error) {
    // Any other is the connection's.
    if (error instanceof Refusal) throw error;
  }
  await flush();
  throw new Interruption('the connection was lost');
}
