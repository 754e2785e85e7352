/** `secure-chat host`: a server and its host's client in one process. */
import { join } from 'node:path';
import t from 'tap';
import { makeHome } from '../support/program.js';

const env = { SECURE_CHAT_PASSWORD: 'correct horse' };

t.test('a chat that is hosted begins and ends with its host', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const args = [
    'host',
    '--data',
    join(home.folder, 'data'),
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--as',
    'hana',
  ];
  const host = home.run(args, env);
  t.teardown(() => host.kill('SIGKILL'));
  const [, link = ''] = await host.prints(/secure-chat connect (secure-chat:\/\/\S+)/, 'stderr');
  const guest = home.run(['connect', link, '--name', 'gus', '--json'], env);
  t.teardown(() => guest.kill('SIGKILL'));
  await guest.prints(/"state":"online"/);
  host.write('welcome\n/link\n/role gus moderator\n');
  await guest.prints(/"type":"message".*"from":"hana".*"text":"welcome"/);
  await guest.prints(/"type":"rank","name":"gus","role":"moderator","by":"hana"/);
  guest.write('{"type":"say","room":"lobby","text":"thanks"}\n');
  await host.prints(/gus: thanks/);
  host.end('/quit\n');
  t.equal(await host.ended, 0);
  t.equal(host.stderr().split(link).length - 1, 2, 'at the beginning and by /link');
  await guest.prints(/"code":"shutting-down"/);

  const again = home.run(args, env);
  t.teardown(() => again.kill('SIGKILL'));
  await again.prints(/hana: welcome\n[\s\S]*gus: thanks/);
  again.end();
  t.equal(await again.ended, 0, 'the next time, with what was said before');
});

t.test('with --persistent it stays until all others have left', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const args = [
    'host',
    '--data',
    join(home.folder, 'data'),
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--as',
    'hana',
  ];
  const host = home.run([...args, '--persistent'], env);
  t.teardown(() => host.kill('SIGKILL'));
  const [, link = ''] = await host.prints(/secure-chat connect (secure-chat:\/\/\S+)/, 'stderr');
  host.end('/quit\n');
  await host.prints(/goes on until somebody came and all have left/, 'stderr');
  const guest = home.run(['connect', link, '--name', 'gus', '--json'], env);
  await guest.prints(/"state":"online"/);
  guest.write('{"type":"say","room":"lobby","text":"alone"}\n');
  await guest.prints(/"text":"alone"/);
  guest.end();
  t.equal(await guest.ended, 0);
  t.equal(await host.ended, 0);
  t.match(host.stderr(), /The chat has ended/);
});

t.test('a signal ends it at any time, and what is wrong is said before', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const data = join(home.folder, 'data');
  const args = ['host', '--data', data, '--host', '127.0.0.1', '--port', '0', '--as', 'hana', '--persistent'];
  const host = home.run(args, env);
  t.teardown(() => host.kill('SIGKILL'));
  await host.prints(/You host this chat/, 'stderr');
  const second = home.run(args, env);
  t.equal(await second.ended, 78);
  t.match(second.stderr(), /Another server is running/);
  host.end('/quit\n');
  await host.prints(/goes on until/, 'stderr');
  host.kill('SIGINT');
  t.equal(await host.ended, 0);
});
