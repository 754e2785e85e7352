/** Members for the hub, without connections; a slow store. */
import type { ServerFrame } from '../../lib/protocol/events.js';
import { createFrameReader } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Member } from '../../lib/server/chat/presence.js';
import type { Account } from '../../lib/store/account-store.js';
import type { Store } from '../../lib/store/store.js';

export interface TestMember extends Member {
  /** Frames that it received, and the texts of messages among them. */
  readonly frames: readonly ServerFrame[];
  readonly texts: readonly string[];
}

/** A store that runs `meanwhile` before each answer of `history`. */
export function slowStore(store: Store, meanwhile: () => Promise<void>): Store {
  return {
    ...store,
    async history(page) {
      const entries = await store.history(page);
      await meanwhile();
      return entries;
    },
  };
}

/** Creates the account too. */
export async function createTestMember(store: Store, name: string): Promise<TestMember> {
  const made = await store.register({ name, skeleton: name, password: 'none', at: 1 });
  if (made.outcome !== 'created') throw new Error(made.outcome);
  return testMemberOf(made.account);
}

/** Another terminal of an account. */
export function testMemberOf(account: Account): TestMember {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const frames: ServerFrame[] = [];
  const heard: string[] = [];
  return {
    account,
    address: '192.0.2.1',
    session: undefined,
    alive: true,
    frames,
    texts: heard,
    drained: async () => {},
    dismiss() {},
    replace() {},
    send(bytes) {
      for (const frame of reader.push(bytes) as unknown as ServerFrame[]) {
        frames.push(frame);
        if (frame.type === 'message') heard.push(frame.text);
      }
    },
  };
}
