import { copyFile, readFile, writeFile } from 'node:fs/promises';
import t from 'tap';
import { openDatabase, openReadOnly } from '../../../lib/store/sqlite/database.js';
import { lossesOf, noteFile, readLastEntry, writeLastEntry } from '../../../lib/store/sqlite/last-entry.js';
import { createUpkeep } from '../../../lib/store/sqlite/upkeep.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { temporaryFile } from '../../support/sqlite-store.js';

t.test('what was written is noted within a second, and is in the file itself within a minute', async (t) => {
  const file = await temporaryFile(t);
  const clock = createFakeClock();
  const db = openDatabase({ file });
  t.teardown(() => db.close());
  const upkeep = createUpkeep(db, file, clock);
  db.exec(
    "INSERT INTO accounts (name, skeleton, password, role, created_at) VALUES ('a', 'a', '-', 'member', 0)",
  );
  upkeep.wrote();
  t.equal(readLastEntry(file), undefined);
  clock.advance(1_000);
  t.same(readLastEntry(file), { seq: 0, account: 1 });

  const inFile = async () => {
    await copyFile(file, `${file}-copy`);
    const copy = openReadOnly(`${file}-copy`);
    try {
      return copy.accounts();
    } finally {
      copy.close();
    }
  };
  t.equal(await inFile(), 0);
  clock.advance(59_000);
  t.equal(await inFile(), 1);
  t.equal(clock.pending, 0, 'nothing is due while nothing is written');
  upkeep.wrote();
  upkeep.close();
  t.equal(clock.pending, 0);
});

t.test('a note that is ahead is a loss, reported once; its seqs are skipped', async (t) => {
  const file = await temporaryFile(t);
  const db = openDatabase({ file });
  t.teardown(() => db.close());
  writeLastEntry(file, { seq: 900, account: 0 });
  createUpkeep(db, file).close();
  createUpkeep(db, file).close();
  t.match(lossesOf(file), [/ends with message 0 .* had stored message 900/]);
  t.equal(lossesOf(file).length, 1);
  t.ok((readLastEntry(file)?.seq ?? 0) > 900);
});

t.test('a note that cannot be read counts as none, and an unwritable one stops nothing', async (t) => {
  const file = await temporaryFile(t);
  const db = openDatabase({ file });
  t.teardown(() => db.close());
  for (const text of ['', 'seq 9', 'seq x account y\n', '\0'.repeat(50)]) {
    await writeFile(noteFile(file), text);
    t.equal(readLastEntry(file), undefined);
  }
  createUpkeep(db, file).close();
  t.match(await readFile(noteFile(file), 'latin1'), /^seq 0+ account 0+\n/);
  const nowhere = createUpkeep(db, '/no/such/folder/chat.db');
  nowhere.wrote();
  nowhere.close();
});
