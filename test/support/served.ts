/** A server process for end-to-end tests, with people in it. */
import { join } from 'node:path';
import { type Home, makeHome, type Running } from './program.js';

export const password = 'correct horse battery';

export interface Operated {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Served {
  readonly home: Home;
  readonly server: () => Running;
  readonly port: number;
  /** The link that a first start prints. */
  readonly firstLink: string;
  /** Without an invite: for those who have an account. */
  readonly link: string;
  invite(...args: string[]): Promise<string>;
  /** Runs a command of the operator to its end, on this server's data. */
  operate(args: readonly string[], given?: { input?: string; env?: NodeJS.ProcessEnv }): Promise<Operated>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** A client on pipes; signs in as `name`, or makes the account when the link has a code. */
  connect(link: string, name: string, ...args: string[]): Running;
  /** Ends this process too at the end. */
  adopt(client: Running): void;
  close(): Promise<void>;
}

/** A server on a free port of the loopback. */
export async function serve(...args: string[]): Promise<Served> {
  const home = await makeHome();
  const data = join(home.folder, 'data');
  const start = (port: number) =>
    home.run(['server', '--data', data, '--host', '127.0.0.1', '--port', String(port), ...args]);
  let server = start(0);
  const [, firstLink = '', port = ''] = await server.prints(
    /^join link: (secure-chat:\/\/127\.0\.0\.1:(\d+)\/\S+)\n/m,
  );
  const pieces = firstLink.split('/');
  const link = pieces.slice(0, 4).join('/');
  const clients: Running[] = [];

  const operate: Served['operate'] = async (args, { input = '', env = {} } = {}) => {
    const command = home.run([...args, '--data', data], env);
    command.end(input);
    return { code: await command.ended, out: command.stdout(), err: command.stderr() };
  };

  return {
    home,
    server: () => server,
    port: Number(port),
    firstLink,
    link,
    async invite(...more) {
      const { code, out, err } = await operate(['invite', ...more]);
      if (code !== 0) throw new Error(`invite ended with ${code}: ${err}`);
      return out.trim();
    },
    operate,
    async restart() {
      server = start(Number(port));
      await server.prints(/^join link:/m);
    },
    connect(to, name, ...more) {
      const client = home.run(['connect', to, '--name', name, ...more], { SECURE_CHAT_PASSWORD: password });
      clients.push(client);
      return client;
    },
    adopt: (client) => void clients.push(client),
    async close() {
      for (const process of [...clients, server]) process.kill('SIGKILL');
      await Promise.all([...clients, server].map((process) => process.ended));
      await home.remove();
    },
  };
}
