/** Several servers on one PostgreSQL database are one chat. */
import t from 'tap';
import { startCluster, withoutPostgres } from '../support/postgres.js';
import { startServerProcess } from '../support/server-process.js';

t.test('two servers with one database', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const database = cluster.database();
  const start = async () => {
    const server = await startServerProcess('--database', database, '--rate', '1000');
    t.teardown(() => server.close());
    return server;
  };
  const one = await start();
  const ana = one.connect(one.firstLink, 'ana', '--json');
  await ana.prints(/"type":"synced"/);
  const two = await start();
  const invite = await two.invite();
  const ben = two.connect(invite, 'ben', '--json');
  await ben.prints(/"type":"synced"/);
  let id = 0;
  const ask = (client: typeof ana, request: object) =>
    client.write(`${JSON.stringify({ ...request, id: ++id })}\n`);

  await t.test('see each other come, and what each writes, in one order', async (t) => {
    await ana.prints(/"type":"joined","room":"lobby","name":"ben"/);
    for (const client of [ana, ben])
      ask(client, { type: 'say', room: 'lobby', text: `by ${client === ana ? 'ana' : 'ben'}` });
    const seqs = await Promise.all(
      [ana, ben].map(async (client) => {
        await client.prints(/"text":"by ana"/);
        await client.prints(/"text":"by ben"/);
        return [...client.stdout().matchAll(/"type":"message","seq":(\d+)[^\n]*"text":"(by \w+)"/g)].map(
          ([, seq, text]) => `${seq} ${text}`,
        );
      }),
    );
    t.same(seqs[0], seqs[1]);
    t.equal(seqs[0]?.length, 2);
  });
});
