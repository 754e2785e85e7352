/** Starts a server for a command. Loads little itself, so that the database thread loads beside the rest of the server. */
import { loadSqliteThread } from '../store/sqlite/thread.js';
import type { RunningServer, ServerSettings } from './start-server.js';

/** @throws Exit where the reason is known */
export async function launchServer(settings: ServerSettings): Promise<RunningServer> {
  const writer = settings.database === undefined ? loadSqliteThread() : undefined;
  // Exiting while a thread works aborts.
  const { startFailure, startServerOn } = await import('./start-server.js').catch(async (error) => {
    await writer?.close();
    throw error;
  });
  return startServerOn(writer, settings).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
}
