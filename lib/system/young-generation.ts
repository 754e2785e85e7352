/** The part of V8's heap for new objects. Knows nothing of what is in it. */
import type { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps it as small as it is now, 1 to 4 MiB at the start of a server. Otherwise it grows to 32 MiB (Node 20) or 128 MiB
 * (Node 24) when many people come at once, and stays so while they are idle: up to 10 KiB for each of 2,000. Collections
 * cost no more: what a chat server makes is short-lived.
 * @param process tells of new threads, whose start resets it for the whole process
 */
export function keepYoungGenerationSmall(process: Pick<EventEmitter, 'on'>): void {
  const keep = () => setFlagsFromString('--semi-space-growth-factor=1');
  keep();
  process.on('worker', (thread: EventEmitter) => thread.once('online', keep));
}
