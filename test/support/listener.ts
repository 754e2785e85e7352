/** Members as a hub sees them, without connections; a store that is slow to answer. */
import type { ServerFrame } from '../../lib/protocol/events.js';
import { createFrameReader } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Member } from '../../lib/server/chat/presence.js';
import type { Account } from '../../lib/store/account-store.js';
import type { Store } from '../../lib/store/store.js';

export interface Listener extends Member {
  /** Frames that reached it, and the texts of messages among them. */
  readonly frames: readonly ServerFrame[];
  readonly heard: readonly string[];
}

/** A store in which, whenever somebody reads history, `meanwhile` happens before the answer is there. */
export function slowToAnswer(store: Store, meanwhile: () => Promise<void>): Store {
  return {
    ...store,
    async history(page) {
      const entries = await store.history(page);
      await meanwhile();
      return entries;
    },
  };
}

/** Makes the account too. */
export async function createListener(store: Store, name: string): Promise<Listener> {
  const made = await store.register({ name, skeleton: name, password: 'none', at: 1 });
  if (made.outcome !== 'created') throw new Error(made.outcome);
  return listenerOf(made.account);
}

/** Another terminal of somebody. */
export function listenerOf(account: Account): Listener {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const frames: ServerFrame[] = [];
  const heard: string[] = [];
  return {
    account,
    address: '192.0.2.1',
    session: undefined,
    alive: true,
    frames,
    heard,
    drained: async () => {},
    dismiss() {},
    send(bytes) {
      for (const frame of reader.push(bytes) as unknown as ServerFrame[]) {
        frames.push(frame);
        if (frame.type === 'message') heard.push(frame.text);
      }
    },
  };
}
