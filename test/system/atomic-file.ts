import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeAtomically } from '../../lib/system/atomic-file.js';
import { errorCode } from '../../lib/system/disk-errors.js';
import { temporaryFolder } from '../support/trust.js';

t.test('a new file has its text and mode, and no temporary file is left', async (t) => {
  const folder = temporaryFolder(t);
  await writeAtomically(join(folder, 'file'), 'text', 0o600);
  t.equal(readFileSync(join(folder, 'file'), 'utf8'), 'text');
  t.equal(statSync(join(folder, 'file')).mode & 0o777, 0o600);
  t.strictSame(readdirSync(folder), ['file']);
});

t.test('a world-readable file is replaced by a private one', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, 'old');
  chmodSync(file, 0o666);
  const before = statSync(file).ino;
  await writeAtomically(file, 'new', 0o600);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.not(statSync(file).ino, before, 'whoever has the old one open does not see the new text');
});

t.test('concurrent writers leave one complete text', async (t) => {
  const folder = temporaryFolder(t);
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
  await Promise.all(texts.map((text) => writeAtomically(join(folder, 'file'), text, 0o600)));
  t.ok(texts.includes(readFileSync(join(folder, 'file'), 'utf8')));
  t.strictSame(readdirSync(folder), ['file']);
});

t.test('a symbolic link is kept and its target replaced', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'real'), 'old');
  symlinkSync('real', join(folder, 'link'));
  await writeAtomically(join(folder, 'link'), 'new', 0o600);
  t.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
  t.equal(readFileSync(join(folder, 'real'), 'utf8'), 'new');
});

t.test('a failure leaves the old file and no temporary file', async (t) => {
  const folder = temporaryFolder(t);
  await t.rejects(writeAtomically(join(folder, 'none', 'file'), 'text', 0o600), { code: 'ENOENT' });
  await writeAtomically(join(folder, 'file'), 'text', 0o600);
  await t.rejects(writeAtomically(join(folder, 'file', 'x'), 'text', 0o600), { code: 'ENOTDIR' });
  await t.rejects(writeAtomically(folder, 'text', 0o600), 'a folder is not replaced');
  t.strictSame(readdirSync(folder), ['file']);
});

t.test('only system errors have a code', async (t) => {
  t.equal(errorCode(Object.assign(new Error(), { code: 'ENOSPC' })), 'ENOSPC');
  for (const value of [new Error(), undefined, null, 'ENOENT', { code: 'ENOENT' }])
    t.equal(errorCode(value), '');
});
