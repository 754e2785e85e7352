/** Opens links of messages in the person's browser. Knows programs, not the screen. */
import { spawn } from 'node:child_process';
import type { Clock } from '../../system/clock.js';
import { childEnvironment } from '../../system/process-secrets.js';

interface OpenLinkDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly clock: Pick<Clock, 'after'>;
}

// A browser that is still running then shows the link.
const startMs = 2_000;

/**
 * With BROWSER, else with the opener of the system where there is a desktop.
 * @param href absolute, http or https
 * @returns false if there is no browser here, as at the other end of ssh, or it fails
 */
export function openLink(href: string, deps: OpenLinkDeps): Promise<boolean> {
  const words = browserOf(deps);
  if (words === undefined) return Promise.resolve(false);
  const [program, ...args] = words;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, href], {
      ...{ stdio: 'ignore', detached: true },
      env: childEnvironment(deps.env),
    });
    const cancel = deps.clock.after(startMs, () => end(true));
    const end = (opened: boolean) => {
      cancel();
      // It may outlive this program.
      child.unref();
      resolve(opened);
    };
    child.on('error', () => end(false));
    child.on('exit', (code) => end(code === 0));
  });
}

function browserOf({ env, platform }: OpenLinkDeps): [string, ...string[]] | undefined {
  const [program = '', ...args] = (env.BROWSER ?? '').trim().split(/\s+/);
  if (program !== '') return [program, ...args];
  if (platform === 'darwin') return ['open'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}
