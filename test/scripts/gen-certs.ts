import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { formatPin } from '../../lib/trust/key.js';
import { loadKeyPair } from '../../lib/trust/key-pair.js';
import { main } from '../../scripts/gen-certs.js';
import { day, needsOpenssl, openssl, run, someDay, temporaryFolder } from '../support/trust.js';

const script = fileURLToPath(new URL('../../scripts/gen-certs.js', import.meta.url));
const esc = '\u001b';
const lan: NetworkInterfaceInfo = {
  address: '192.0.2.9',
  family: 'IPv4',
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  internal: false,
  cidr: null,
};

function bench(t: Test, options: { now?: number; isTTY?: boolean; env?: Record<string, string> } = {}) {
  const cwd = temporaryFolder(t);
  const { now = someDay, isTTY = false, env = {} } = options;
  return {
    cwd,
    cert: join(cwd, 'certs', 'server.pem'),
    keyFile: join(cwd, 'certs', 'server-key.pem'),
    async run(...argv: string[]) {
      let stdout = '';
      let stderr = '';
      const code = await main(argv, {
        stdout: { isTTY, write: (text) => (stdout += text) },
        stderr: { isTTY, write: (text) => (stderr += text) },
        env,
        cwd,
        now,
        machine: { interfaces: { eth0: [lan] }, hostname: 'Box' },
      });
      return { code, stdout, stderr };
    },
  };
}

t.test('the first run creates a pair for this machine', async (t) => {
  const { run, cert, keyFile } = bench(t);
  const { code, stdout, stderr } = await run();
  t.equal(code, 0);
  t.equal(stderr, '');
  const pair = await loadKeyPair({ cert, now: someDay });
  t.strictSame(pair.hosts, ['localhost', '127.0.0.1', '::1', 'box', '192.0.2.9']);
  t.equal(pair.validTo.getTime(), someDay + 365 * day);
  t.equal(statSync(keyFile).mode & 0o777, 0o600);
  for (const text of [
    'certs/server.pem',
    'certs/server-key.pem (new)',
    '2027-11-20 (365 days)',
    pair.pin,
    ...formatPin(pair.pin).split('\n'),
    'localhost, 127.0.0.1, ::1, box, 192.0.2.9',
    'secure-chat server --cert certs/server.pem\n',
  ]) {
    t.ok(stdout.includes(text), text);
  }
  t.notOk(stdout.includes(esc), 'no colors in a pipe');
  t.notMatch(stdout, /PRIVATE KEY/);
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line);
});

t.test('the second run keeps the key and its pin', async (t) => {
  const { run, cert } = bench(t);
  await run();
  const first = await loadKeyPair({ cert, now: someDay });
  const { code, stdout } = await run('--days', '1', '--host', 'b.example');
  t.equal(code, 0);
  t.match(stdout, /\(unchanged\)/);
  t.match(stdout, /\(1 day\)/);
  t.match(await loadKeyPair({ cert, now: someDay }), {
    pin: first.pin,
    key: first.key,
    hosts: ['b.example'],
  });
});

t.test('--new-key replaces the key', async (t) => {
  const { run, cert } = bench(t);
  await run();
  const { pin } = await loadKeyPair({ cert, now: someDay });
  t.equal((await run('--new-key')).code, 0);
  t.not((await loadKeyPair({ cert, now: someDay })).pin, pin);
});

t.test('--rsa creates an RSA-2048 key, and never replaces another key without --new-key', async (t) => {
  const { run, cert, keyFile } = bench(t);
  await run();
  const before = readFileSync(keyFile, 'utf8');
  const refused = await run('--rsa');
  t.equal(refused.code, 64);
  t.match(refused.stderr, /--new-key/);
  t.equal(refused.stdout, '');
  t.equal(readFileSync(keyFile, 'utf8'), before);
  t.equal((await run('--rsa', '--new-key')).code, 0);
  const details = () => new X509Certificate(readFileSync(cert)).publicKey.asymmetricKeyDetails;
  t.match(details(), { modulusLength: 2048 });
  t.equal((await run()).code, 0);
  t.match(details(), { modulusLength: 2048 }, 'a renewal keeps it');
});

t.test('--host is repeatable; hosts are canonical and unique', async (t) => {
  const { run, cert } = bench(t);
  await run(
    '--host',
    'Chat.Example',
    '--host=192.0.2.1',
    '--host',
    '[2001:db8:0::1]',
    '--host',
    'chat.example.',
  );
  const { hosts } = await loadKeyPair({ cert, now: someDay });
  t.strictSame(hosts, ['chat.example', '192.0.2.1', '2001:db8::1']);
});

t.test('many hosts wrap at 80 columns', async (t) => {
  const { run } = bench(t);
  const hosts = Array.from({ length: 12 }, (_, index) => `host-number-${index}.example`);
  const { stdout } = await run(...hosts.flatMap((host) => ['--host', host]));
  for (const host of hosts) t.ok(stdout.includes(host));
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line);
});

t.test('--out takes a relative or an absolute folder', async (t) => {
  const { run, cwd } = bench(t);
  await run('--out', 'a b/c');
  t.ok(existsSync(join(cwd, 'a b', 'c', 'server.pem')));
  const elsewhere = join(temporaryFolder(t), 'x');
  const { stdout } = await run('--out', elsewhere);
  t.ok(existsSync(join(elsewhere, 'server-key.pem')));
  t.ok(stdout.includes(`--cert ${join(elsewhere, 'server.pem')}\n`));
  const again = await run('--out', 'a b/c');
  t.ok(again.stdout.includes("--cert 'a b/c/server.pem'\n"), 'the next command can be copied');
});

t.test('invalid options exit with 64, explain the problem and write nothing', async (t) => {
  const { run, cwd } = bench(t);
  for (const argv of [
    ['--days', '0'],
    ['--days', '3651'],
    ['--days', '1.5'],
    ['--days', '-1'],
    ['--days', '1e3'],
    ['--days', 'x'],
    ['--days'],
    ['--host', ''],
    ['--host', 'a b'],
    ['--host', 'fe80::1%eth0'],
    ['--host', 'a,b'],
    ['--host'],
    ['--key-file', 'x'],
    ['--unknown'],
    ['excess'],
  ]) {
    const { code, stdout, stderr } = await run(...argv);
    t.equal(code, 64, argv.join(' '));
    t.equal(stdout, '');
    t.match(stderr, /^gen-certs: .*\n/);
    t.match(stderr, /--help/);
  }
  t.notOk(existsSync(join(cwd, 'certs')));
});

t.test('--help lists every option and exits with 0', async (t) => {
  const { run, cwd } = bench(t);
  const { code, stdout } = await run('--help');
  t.equal(code, 0);
  for (const option of ['--host', '--days', '--rsa', '--new-key', '--out'])
    t.ok(stdout.includes(option), option);
  t.notOk(existsSync(join(cwd, 'certs')));
});

t.test('unusable files exit with 74 and are named', async (t) => {
  const { run, cwd, keyFile } = bench(t);
  await run();
  chmodSync(keyFile, 0o644);
  const open = await run();
  t.equal(open.code, 74);
  t.match(open.stderr, `chmod 600 ${keyFile}`);
  writeFileSync(keyFile, 'garbage');
  const damaged = await run();
  t.equal(damaged.code, 74);
  t.match(damaged.stderr, keyFile);
  writeFileSync(join(cwd, 'file'), '');
  t.equal((await run('--out', 'file/certs')).code, 74);
  mkdirSync(join(cwd, 'odd', 'server.pem'), { recursive: true });
  t.equal((await run('--out', 'odd')).code, 74);
});

t.test('a terminal gets colors unless NO_COLOR or TERM=dumb', async (t) => {
  t.ok((await bench(t, { isTTY: true }).run()).stdout.includes(esc));
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }] as Record<string, string>[]) {
    t.notOk((await bench(t, { isTTY: true, env }).run()).stdout.includes(esc));
  }
});

t.test('the script runs on its own', async (t) => {
  const { cwd, cert } = bench(t);
  const first = await run(process.execPath, [script, '--host', 'localhost'], cwd);
  t.match(first, { code: 0, stderr: '' });
  const { pin } = await loadKeyPair({ cert, now: Date.now() });
  t.match(first.stdout, pin);
  t.match(await run(process.execPath, [script, '--host', 'a b'], cwd), { code: 64, stdout: '' });
  t.match(await run(process.execPath, [script, '--help'], cwd), { code: 0, stdout: /^Usage/ });
});

t.test('openssl verifies the certificate and computes the same pin', needsOpenssl, async (t) => {
  for (const kind of [[], ['--rsa']]) {
    const { cwd, cert, keyFile } = bench(t);
    const { stdout } = await run(process.execPath, [script, ...kind], cwd);
    t.match(openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', cert, cert), /: OK/);
    openssl('pkey', '-in', keyFile, '-pubout', '-outform', 'der', '-out', join(cwd, 'public.der'));
    const digest = openssl('dgst', '-sha256', '-r', join(cwd, 'public.der')).slice(0, 64);
    t.ok(stdout.includes(Buffer.from(digest, 'hex').toString('base64url')));
  }
});
