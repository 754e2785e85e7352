/** A network that goes without a word: the client says so within 20 s, and uses it at once when it is back. */
import t from 'tap';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { startServerProcess } from '../support/server-process.js';

// Both wait most of the time.
t.jobs = 2;

t.test('a silent network', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const proxy = await startCuttingProxy(server.port);
  t.teardown(() => proxy.close());
  const through = (link: string) => link.replace(`:${server.port}/`, `:${proxy.port}/`);
  const link = through(await server.invite('--uses', '2'));
  const cleo = server.connect(server.firstLink, 'cleo', '--json');
  await cleo.prints(/"type":"synced"/);
  const ana = server.connect(link, 'ana', '--json');
  const ben = server.connect(link, 'ben', '--plain');
  await ana.prints(/"type":"synced"/);
  await ben.prints(/in #lobby as ben/, 'stderr');

  const network = proxy.partition();
  const start = Date.now();
  ana.write('{"type":"say","room":"lobby","text":"into the silence","id":1}\n');
  cleo.write('{"type":"say","room":"lobby","text":"from elsewhere"}\n');
  await ana.prints(/"state":"no-answer"/);
  const spoke = Date.now() - start;
  t.comment(`said so after ${spoke} ms`);
  t.ok(spoke >= 10_000, 'not before a reply is really late');
  await ben.prints(/no answer, waiting/, 'stderr');
  t.comment(`and without anything typed after ${Date.now() - start} ms`);

  network.heal();
  const healed = Date.now();
  await ana.prints(/"re":1,"key":"[^"]+","state":"sent"/);
  t.comment(`sent ${Date.now() - healed} ms after the network was back`);
  await ana.prints(/from elsewhere/);
  await ben.prints(/into the silence/);
  await ben.prints(/connected again/, 'stderr');
  // What TCP still held comes late, for the second time.
  network.deliver();
  ana.write('{"type":"say","room":"lobby","text":"the last","id":2}\n');
  await ana.prints(/"re":2,"key":"[^"]+","state":"sent"/);
  await ben.prints(/the last/);
  for (const [who, running] of Object.entries({ ana, ben, cleo })) {
    await running.prints(/the last/);
    t.equal(running.stdout().split('from elsewhere').length, 2, `${who} has it once`);
    t.equal(running.stdout().split('into the silence').length, 2, `${who} has the other once`);
  }
});

t.test('a connection that comes back is kept', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const proxy = await startCuttingProxy(server.port);
  t.teardown(() => proxy.close());
  const ana = server.connect(
    server.firstLink.replace(`:${server.port}/`, `:${proxy.port}/`),
    'ana',
    '--json',
  );
  await ana.prints(/"type":"synced"/);
  const network = proxy.partition();
  ana.write('{"type":"say","room":"lobby","text":"late","id":1}\n');
  await ana.prints(/"state":"no-answer"/);
  network.deliver();
  await ana.prints(/"state":"no-answer"\}[\s\S]*"state":"online"/);
  await ana.prints(/"re":1,"key":"[^"]+","state":"sent"/);
  t.notMatch(ana.stdout(), /"state":"waiting"/);
});

t.test('--retry counts for the first connection', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const ana = server.connect(server.firstLink, 'ana');
  ana.end();
  t.equal(await ana.ended, 0);
  server.process().kill('SIGTERM');
  await server.process().ended;

  const once = server.connect(server.link, 'ana');
  t.equal(await once.ended, 69, 'without it, a wrong address is reported at once');
  t.notMatch(once.stderr(), /trying again/);
  const short = server.connect(server.link, 'ana', '--retry', '1');
  t.equal(await short.ended, 69);
  t.match(short.stderr(), /trying again in .*\n[\s\S]*connection refused/);

  const patient = server.connect(server.link, 'ana', '--retry', '60', '--json');
  await patient.prints(/trying again/, 'stderr');
  await server.restart();
  await patient.prints(/"type":"synced"/);
  patient.end();
  t.equal(await patient.ended, 0);
});
