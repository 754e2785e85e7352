/** What the README promises, on terminals: a server, two people who join and talk, and a restart. TerminalChat did that much. */
import { join } from 'node:path';
import t from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { ownPort } from '../support/own-port.js';
import { makeHome, openTerminal } from '../support/program.js';

const link = /secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]+(?=\n)/;

t.test('one person hosts, two join by links and talk, and a restart loses nothing', async (t) => {
  const home = await makeHome();
  const open: PseudoTerminal[] = [];
  t.teardown(async () => {
    for (const terminal of open) terminal.kill('SIGKILL');
    await Promise.all(open.map(({ ended }) => ended));
    await home.remove();
  });
  const terminal = (...options: Parameters<typeof openTerminal>): PseudoTerminal => {
    const opened = openTerminal(...options);
    open.push(opened);
    return opened;
  };
  const data = join(home.folder, 'data');
  // Passwords are hashed as in real use.
  const env = { ...home.env, NODE_OPTIONS: '' };
  const port = `${await ownPort()}`;
  const args = ['server', '--data', data, '--host', '127.0.0.1', '--port', port];
  const person = (name: string) => ({ ...env, HOME: join(home.folder, name) });

  const server = terminal(args, { env, cols: 160 });
  const [first] = await server.shows(link);
  await server.shows(/becomes the admin/);

  const alice = terminal(['connect', first], { env: person('alice') });
  await alice.shows(/Choose a name/);
  alice.enter('Alice');
  await alice.shows(/Choose a password for alice/);
  alice.enter('correct horse');
  await alice.shows(/Repeat the password/);
  alice.enter('correct horse');
  await alice.shows(/alice · .*TLS 1\.3 ✓ verified/);
  await server.shows(/alice created an account and is admin/);

  const made = home.run(['invite', '--data', data]);
  t.equal(await made.ended, 0);
  t.match(made.stdout(), new RegExp(`^${link.source}\\n$`), 'the link stands alone on stdout');

  const bob = terminal(['connect', made.stdout().trim()], { env: person('bob') });
  await bob.shows(/Choose a name/);
  bob.enter('bob');
  await bob.shows(/Choose a password for bob/);
  bob.enter('battery staple');
  await bob.shows(/Repeat the password/);
  bob.enter('battery staple');
  await bob.shows(/bob · .*TLS 1\.3 ✓ verified/);
  await alice.shows(/bob joined/);

  alice.enter('hello bob');
  await bob.shows(/alice ▌ hello bob/);
  await alice.shows(/alice │ hello bob(?! …)/);
  bob.enter('hello alice');
  await alice.shows(/bob ▌ hello alice/);
  bob.type('half a sent');
  await bob.shows(/half a sent$/);

  server.type('\x03');
  t.equal(await server.ended, 0, 'Ctrl-C ends the server with 0');
  await alice.shows(/reconnecting|retry in/);
  alice.enter('sent during the restart');
  const again = terminal(args, { env, cols: 160 });
  await again.shows(/To sign in/);
  await bob.shows(/│ sent during the restart/);
  t.match(bob.screen().split('\n').at(-1), /half a sent$/, 'what bob was typing is still there');
  bob.enter('ence');
  await alice.shows(/│ half a sentence/);

  bob.enter('/quit good night');
  t.equal(await bob.ended, 0);
  await alice.shows(/bob left \(good night\)/);

  const back = terminal(['connect', `127.0.0.1:${port}`], { env: person('bob') });
  await back.shows(/Your name/);
  back.enter('');
  await back.shows(/Password for bob/i);
  back.enter('battery staple');
  await back.shows(/half a sentence/);
  for (const said of ['hello bob', 'hello alice', 'sent during the restart', 'half a sentence']) {
    t.match(back.screen(), said, 'the history is there');
  }
  back.type('\x03');
  await back.shows(/Quit\?/);
  back.type('\x03');
  t.equal(await back.ended, 130, 'Ctrl-C twice leaves');
  alice.enter('/quit');
  t.equal(await alice.ended, 0);
  again.kill('SIGTERM');
  t.equal(await again.ended, 0);
});
