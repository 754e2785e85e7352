/** Why a server did not start, for its operator. */

import { constants } from 'node:os';
import { ControlError } from '../server/operator/control-socket.js';
import { BlobError } from '../store/blobs.js';
import { StoreError, StoreInUse } from '../store/store.js';
import { CertificateError } from '../trust/key-pair.js';
import { Exit, exitCode } from './command.js';
import type { ServerSettings } from './start-server.js';

/** The exit, with one line that says what to do; other errors are returned as they are. */
export function startFailure(
  error: unknown,
  { port, host, data }: Pick<ServerSettings, 'port' | 'host' | 'data'>,
): unknown {
  if (error instanceof CertificateError || error instanceof ControlError) {
    return new Exit(exitCode.configuration, error.message, { cause: error });
  }
  if (error instanceof StoreInUse) {
    const message = `Another server or operator command is using ${data}. Stop it, or choose another folder with --data.`;
    return new Exit(exitCode.configuration, message, { cause: error });
  }
  if (error instanceof BlobError) {
    const message = `Cannot use the files folder in ${data}: ${causeOf(error)}. Check its permissions and disk.`;
    return new Exit(exitCode.io, message, { cause: error });
  }
  if (error instanceof StoreError) return new Exit(exitCode.io, error.message, { cause: error });
  if (!(error instanceof Error) || !('code' in error)) return error;
  const configuration = (message: string) => new Exit(exitCode.configuration, message, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return configuration(
        `Port ${port} is in use. Stop the other program, or choose another port with --port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return configuration(`${host} is not an address of this machine. Choose another --host, or omit it.`);
    case 'EACCES':
      return 'syscall' in error && error.syscall === 'listen'
        ? configuration(`No permission to listen on port ${port}. Choose 1024 or above with --port.`)
        : new Exit(
            exitCode.io,
            `Cannot write to ${data}: ${error.message}. Choose another folder with --data.`,
          );
    default:
      return String(error.code) in constants.errno
        ? new Exit(exitCode.io, `Cannot start the server: ${error.message}.`, { cause: error })
        : error;
  }
}

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
