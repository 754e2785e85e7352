/** Starts a server for a command. Loads little itself, so that the database thread loads beside the rest of the server. */
import { loadSqliteThread } from '../store/sqlite/thread.js';
import type { ServerSettings } from './server-settings.js';
import type { RunningServer } from './start-server.js';

/** @throws Exit where the reason is known */
export async function launchServer(settings: ServerSettings): Promise<RunningServer> {
  const writer = settings.database === undefined ? loadSqliteThread() : undefined;
  try {
    const { startFailure } = await import('./start-failure.js');
    const { startServerOn } = await import('./start-server.js');
    return await startServerOn(writer, settings).catch((error: unknown) => {
      throw startFailure(error, settings);
    });
  } catch (error) {
    // Exiting while a thread works aborts.
    await writer?.close();
    throw error;
  }
}
