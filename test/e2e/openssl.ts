/** `npm run gen-certs` and a server on its certificate, as openssl sees them. */
import { execFile } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { needs } from '../support/other-program.js';
import { makeHome } from '../support/program.js';

const exec = promisify(execFile);
const genCerts = fileURLToPath(new URL('../../scripts/gen-certs.js', import.meta.url));

t.test('TLS 1.3 with the printed pin, and no older version', needs('openssl'), async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const folder = join(home.folder, 'checkout');
  await mkdir(folder);
  const { stdout } = await exec(process.execPath, [genCerts, '--host', 'localhost', '--host', '127.0.0.1'], {
    cwd: folder,
    env: home.env,
  });
  const cert = join(folder, 'certs', 'server.pem');
  await exec('openssl', ['verify', '-CAfile', cert, cert]);

  const data = join(home.folder, 'data');
  const args = ['server', '--cert', cert, '--data', data, '--host', '127.0.0.1', '--port', '0'];
  const server = home.run(args);
  t.teardown(async () => {
    server.kill('SIGKILL');
    await server.ended;
  });
  const [, port = '', pin = ''] = await server.prints(/127\.0\.0\.1:(\d+)\/([\w-]{43})\//);
  t.match(
    stdout.replaceAll(/\s/g, ''),
    Buffer.from(pin, 'base64url').toString('hex'),
    'gen-certs printed it',
  );

  const client = ['s_client', '-connect', `127.0.0.1:${port}`, '-alpn', 'secure-chat/1', '-CAfile', cert];
  const seen = await talk([...client, '-verify_return_error']);
  t.match(seen, 'TLSv1.3');
  t.match(seen, 'ALPN protocol: secure-chat/1');
  t.match(seen, 'Verification: OK');
  t.match(seen, '"type":"hello"');
  const [pem = ''] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(seen) ?? [];
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  t.equal(createHash('sha256').update(spki).digest('base64url'), pin);

  t.match(await talk([...client, '-tls1_2']), /alert protocol version/);
  t.match(
    await talk(client.map((arg) => (arg === 'secure-chat/1' ? 'h2' : arg))),
    /alert|no application protocol/,
  );
});

/** What openssl prints, both streams, until the server or the end of its input closes it. */
async function talk(args: readonly string[]): Promise<string> {
  const running = exec('openssl', [...args], { timeout: 20_000 });
  // Ends the input after the server's hello; a handshake that fails ends it by itself.
  running.child.stdout?.on('data', (text: string) => {
    if (text.includes('"type":"hello"')) running.child.stdin?.end();
  });
  const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}\n${stderr}`;
}
