/** Turns of the event loop, for a test to let everything happen that is due now. */
import { setImmediate } from 'node:timers/promises';

/** Resolves when every callback and promise that is due in these turns has run. No time passes by any clock. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}
