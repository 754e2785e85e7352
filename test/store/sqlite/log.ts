import { readFile } from 'node:fs/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import { scene } from '../../support/sqlite-store.js';
import { at, kept, newEntry } from '../../support/store-subject.js';

t.test('edited, removed and pruned text is gone from the file', async (t) => {
  const { store, id, target, file, append } = await scene(t);
  const secrets = ['zanzibar', 'wuppertal', 'quetzal'];
  for (const [index, secret] of secrets.entries()) {
    await Promise.all(append(200, `before${index}-`));
    const entry = newEntry(id, target, secret.slice(0, 3));
    await kept(store, { ...entry, text: `my ${secret}`, at: at - (index === 2 ? 1 : 0) });
  }
  const seqs = await Promise.all(secrets.map((secret) => store.findByKey(id, secret.slice(0, 3))));
  await Promise.all(append(200, 'after'));
  const [one, two] = seqs.map((logged) => logged?.seq ?? 0);
  await store.edit({ of: one ?? 0, account: id, at, text: 'nothing' });
  await store.remove({ of: two ?? 0, account: id, at });
  // All up to the third secret.
  await store.prune({ keep: 200, limit: 10_000 });
  await store.close();
  const bytes = await readFile(file, 'latin1');
  for (const secret of secrets) t.notOk(bytes.includes(secret.slice(1)), secret);
  t.ok(bytes.includes('text of after'), 'other text is still there');
});

t.test('the index has the words of existing messages, and no others', async (t) => {
  const { store, id, target, file } = await scene(t);
  const said: number[] = [];
  for (const text of ['plain words', 'wörds with 北京 in them', 'gone', 'file.txt', 'old']) {
    const file = text === 'file.txt' ? { file: { name: text, size: 1, hash: 'h' } } : {};
    said.push((await kept(store, { ...newEntry(id, target, text), text, ...file })).seq);
  }
  const [one = 0, two = 0, three = 0, four = 0] = said;
  await store.edit({ of: one, account: id, at, text: 'plain 北京 wörds' });
  await store.edit({ of: two, account: id, at, text: 'again' });
  for (const of of [three, four]) await store.remove({ of, account: id, at });
  await store.close();
  const db = new DatabaseSync(file);
  t.teardown(() => db.close());
  db.exec("INSERT INTO words (words) VALUES ('integrity-check')");
  db.exec("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, words, 'instance')");
  const terms = db.prepare("SELECT term FROM temp.terms WHERE col = 'text' ORDER BY doc, offset").all();
  t.same(
    terms.map(({ term }: { term: string }) => term),
    ['plain', '北', '京', 'words', 'again', 'old'],
  );
});
