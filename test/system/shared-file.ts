import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { errorCode } from '../../lib/system/disk-errors.js';
import { rewriteAtomically, systemTiming, withLock, writeAtomically } from '../../lib/system/shared-file.js';
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

t.test('a file that is rewritten keeps its mode, within limits, and is no link', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  const modeOf = () => statSync(file).mode & 0o777;
  await rewriteAtomically(file, 'new', { mode: 0o600 });
  t.equal(modeOf(), 0o600);
  chmodSync(file, 0o664);
  await rewriteAtomically(file, 'newer', { mode: 0o600 });
  t.equal(modeOf(), 0o664);
  await rewriteAtomically(file, 'newest', { mode: 0o600, widest: 0o700 });
  t.equal(modeOf(), 0o600);
  t.equal(readFileSync(file, 'utf8'), 'newest');
  symlinkSync('file', join(folder, 'link'));
  await t.rejects(rewriteAtomically(join(folder, 'link'), 'other', { mode: 0o600 }), { code: 'ELOOP' });
  t.equal(readFileSync(file, 'utf8'), 'newest');
  t.strictSame(readdirSync(folder), ['file', 'link']);
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

/** A clock that is moved by waiting, and what happens at each wait. */
function manualTiming(atWait: (waits: number) => void = () => undefined) {
  let now = Date.now();
  let waits = 0;
  return {
    now: () => now,
    wait: async (ms: number) => {
      now += ms;
      waits += 1;
      atWait(waits);
    },
  };
}

t.test('the lock exists only while the action runs', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  t.equal(await withLock(path, async () => existsSync(path)), true);
  t.notOk(existsSync(path));
  await t.rejects(
    withLock(path, () => Promise.reject(new Error('inside'))),
    { message: 'inside' },
  );
  t.notOk(existsSync(path));
});

t.test('only one action runs at a time', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const { enter, most } = countEntries();
  await Promise.all(Array.from({ length: 10 }, () => withLock(path, enter)));
  t.equal(most(), 1);
});

t.test('a held lock is waited for', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'lock');
  let release: () => void = () => undefined;
  let held: Promise<void> = Promise.resolve();
  // The file is there a moment before the action runs.
  await new Promise<void>((begun) => {
    held = withLock(path, () => {
      begun();
      return new Promise((resolve) => (release = resolve));
    });
  });
  let waits = 0;
  const wait = async () => {
    waits += 1;
    release();
    await held;
  };
  t.equal(await withLock(path, async () => 'mine', { ...systemTiming, wait }), 'mine');
  t.equal(waits, 1);
  t.strictSame(readdirSync(folder), []);
});

t.test('waiting ends with a LockError after the timeout', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  writeFileSync(path, '');
  // Somebody takes it again and again: it never gets old.
  const timing = manualTiming(() => utimesSync(path, timing.now() / 1000, timing.now() / 1000));
  const start = timing.now();
  await t.rejects(
    withLock(path, async () => t.fail('never runs'), timing),
    { name: 'LockError', path },
  );
  t.ok(timing.now() - start >= 15_000);
  t.ok(existsSync(path), 'it is not removed');
});

t.test('a stale lock is taken over', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'lock');
  writeFileSync(path, '');
  const timing = manualTiming();
  utimesSync(path, timing.now() / 1000 - 11, timing.now() / 1000 - 11);
  const start = timing.now();
  t.equal(await withLock(path, async () => 'mine', timing), 'mine');
  t.equal(timing.now(), start, 'at once');
  t.strictSame(readdirSync(folder), []);
});

t.test('a lock that becomes stale during the wait is taken over', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  writeFileSync(path, '');
  const timing = manualTiming();
  t.equal(await withLock(path, async () => 'mine', timing), 'mine');
  t.notOk(existsSync(path));
});

t.test('many waiters on one stale lock still run one at a time', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'lock');
  writeFileSync(path, '');
  utimesSync(path, 1, 1);
  const { enter, most } = countEntries();
  await Promise.all(Array.from({ length: 20 }, () => withLock(path, enter)));
  t.equal(most(), 1);
  t.strictSame(readdirSync(folder), []);
});

t.test('a missing folder is an error, not a wait', async (t) => {
  const path = join(temporaryFolder(t), 'none', 'lock');
  await t.rejects(
    withLock(path, async () => 'never'),
    { code: 'ENOENT' },
  );
});

/** An action, and how many of it ran at once. */
function countEntries() {
  let inside = 0;
  let most = 0;
  const enter = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise(setImmediate);
    inside -= 1;
  };
  return { enter, most: () => most };
}
