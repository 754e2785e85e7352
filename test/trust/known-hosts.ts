import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { systemTiming } from '../../lib/system/shared-file.js';
import { openKnownHosts } from '../../lib/trust/known-hosts.js';
import { run, temporaryFolder } from '../support/trust.js';

const a = { host: 'a.example', port: 6697 };
const six = { host: '::1', port: 7000 };
const pinA = 'A'.repeat(43);
const pinB = 'b_-9'.repeat(10).concat('xyz');

function fileWith(t: Test, text: string): string {
  const path = join(temporaryFolder(t), 'known_hosts');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

t.test('without a file no host is known, and looking one up creates none', async (t) => {
  const folder = temporaryFolder(t);
  const known = openKnownHosts(join(folder, 'none', 'known_hosts'));
  t.equal(await known.find(a), undefined);
  t.equal(await known.forget(a), false);
  t.strictSame(await known.list(), { hosts: [], faults: [] });
  t.strictSame(readdirSync(folder), []);
});

t.test('a remembered pin is found, also by another process', async (t) => {
  const path = join(temporaryFolder(t), 'state', 'secure-chat', 'known_hosts');
  const known = openKnownHosts(path);
  await known.remember(a, pinA);
  await known.remember(six, pinB);
  t.equal(readFileSync(path, 'utf8'), `a.example:6697 ${pinA}\n[::1]:7000 ${pinB}\n`);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  t.strictSame(readdirSync(join(path, '..')), ['known_hosts']);
  const next = openKnownHosts(path);
  t.equal(await next.find(a), pinA);
  t.equal(await next.find(six), pinB);
  t.equal(await next.find({ ...a, port: 6698 }), undefined, 'another port is another server');
  t.equal(await next.find({ ...a, host: 'b.example' }), undefined);
  t.strictSame(await next.list(), {
    hosts: [
      { endpoint: a, pin: pinA, peers: [], line: 1 },
      { endpoint: six, pin: pinB, peers: [], line: 2 },
    ],
    faults: [],
  });
});

t.test('every spelling of a host finds it', async (t) => {
  const known = openKnownHosts(fileWith(t, `A.Example.:6697 ${pinA}\n[0:0::1]:7000\t${pinB}\n`));
  t.equal(await known.find({ host: 'a.EXAMPLE', port: 6697 }), pinA);
  t.equal(await known.find({ host: '::0:1', port: 7000 }), pinB);
});

t.test('a new pin replaces the old one', async (t) => {
  const path = fileWith(t, `b:1 ${pinB}\na.example ${pinB} # by hand, default port\nc:1 ${pinB}\n`);
  await openKnownHosts(path).remember(a, pinA);
  t.equal(readFileSync(path, 'utf8'), `b:1 ${pinB}\na.example:6697 ${pinA}\nc:1 ${pinB}\n`);
});

t.test('remembering a known pin changes nothing', async (t) => {
  const path = fileWith(t, `a.example:6697 ${pinA} # mine`);
  const before = statSync(path).ino;
  await openKnownHosts(path).remember(a, pinA);
  t.equal(statSync(path).ino, before);
});

t.test('comments, empty lines and faulty lines are preserved', async (t) => {
  const text = `# mine\n\nnonsense!\n  # more\nb:1 short\na.example:6697 ${pinB}\n`;
  const path = fileWith(t, text);
  const known = openKnownHosts(path);
  await known.remember(a, pinA);
  await known.remember(six, pinB);
  t.equal(readFileSync(path, 'utf8'), `${text.replace(pinB, pinA)}[::1]:7000 ${pinB}\n`);
  t.equal(await known.forget(a), true);
  t.equal(await known.forget(six), true);
  t.equal(await known.forget(six), false);
  t.equal(readFileSync(path, 'utf8'), '# mine\n\nnonsense!\n  # more\nb:1 short\n');
});

t.test(
  'the other addresses of a chat are kept on its line, and each list replaces the one before',
  async (t) => {
    const path = fileWith(t, `# mine\na.example:6697 ${pinA} # home\nb:1 ${pinB}\n`);
    const known = openKnownHosts(path);
    const c = { host: 'c', port: 1 };
    await known.keepPeers(a, pinA, [six, a, c, six]);
    t.equal(
      readFileSync(path, 'utf8'),
      `# mine\na.example:6697 ${pinA} also [::1]:7000,c:1 # home\nb:1 ${pinB}\n`,
    );
    t.strictSame(await known.chat([a]), { endpoint: a, pin: pinA, peers: [six, c], line: 2 });
    const before = statSync(path).ino;
    await known.keepPeers(a, pinA, [six, c]);
    await known.keepPeers(a, pinB, []);
    await known.keepPeers(c, pinA, [six]);
    await known.remember(a, pinA);
    t.equal(statSync(path).ino, before, 'the same list, another key and an unknown server change nothing');
    await known.keepPeers(a, pinA, [c]);
    t.strictSame((await known.chat([a]))?.peers, [c]);
    await known.remember(a, pinB);
    t.strictSame((await known.chat([a]))?.peers, [], 'they go with the pin');
    const many = Array.from({ length: 40 }, (_, port) => ({ host: 'd', port: port + 1 }));
    await known.keepPeers(a, pinB, many);
    t.strictSame((await known.chat([a]))?.peers, many.slice(0, 16));
    await known.keepPeers(a, pinB, []);
    t.equal(readFileSync(path, 'utf8'), `# mine\na.example:6697 ${pinB}\nb:1 ${pinB}\n`);
  },
);

t.test(
  'a chat is found by any of its addresses with its pin, and without one by its own address alone',
  async (t) => {
    const b = { host: 'b', port: 1 };
    const c = { host: 'c', port: 1 };
    const path = fileWith(
      t,
      `evil:1 ${pinB} also a.example,c:1\na.example ${pinA} also b:1 # own\nb:1 ${pinA}\n`,
    );
    const known = openKnownHosts(path);
    const evil = { host: 'evil', port: 1 };
    t.strictSame((await known.chat([a]))?.endpoint, a, 'not what another server says of it');
    t.strictSame((await known.chat([b]))?.endpoint, a, 'one chat, also where both addresses have a line');
    t.equal(await known.chat([c]), undefined);
    t.equal(await known.find(c), undefined, 'what a server tells is not trusted for itself');
    t.strictSame((await known.chat([c], pinB))?.endpoint, evil);
    t.strictSame((await known.chat([c, b], pinA))?.endpoint, a);
    t.equal(await known.chat([six], pinA), undefined);
    t.equal(await known.forget(c), false);
  },
);

t.test('files without a final newline or with Windows line ends are read and extended', async (t) => {
  const path = fileWith(t, `b:1 ${pinB}\r\nc:1 ${pinB}`);
  const known = openKnownHosts(path);
  await known.remember(a, pinA);
  t.strictSame((await known.list()).faults, []);
  t.equal((await known.list()).hosts.length, 3);
});

t.test('list reports faulty lines and the valid ones', async (t) => {
  const lines = [
    `a.example:6697 ${pinA}`,
    'b.example:6697',
    `c.example:6697 ${pinA.slice(1)}`,
    `d.example:x ${pinA}`,
    `e.example:6697 ${pinA} junk`,
    `[::1]:7000 ${pinB} # fine`,
    `f.example:6697 ${pinA} also`,
    `g.example:6697 ${pinA} also h,:1`,
    `i.example:6697 ${pinA} also ${Array.from({ length: 17 }, (_, i) => `j${i}`).join(',')}`,
  ];
  const known = openKnownHosts(fileWith(t, lines.join('\n')));
  const { hosts, faults } = await known.list();
  t.strictSame(
    hosts.map(({ line }) => line),
    [1, 6],
  );
  t.match(faults, [
    { line: 2, endpoint: { host: 'b.example', port: 6697 } },
    { line: 3, endpoint: { host: 'c.example' } },
    { line: 4, endpoint: undefined },
    { line: 5, endpoint: { host: 'e.example' } },
    { line: 7, endpoint: { host: 'f.example' } },
    { line: 8, endpoint: { host: 'g.example' } },
    { line: 9, endpoint: { host: 'i.example' }, problem: /at most 16/ },
  ]);
  t.equal(await known.find(a), pinA);
  t.equal(await known.find(six), pinB);
});

t.test('a server with a faulty line does not pass for an unknown one', async (t) => {
  const path = fileWith(t, `a.example:6697 ${pinA.slice(1)}\n`);
  const known = openKnownHosts(path);
  await t.rejects(known.find(a), { name: 'KnownHostsError', code: 'malformed', message: /line 1/ });
  await known.remember(a, pinA);
  t.equal(await known.find(a), pinA);
  writeFileSync(path, 'a.example:6697\n');
  t.equal(await known.forget(a), true);
  t.equal(await known.find(a), undefined);
});

t.test('two pins for one server are an error', async (t) => {
  const path = fileWith(t, `a.example:6697 ${pinA}\nb:1 ${pinB}\nA.example ${pinB}\n`);
  const known = openKnownHosts(path);
  await t.rejects(known.find(a), { code: 'contradictory', message: /lines 1 and 3/ });
  t.equal(await known.find({ host: 'b', port: 1 }), pinB);
  await known.remember(a, pinB);
  t.equal(await known.find(a), pinB);
  t.equal(readFileSync(path, 'utf8'), `a.example:6697 ${pinB}\nb:1 ${pinB}\n`);
});

t.test('invalid hosts and pins throw a RangeError', async (t) => {
  const path = join(temporaryFolder(t), 'known_hosts');
  const known = openKnownHosts(path);
  await t.rejects(known.remember(a, 'short'), { name: 'RangeError' });
  await t.rejects(known.remember(a, `${pinA}\nevil:1 ${pinA}`), { name: 'RangeError' });
  await t.rejects(known.remember({ host: 'a\nb', port: 1 }, pinA), { name: 'RangeError' });
  await t.rejects(known.remember({ host: 'a', port: 0 }, pinA), { name: 'RangeError' });
  t.notOk(existsSync(path));
});

t.test('read and write errors have a code and a reason', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'known_hosts'));
  const known = openKnownHosts(join(folder, 'known_hosts'));
  await t.rejects(known.find(a), { name: 'KnownHostsError', code: 'unreadable' });
  await t.rejects(known.remember(a, pinA), { code: 'unreadable' });
  writeFileSync(join(folder, 'file'), '');
  await t.rejects(openKnownHosts(join(folder, 'file', 'known_hosts')).remember(a, pinA), {
    code: 'not-written',
  });
});

t.test('a symbolic link is neither read nor written', async (t) => {
  const target = fileWith(t, `a.example:6697 ${pinA}\n`);
  const path = join(temporaryFolder(t), 'known_hosts');
  symlinkSync(target, path);
  const known = openKnownHosts(path);
  const refusal = { code: 'link', message: /known_hosts is a symbolic link/ };
  await t.rejects(known.find(a), refusal);
  await t.rejects(known.list(), refusal);
  await t.rejects(known.forget(a), refusal);
  await t.rejects(known.remember(six, pinB), refusal);
  t.equal(readFileSync(target, 'utf8'), `a.example:6697 ${pinA}\n`);
  t.ok(lstatSync(path).isSymbolicLink());
});

t.test('the mode of the file is kept', async (t) => {
  const path = fileWith(t, `a.example:6697 ${pinA}\n`);
  for (const mode of [0o644, 0o660]) {
    chmodSync(path, mode);
    await openKnownHosts(path).remember(six, mode === 0o644 ? pinB : pinA);
    t.equal(statSync(path).mode & 0o777, mode);
  }
});

t.test('concurrent calls lose no pins', async (t) => {
  const path = join(temporaryFolder(t), 'state', 'known_hosts');
  const several = [openKnownHosts(path), openKnownHosts(path), openKnownHosts(path)];
  const calls = Array.from({ length: 30 }, (_, index) =>
    several[index % 3]?.remember({ host: `h${index}`, port: 6697 }, pinA),
  );
  await Promise.all(calls);
  const { hosts, faults } = await openKnownHosts(path).list();
  t.equal(new Set(hosts.map(({ endpoint }) => endpoint.host)).size, 30);
  t.strictSame(faults, []);
  t.strictSame(readdirSync(join(path, '..')), ['known_hosts']);
});

t.test('a failed call does not block the next one', async (t) => {
  const path = join(temporaryFolder(t), 'known_hosts');
  const known = openKnownHosts(path);
  mkdirSync(path);
  const failing = known.remember(a, pinA);
  await t.rejects(failing);
  rmdirSync(path);
  await known.remember(a, pinA);
  t.equal(await known.find(a), pinA);
});

t.test('concurrent processes lose no pins', async (t) => {
  const path = join(temporaryFolder(t), 'state', 'known_hosts');
  const program = fileURLToPath(new URL('../support/remember-hosts.js', import.meta.url));
  const runs = ['one-', 'two-', 'three-'].map((prefix) =>
    run(process.execPath, [program, path, prefix, '20']),
  );
  for (const { code, stderr } of await Promise.all(runs)) t.equal(code, 0, stderr);
  const { hosts, faults } = await openKnownHosts(path).list();
  t.equal(new Set(hosts.map(({ endpoint }) => endpoint.host)).size, 60);
  t.strictSame(faults, []);
});

t.test('a stale lock is broken', async (t) => {
  const path = fileWith(t, '');
  writeFileSync(`${path}.lock`, '');
  utimesSync(`${path}.lock`, 1, 1);
  await openKnownHosts(path).remember(a, pinA);
  t.equal(await openKnownHosts(path).find(a), pinA);
});

t.test('a lock that stays is an error', async (t) => {
  const path = fileWith(t, '');
  writeFileSync(`${path}.lock`, '');
  let now = Date.now();
  const wait = async () => {
    now += 5_000;
    utimesSync(`${path}.lock`, now / 1000, now / 1000);
  };
  const known = openKnownHosts(path, { ...systemTiming, now: () => now, wait });
  await t.rejects(known.remember(a, pinA), { name: 'KnownHostsError', code: 'locked' });
  t.equal(readFileSync(path, 'utf8'), '');
});
