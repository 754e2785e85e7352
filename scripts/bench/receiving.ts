/** What generators have received, and waiting until it is all. */
import { setTimeout } from 'node:timers/promises';
import type { Generator } from './generator.js';

/** Without any delivery for so long, the rest is lost. */
const patienceMs = 20_000;

export async function receivedBy(generators: readonly Generator[]) {
  const all = await Promise.all(generators.map((generator) => generator.received()));
  const sum = (of: 'messages' | 'records' | 'bytes') => all.reduce((total, part) => total + part[of], 0);
  return { messages: sum('messages'), records: sum('records'), bytes: sum('bytes') };
}

export async function untilReceived(generators: readonly Generator[], wanted: number) {
  let [last, at] = [0, performance.now()];
  for (;;) {
    const got = await receivedBy(generators);
    if (got.messages > wanted) throw new Error(`${got.messages - wanted} deliveries too many`);
    if (got.messages === wanted) return got;
    if (got.messages > last) [last, at] = [got.messages, performance.now()];
    if (performance.now() - at > patienceMs) throw new Error(`${wanted - got.messages} deliveries lost`);
    await setTimeout(2);
  }
}
