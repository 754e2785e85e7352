/** Starts a thread that can open a SQLite store. Loads little, so that the thread can load while its program does. */
import { type LoadingThread, loadThread } from '../sql/thread.js';

export const loadSqliteThread = (): LoadingThread =>
  loadThread({ module: new URL('./connection.js', import.meta.url).href, name: 'sqliteDriver' });
