/** What this process keeps from others: its own settings from programs that it starts, its memory from core files. */
import { writeFileSync } from 'node:fs';

/** The environment for another program, without SECURE_CHAT_…: a password, a token and an invite can be among these. */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SECURE_CHAT_')));
}

// Headers of ELF files only; see core(5).
const noMemory = '0x10';

/**
 * From now on, core files of this process and of those that it starts have no memory in them: passwords and tokens stay
 * in it until it is used again. Linux only; elsewhere nothing changes.
 */
export function keepMemoryOutOfCores(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', noMemory, { flag: 'r+' });
  } catch {
    // Not Linux, or a container that forbids it.
  }
}
