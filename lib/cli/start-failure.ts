/** Why a server, or a command on its data, could not start: the exit code and sentence of each failure. */
import { constants } from 'node:os';
import { ControlError } from '../server/operator/control-socket.js';
import { WebhookListenError } from '../server/webhooks/webhook-listener.js';
import { BlobError } from '../store/blobs.js';
import { StoreError, StoreInUse } from '../store/store.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { formatEndpoint } from '../trust/endpoint.js';
import { CertificateError } from '../trust/key-pair.js';
import { Exit } from './command.js';
import type { ServerSettings } from './server-settings.js';

/** The exit, with one line that says what to do; other errors are returned as they are. */
export function startFailure(
  error: unknown,
  {
    port,
    host,
    data,
    database,
    webhooks,
  }: Pick<ServerSettings, 'port' | 'host' | 'data' | 'webhooks'> & {
    readonly database?: string | undefined;
  },
): unknown {
  const configuration = (message: string) => new Exit('configuration', message, { cause: error });
  if (error instanceof CertificateError || error instanceof ControlError) return configuration(error.message);
  if (error instanceof StoreInUse) {
    const inUse = `Another server or operator command is using ${data}. Stop it, or choose another folder with --data.`;
    return configuration(database === undefined ? inUse : error.message);
  }
  if (error instanceof BlobError) {
    const message = `Cannot use the files folder in ${data}: ${causeOf(error)}. Check its permissions and disk.`;
    return new Exit('io', message, { cause: error });
  }
  if (error instanceof StoreError) return new Exit('io', error.message, { cause: error });
  if (error instanceof WebhookListenError) {
    const where = webhooks === undefined ? 'this address' : formatEndpoint(webhooks);
    const why = listenReason(error.cause);
    return configuration(
      `Cannot take webhooks on ${where}: ${why}. Choose another address or port with --webhooks.`,
    );
  }
  if (!(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'EADDRINUSE':
      return configuration(
        `Port ${port} is in use. Stop the other program, or choose another port with --port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return configuration(`${host} is not an address of this machine. Choose another --host, or omit it.`);
    case 'EMFILE':
    case 'ENFILE':
      return new Exit('io', `Too many open files. ${filesAdvice}`, { cause: error });
    case 'EACCES':
      return 'syscall' in error && error.syscall === 'listen'
        ? configuration(`No permission to listen on port ${port}. Choose 1024 or above with --port.`)
        : new Exit('io', `Cannot write to ${data}: ${error.message}. Choose another folder with --data.`);
    default:
      return String(error.code) in constants.errno
        ? new Exit('io', `Cannot start the server: ${error.message}.`, { cause: error })
        : error;
  }
}

/** Why a program can't listen on an address, as the end of a sentence. */
export function listenReason(error: unknown): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return 'the port is in use';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'not an address of this machine';
    case 'EACCES':
      return 'no permission for this port';
    default:
      return diskReason(errorCode(error));
  }
}

const filesAdvice =
  'A server needs about 200, and one for each connection. Allow more (ulimit -n 1024, LimitNOFILE= in its systemd unit).';

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
