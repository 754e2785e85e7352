/** A join link that leads to another key at a known address: no one follows it unasked, and no token goes there. */
import { once } from 'node:events';
import t from 'tap';
import { startImpostor } from '../support/impostor.js';
import { openTerminal } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';

t.test('a forged join link', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const alice = server.connect(server.firstLink, 'alice', '--remember');
  alice.end();
  t.equal(await alice.ended, 0);
  const [, known = ''] = /\/([\w-]{43})/.exec(server.link) ?? [];
  server.process().kill('SIGKILL');
  await server.process().ended;
  const impostor = await startImpostor(t, server.port);
  const forged = `secure-chat://127.0.0.1:${server.port}/${impostor.pin}`;
  const env = { ...server.home.env, SECURE_CHAT_PASSWORD: password };
  const ask = async () => {
    const terminal = openTerminal(['connect', forged, '--name', 'alice', '--attach'], { env, cols: 100 });
    t.teardown(() => terminal.kill('SIGKILL'));
    await terminal.shows(/Has the operator confirmed the new key\?/);
    return terminal;
  };

  await t.test('is refused without a terminal', async (t) => {
    const pipe = server.connect(forged, 'alice', '--attach');
    t.equal(await pipe.ended, 76);
    t.ok(pipe.stderr().includes(`known key   ${known}\n  join link   ${impostor.pin}\n`), pipe.stderr());
    t.match(pipe.stderr(), new RegExp(`trust forget 127.0.0.1:${server.port}`));
    t.equal(impostor.received(), 0);
  });

  await t.test('is asked about on one, and Enter means no', async (t) => {
    const terminal = await ask();
    const screen = terminal.screen();
    t.ok(screen.includes(known) && screen.includes(impostor.pin), screen);
    terminal.type('\r');
    t.equal(await terminal.ended, 76);
    t.equal(impostor.received(), 0);
  });

  await t.test('gets no saved token even where it is confirmed', async (t) => {
    const terminal = await ask();
    const visit = impostor.connection();
    terminal.type('y');
    await once(await visit, 'data');
    t.match(impostor.frames[0], { type: 'sign-in' }, 'the password that was given, as the person confirmed');
    t.notMatch(impostor.frames, [{ token: /./ }]);
    terminal.type('\x03');
    await terminal.ended;
    const list = server.home.run(['trust', 'list']);
    t.equal(await list.ended, 0);
    t.ok(list.stdout().includes(impostor.pin));
  });
});
