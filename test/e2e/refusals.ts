/** Every refusal at sign-in: one sentence on stderr and an exit code. A wrong key: man-in-the-middle; usage: cli/connect. */
import t, { type Test } from 'tap';
import { makeHome, type Running } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';

const online = /"state":"online"/;

/** Stderr is one sentence after the program's name. */
async function refused(t: Test, client: Running, code: number, sentence: RegExp): Promise<void> {
  client.end();
  t.equal(await client.ended, code, client.stderr());
  const lines = client.stderr().trimEnd().split('\n');
  t.equal(lines.length, 1, 'nothing else');
  t.match(lines[0], /^secure-chat: /);
  t.match(lines[0], sentence);
  t.notMatch(client.stderr(), password, 'without the password');
}

t.test('an open server', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const alice = server.connect(server.firstLink, 'alice', '--json');
  await alice.prints(online);

  await t.test('wrong password and unknown name get the same answer', async (t) => {
    const env = { SECURE_CHAT_PASSWORD: 'not the password' };
    const wrong = server.home.run(['connect', server.link, '--name', 'alice'], env);
    await refused(t, wrong, 77, /Wrong name or password/);
    const unknown = server.home.run(['connect', server.link, '--name', 'no-such-name'], env);
    await refused(t, unknown, 77, /Wrong name or password/);
    t.equal(unknown.stderr().replaceAll('no-such-name', 'NAME'), wrong.stderr().replaceAll('alice', 'NAME'));
  });

  await t.test('a taken, a look-alike and a reserved name', async (t) => {
    const link = await server.invite('--uses', '9');
    const taken = server.home.run(['connect', link, '--name', 'Alice', '--create'], {
      SECURE_CHAT_PASSWORD: 'some other password',
    });
    await refused(t, taken, 77, /alice is taken/i);
    await refused(t, server.connect(link, 'a1ice', '--create'), 77, /looks too much like alice/);
    await refused(t, server.connect(link, 'admin', '--create'), 64, /That name is reserved/);
    const short = server.home.run(['connect', link, '--name', 'dave', '--create'], {
      SECURE_CHAT_PASSWORD: 'short',
    });
    await refused(t, short, 77, /8 characters/);
  });

  await t.test('a second sign-in of the same name', async (t) => {
    await refused(
      t,
      server.connect(server.link, 'alice'),
      77,
      /alice is already signed in.*--take-over.*--attach/,
    );
    const attached = server.connect(server.link, 'alice', '--json', '--attach');
    await attached.prints(online);
    const taker = server.connect(server.link, 'alice', '--json', '--take-over');
    await taker.prints(online);
    for (const ended of [alice, attached]) {
      t.equal(await ended.ended, 77, 'the other terminals end');
      t.match(ended.stdout(), /taken-over/);
    }
    taker.end();
    t.equal(await taker.ended, 0);
  });

  const badInvite =
    /This invite is not valid: mistyped, used up, expired or revoked\. Ask for a new join link/;

  await t.test('a mistyped invite', async (t) => {
    const mistyped = (await server.invite()).replace(/[^/](?=[^/]*$)/, (letter) =>
      letter === 'x' ? 'y' : 'x',
    );
    await refused(t, server.connect(mistyped, 'carol'), 77, badInvite);
  });

  await t.test('a used invite', async (t) => {
    const link = await server.invite();
    const bob = server.connect(link, 'bob', '--json');
    await bob.prints(online);
    await refused(t, server.connect(link, 'carol'), 77, badInvite);
    bob.end();
    t.equal(await bob.ended, 0);
    const again = server.connect(link, 'bob', '--json');
    await again.prints(online);
    again.end();
    t.equal(await again.ended, 0, 'the same command lets bob in again');
  });

  await t.test('no invite', async (t) => {
    await refused(t, server.connect(server.link, 'erin', '--create'), 77, /join link/);
  });

  const last = server.connect(server.link, 'alice', '--json');
  await last.prints(online);
  last.end();
  t.equal(await last.ended, 0, 'the server still runs');
});

t.test('closed and open registration', async (t) => {
  const closed = await startServerProcess('--registration', 'closed');
  t.teardown(() => closed.close());
  await refused(t, closed.connect(closed.link, 'mallory', '--create'), 77, /operator/);
  const first = closed.connect(closed.firstLink, 'alice', '--json');
  await first.prints(online);

  const open = await startServerProcess('--registration', 'open');
  t.teardown(() => open.close());
  const guest = open.connect(open.link, 'guest-1', '--create', '--json');
  await guest.prints(online);
});

t.test('no server listens', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  // No test listens there.
  const client = home.run(['connect', '127.0.0.1:1', '--name', 'alice'], {
    SECURE_CHAT_PASSWORD: password,
  });
  await refused(t, client, 69, /connection refused by/);
});
