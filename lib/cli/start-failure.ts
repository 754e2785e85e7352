/** What kept a server from starting, in words for its operator. */
import { constants } from 'node:os';
import { ControlError } from '../server/operator/control-socket.js';
import { BlobError } from '../store/blobs.js';
import { StoreError, StoreInUse } from '../store/store.js';
import { CertificateError } from '../trust/key-pair.js';
import { Exit, exitCode } from './exit.js';
import type { ServerSettings } from './start-server.js';

/** Why a server did not start, as one line that says what to do. */
export function startFailure(
  error: unknown,
  { port, host, data }: Pick<ServerSettings, 'port' | 'host' | 'data'>,
): unknown {
  if (error instanceof CertificateError || error instanceof ControlError) {
    return new Exit(exitCode.configuration, error.message, { cause: error });
  }
  if (error instanceof StoreInUse) {
    const message = `Another server is running on ${data}, or a command of its operator. End it, or choose another folder with --data.`;
    return new Exit(exitCode.configuration, message, { cause: error });
  }
  if (error instanceof BlobError) {
    const message = `Cannot use the folder files in ${data}: ${causeOf(error)}. Check its permissions and its disk.`;
    return new Exit(exitCode.io, message, { cause: error });
  }
  if (error instanceof StoreError) return new Exit(exitCode.io, error.message, { cause: error });
  if (!(error instanceof Error) || !('code' in error)) return error;
  const configuration = (message: string) => new Exit(exitCode.configuration, message, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return configuration(`Port ${port} is taken. Stop what listens there, or choose another with --port.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return configuration(
        `${host} is not an address of this machine. Choose another --host, or leave it out.`,
      );
    case 'EACCES':
      return 'syscall' in error && error.syscall === 'listen'
        ? configuration(`Not allowed to listen on port ${port}. Choose one from 1024 on with --port.`)
        : new Exit(
            exitCode.io,
            `Cannot write to ${data}: ${error.message}. Choose another folder with --data.`,
          );
    default:
      return String(error.code) in constants.errno
        ? new Exit(exitCode.io, `The server cannot start: ${error.message}.`, { cause: error })
        : error;
  }
}

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
