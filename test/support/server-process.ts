/** A server process for end-to-end tests, and clients that connect to it. */
import { join } from 'node:path';
import { ownPort } from './own-port.js';
import { type Home, makeHome, type Running } from './program.js';

export const password = 'correct horse battery';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface ServerProcess {
  readonly home: Home;
  readonly process: () => Running;
  readonly port: number;
  /** The link printed at the first start. */
  readonly firstLink: string;
  /** Without an invite, for people with an account. */
  readonly link: string;
  invite(...args: string[]): Promise<string>;
  /** Runs an operator command on this server's data, to its end. */
  operate(
    args: readonly string[],
    given?: { input?: string; env?: NodeJS.ProcessEnv },
  ): Promise<CommandResult>;
  /** Starts it again with the same port and data. */
  restart(): Promise<void>;
  /** Kills it with SIGKILL, and starts it again. */
  killAndRestart(): Promise<void>;
  /** A client on pipes; signs in as `name`, or registers if the link has a code. */
  connect(link: string, name: string, ...args: string[]): Running;
  /** `close` ends this process too. */
  adopt(client: Running): void;
  close(): Promise<void>;
}

/** Starts a server on the loopback interface, on a free port unless the arguments have one. */
export async function startServerProcess(...args: string[]): Promise<ServerProcess> {
  return startServerProcessIn(await makeHome(), ...args);
}

/** The same in this home, which it removes in the end. */
export async function startServerProcessIn(home: Home, ...args: string[]): Promise<ServerProcess> {
  const data = join(home.folder, 'data');
  const given = args.indexOf('--port');
  const port = given < 0 ? await ownPort() : Number(args[given + 1]);
  const start = () =>
    home.run(['server', '--data', data, '--host', '127.0.0.1', '--port', String(port), ...args]);
  let server = start();
  const [, firstLink = ''] = await server.prints(/^join link: (secure-chat:\/\/\S+)\n/m);
  const pieces = firstLink.split('/');
  const link = pieces.slice(0, 4).join('/');
  const clients: Running[] = [];

  const operate: ServerProcess['operate'] = async (args, { input = '', env = {} } = {}) => {
    const command = home.run([...args, '--data', data], env);
    command.end(input);
    return { code: await command.ended, out: command.stdout(), err: command.stderr() };
  };

  async function restart(): Promise<void> {
    server = start();
    await server.prints(/^join link:/m);
  }

  return {
    home,
    process: () => server,
    port,
    firstLink,
    link,
    async invite(...more) {
      const { code, out, err } = await operate(['invite', ...more]);
      if (code !== 0) throw new Error(`invite ended with ${code}: ${err}`);
      return out.trim();
    },
    operate,
    restart,
    async killAndRestart() {
      server.kill('SIGKILL');
      await server.ended;
      await restart();
    },
    connect(to, name, ...more) {
      const client = home.run(['connect', to, '--name', name, ...more], { SECURE_CHAT_PASSWORD: password });
      clients.push(client);
      return client;
    },
    adopt: (client) => void clients.push(client),
    async close() {
      for (const running of [...clients, server]) running.kill('SIGKILL');
      await Promise.all([...clients, server].map((running) => running.ended));
      await home.remove();
    },
  };
}
