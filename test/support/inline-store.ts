/**
 * Stores in the test's own thread, of SQLite each begun as a copy of an empty one: a tenth of the cost of a store with
 * threads. For tests of what uses a store; tests of the store itself take sqlite-store.ts.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeError } from '../../lib/store/sql/failure.js';
import type { StartConnection } from '../../lib/store/sql/open-store.js';
import type { Driver } from '../../lib/store/sql/worker.js';
import { openDatabaseConnection, sqliteDriver } from '../../lib/store/sqlite/connection.js';
import { openSqliteStoreOn, type SqliteOptions } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { turns } from './turns.js';

let empty: Buffer | undefined;

/** As openSqliteStore. */
export function openInlineStore(options: SqliteOptions): Promise<Store> {
  if (!existsSync(options.file)) {
    empty ??= makeEmpty();
    writeFileSync(options.file, empty, { mode: 0o600 });
  }
  return openSqliteStoreOn(startInline, options);
}

function makeEmpty(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'secure-chat-empty-'));
  const file = join(folder, 'chat.db');
  try {
    openDatabaseConnection({ file }).close();
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Answers later, as a thread does. */
export const startInlineOn =
  (driver: Driver<never>): StartConnection =>
  async ({ name, database, onOutcomes, onFailure }) => {
    const explain = (error: unknown) => storeError(name, driver.describe(error));
    const connection = open();
    let closing: Promise<void> | undefined;

    function open() {
      try {
        return driver.open(database as never);
      } catch (error) {
        throw explain(error);
      }
    }

    async function close(): Promise<void> {
      await new Promise(setImmediate);
      connection.close();
    }

    return {
      send(calls) {
        setImmediate(async () => {
          if (closing !== undefined) return;
          for (const { outcomes, changes, broken } of connection.run(calls)) {
            onOutcomes(outcomes, changes);
            if (broken !== undefined) onFailure(storeError(name, broken));
            await turns(1);
          }
        });
      },
      close() {
        closing ??= close();
        return closing;
      },
    };
  };

export const startInline = startInlineOn(sqliteDriver);
