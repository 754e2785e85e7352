/** `secure-chat host` as a process on pipes, and its guests. */
import { join } from 'node:path';
import type { Home, Running } from './program.js';
import { password } from './server-process.js';

export interface Hosted {
  readonly running: Running;
  /** The join link that it prints. */
  readonly link: string;
  /** A person on pipes who joins by the link. */
  guest(name: string): Promise<Running>;
}

export const hostedLink = /connect (secure-chat:\/\/127\.0\.0\.1:(\d+)\/[\w-]+\/[\w-]+)\s/;

export async function hostOnPipes(home: Home, ...args: string[]): Promise<Hosted> {
  const at = ['--data', join(home.folder, 'hosted'), '--host', '127.0.0.1', '--port', '0'];
  const secret = { SECURE_CHAT_PASSWORD: password };
  const running = home.run(['host', ...at, '--as', 'alice', ...args], secret);
  const [, link = ''] = await running.prints(hostedLink, 'stderr');
  return {
    running,
    link,
    async guest(name) {
      const guest = home.run(['connect', link, '--name', name], secret);
      await guest.prints(/in #lobby as /, 'stderr');
      return guest;
    },
  };
}
