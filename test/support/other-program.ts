/** Tests that need a program other than Node and secure-chat, such as a shell or openssl. */
import { spawnSync } from 'node:child_process';

/** Options of a test: skipped where the program is missing, but not on CI, where the test then fails. */
export function needs(program: string): { readonly skip?: string } {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined || process.env.CI === 'true' ? {} : { skip: `${program} is not installed` };
}
