/** TCP/IP Chat: what it does, and its wishes: file transfer and TLS. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect as plain } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { gather } from '../support/screen-people.js';
import { password } from '../support/served.js';
import { tlsOptions } from '../support/wire-client.js';

t.test('TCP/IP Chat', async (t) => {
  const people = await gather(t);
  const { served } = people;
  const ana = await people.pipe('ana');
  const ben = await people.pipe('ben');

  await t.test('--host and --port on both sides', async (t) => {
    const args = [
      'connect',
      '--host',
      '127.0.0.1',
      '--port',
      String(served.port),
      '--name',
      'ana',
      '--attach',
    ];
    const known = served.home.run(['trust', 'list']);
    await known.ended;
    t.match(known.stdout(), `127.0.0.1:${served.port}`, 'the link made the key known');
    const client = served.home.run(args, { SECURE_CHAT_PASSWORD: password });
    await client.prints(/in #lobby as ana/, 'stderr');
    client.end();
    t.equal(await client.ended, 0);
  });

  await t.test('/msg tells one person alone', async (t) => {
    ana.write('/msg ben psst\n');
    await ben.prints(/ana -> ben: psst/);
    t.end();
  });

  await t.test('/list tells who is here', async (t) => {
    ana.write('/list\n');
    await ana.prints(/2 people are here: ana \(you\), ben/, 'stderr');
    t.end();
  });

  await t.test('an error for a taken name', async (t) => {
    const taken = served.home.run(['connect', people.link, '--name', 'ana', '--create'], {
      SECURE_CHAT_PASSWORD: 'not hers',
    });
    taken.end();
    t.equal(await taken.ended, 77);
    t.match(taken.stderr(), /The name ana is taken/);
  });

  await t.test('the chat window stands above the input', async (t) => {
    const cleo = await people.screen('cleo');
    ana.write('above it\n');
    await cleo.shows(/above it/);
    cleo.type('below it');
    await cleo.shows(/below it/);
    const rows = cleo.rows();
    const said = rows.findIndex((row) => row.includes('above it'));
    const typed = rows.findIndex((row) => row.includes('› below it'));
    t.ok(said >= 0 && said < typed);
    t.equal(typed, rows.length - 1, 'which is the last row');
    cleo.kill('SIGTERM');
    await cleo.ended;
  });

  await t.test('wish: file transfer', async (t) => {
    const path = join(served.home.folder, 'notes.txt');
    await writeFile(path, 'the notes');
    ana.write(`/send ${path}\n`);
    const [, id = ''] = await ben.prints(/ana sent a file: notes\.txt .*\/get (\d+)/);
    ben.write(`/get ${id}\n`);
    const [, got = ''] = await ben.prints(/notes\.txt is in (\S+)/, 'stderr');
    t.equal(await readFile(got, 'utf8'), 'the notes');
  });

  await t.test('wish: TLS, and nothing but it', async (t) => {
    const protocol = await new Promise((resolve) => {
      const socket = connect(tlsOptions(served.port), () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
    });
    t.equal(protocol, 'TLSv1.3');
    const answer = await new Promise<string>((resolve) => {
      let heard = '';
      const socket = plain(served.port, '127.0.0.1', () => socket.write('hello\r\n'));
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(heard));
    });
    t.notMatch(answer, 'hello');
  });

  await t.test('/quit leaves', async (t) => {
    ben.write('/quit good night\n');
    t.equal(await ben.ended, 0);
    await ana.prints(/ben left \(good night\)/, 'stderr');
  });

  await t.test('Ctrl-C on the server tells everybody', async (t) => {
    served.server().kill('SIGINT');
    t.equal(await served.server().ended, 0);
    await ana.prints(/the server says: The server is shutting down/, 'stderr');
  });
});
