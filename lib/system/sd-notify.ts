/** Tells systemd how far a service is, as sd_notify(3) does, if it asked for that. Knows no server. */
import { execFile } from 'node:child_process';
import { childEnvironment } from './process-secrets.js';

/**
 * @param states such as `READY=1` and `STATUS=…`
 * @throws Error that says what to do, where systemd asked and can't be notified
 */
export function sdNotify(env: NodeJS.ProcessEnv, ...states: string[]): Promise<void> {
  if ((env.NOTIFY_SOCKET ?? '') === '') return Promise.resolve();
  return new Promise((resolve, reject) => {
    // Node has no datagram sockets in the file system.
    execFile(
      'systemd-notify',
      states,
      { env: childEnvironment(env), timeout: notifyMs },
      (cause, _, stderr) => {
        if (cause === null) return resolve();
        const why =
          cause.code === 'ENOENT' ? 'systemd-notify is not on the PATH' : stderr.trim() || cause.message;
        reject(new Error(`${why}. Without it, use Type=exec in the unit.`, { cause }));
      },
    );
  });
}

// systemd itself waits 90 s for a start.
const notifyMs = 30_000;
