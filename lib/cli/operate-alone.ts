/** A command of the operator on a data folder on which no server runs. */
import { access } from 'node:fs/promises';
import { ProtocolError } from '../protocol/errors.js';
import type { RawFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { systemClock } from '../server/clock.js';
import { ControlError } from '../server/control.js';
import { openDesk } from '../server/desk.js';
import { createDoorway } from '../server/doorway.js';
import { createHasher } from '../server/hasher.js';
import { silentLog } from '../server/log.js';
import { operatorCommands } from '../server/operator.js';
import { openFolderBlobs } from '../store/folder/blobs.js';
import { openSqliteStore } from '../store/sqlite/open.js';
import { defaultPort } from '../trust/endpoint.js';
import { formatJoinLink } from '../trust/join-link.js';
import { loadKeyPair } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { databaseFile, filesFolder, type Where } from './data-folder.js';
import { Exit, exitCode, refusal } from './exit.js';
import type { Io } from './io.js';
import { startFailure } from './start-failure.js';
import { fileLimits, reachable } from './start-server.js';

/** @throws Exit */
export async function operateAlone({ data, io }: Where, command: string, args: object): Promise<RawFrame> {
  await access(databaseFile(data)).catch((cause: unknown) => {
    const message = `There is no server's data in ${data}. Start it once, secure-chat server, or name its --data.`;
    throw new Exit(exitCode.configuration, message, { cause });
  });
  const file = databaseFile(data);
  const store = await openSqliteStore({ file, onFailure: () => {} }).catch((error: unknown) => {
    throw startFailure(error, { data });
  });
  const hasher = createHasher();
  try {
    const { desk, clearing } = await openDesk(
      {
        name: 'secure-chat',
        registration: 'invite',
        rate: { burst: limits.messageBurst, perSecond: limits.messagesPerSecond },
        rooms: 'members',
        links: await offlineLinks(data, io),
        files: fileLimits({}),
        retention: {},
      },
      {
        ...{ store, hasher, clock: systemClock, log: silentLog, doorway: createDoorway() },
        blobs: await openFolderBlobs(filesFolder(data)),
      },
    );
    const answer = await operatorCommands(desk).get(command)?.({ ...args });
    await clearing.close();
    return { ...answer };
  } catch (error) {
    if (error instanceof ControlError || error instanceof ProtocolError) throw refusal(error);
    throw error;
  } finally {
    hasher.close();
    await store.close();
  }
}

/** To where a server with the same environment would listen. */
async function offlineLinks(data: string, { env }: Io): Promise<(code: string) => string[]> {
  const cert = env.SECURE_CHAT_CERT ?? ownCertificate(data);
  const pair = await loadKeyPair({ cert, now: systemClock.now() }).catch(() => undefined);
  const { SECURE_CHAT_PUBLIC_HOST: publicHost, SECURE_CHAT_HOST: host, SECURE_CHAT_PORT: port } = env;
  const at = { ...(publicHost && { publicHost }), ...(host && { host }) };
  return (code) => {
    if (pair === undefined)
      throw new ControlError('refused', `The certificate ${cert} cannot be read: start the server.`);
    return reachable(at, Number(port ?? defaultPort)).map((endpoint) => {
      return formatJoinLink({ ...endpoint, pin: pair.pin, code });
    });
  };
}
