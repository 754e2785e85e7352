/** Multi-Party Chat: the host takes part, and what else it has. */
import { join } from 'node:path';
import t from 'tap';
import { openPseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { makeHome } from '../support/program.js';
import { program } from '../support/screen-people.js';

const env = { SECURE_CHAT_PASSWORD: 'correct horse' };

t.test('Multi-Party Chat', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const data = join(home.folder, 'data');
  const args = [
    'host',
    '--data',
    data,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--as',
    'hana',
    '--max-clients',
    '14',
  ];
  const host = openPseudoTerminal([process.execPath, program, ...args], {
    env: { ...home.env, ...env },
    cols: 160,
    rows: 40,
  });
  t.teardown(() => host.kill('SIGKILL'));
  const [, link = ''] = await host.shows(/secure-chat connect (secure-chat:\/\/\S+)/);
  const newcomer = async (name: string) => {
    const guest = home.run(['connect', link, '--name', name, '--json'], env);
    t.teardown(() => guest.kill('SIGKILL'));
    await guest.prints(/"state":"online"/);
    return guest;
  };

  const again = async (name: string) => {
    const guest = home.run(['connect', link, '--name', name, '--attach', '--json'], env);
    t.teardown(() => guest.kill('SIGKILL'));
    await guest.prints(/"state":"online"/);
    return guest;
  };

  await t.test('the host takes part', async (t) => {
    const first = await newcomer('guest-1');
    host.type('welcome\r');
    await first.prints(/"from":"hana".*"text":"welcome"/);
    t.end();
  });

  await t.test('the user name is at the top', async (t) => {
    t.match(host.rows()[0], /hana/);
  });

  await t.test('12 and more clients', async (t) => {
    const names = Array.from({ length: 12 }, (_, n) => `guest-${n + 2}`);
    const guests = await Promise.all(names.map(newcomer));
    guests[0]?.write('{"type":"say","room":"lobby","text":"all of us"}\n');
    for (const guest of guests) await guest.prints(/"text":"all of us"/);
    await host.shows(/14 here/);
    t.end();
  });

  await t.test('a cap on clients, by an option', async (t) => {
    const more = home.run(['connect', link, '--name', 'too-many', '--json'], env);
    more.end();
    t.equal(await more.ended, 77);
    t.match(more.stderr() + more.stdout(), /The server is full: 14 people are here/);
  });

  await t.test('a colour for each name', async (t) => {
    const [first, second] = await Promise.all(['guest-2', 'guest-3'].map((name) => again(name)));
    first?.write('{"type":"say","room":"lobby","text":"in colour"}\n');
    second?.write('{"type":"say","room":"lobby","text":"in another"}\n');
    await host.shows(/in colour/);
    await host.shows(/in another/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is one
    const colour = (name: string) => /\x1b\[([\d;]+)m$/.exec(host.output().split(name).at(-2) ?? '')?.[1];
    t.ok(colour('guest-2'));
    t.not(colour('guest-2'), colour('guest-3'));
    for (const client of [first, second]) client?.end();
  });

  await t.test('a limit of the length of lines', async (t) => {
    const guest = home.run(['connect', link, '--name', 'guest-3', '--attach'], env);
    await guest.prints(/in #lobby as guest-3/, 'stderr');
    guest.write(`${'x'.repeat(4_097)}\n`);
    await guest.prints(/not sent: "x{39}…": .*4,?096 bytes/, 'stderr');
    guest.end();
    t.equal(await guest.ended, 65);
  });

  await t.test('it ends with its host', async (t) => {
    const last = home.run(['connect', link, '--name', 'guest-4', '--attach', '--json', '--retry', '0'], env);
    await last.prints(/"state":"online"/);
    host.type('/quit\r');
    t.equal(await host.ended, 0);
    await last.prints(/shutting-down/);
    t.equal(await last.ended, 69);
  });
});

t.test('Multi-Party Chat: with --persistent it ends when all have left', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const data = join(home.folder, 'data');
  const host = home.run(
    ['host', '--data', data, '--host', '127.0.0.1', '--port', '0', '--as', 'hana', '--persistent'],
    env,
  );
  t.teardown(() => host.kill('SIGKILL'));
  const [, link = ''] = await host.prints(/secure-chat connect (secure-chat:\/\/\S+)/, 'stderr');
  const guest = home.run(['connect', link, '--name', 'gus', '--json'], env);
  await guest.prints(/"state":"online"/);
  host.end('/quit\n');
  await host.prints(/goes on until all others have left/, 'stderr');
  guest.end('{"type":"say","room":"lobby","text":"still here"}\n');
  t.equal(await guest.ended, 0);
  t.equal(await host.ended, 0);
});
