/** `--plain` in a pipe: answers to commands are output, and a connection tells no old news. */
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

t.test('--plain in a pipe', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const writer = server.connect(server.firstLink, 'ana', '--json');
  await writer.prints(/"type":"synced"/);
  writer.write('{"type":"say","room":"lobby","text":"the first draft","id":1}\n');
  const [, seq = ''] = await writer.prints(/"re":1,"key":"[^"]+","state":"sent","seq":(\d+)/);
  writer.write('{"type":"say","room":"lobby","text":"a secret","id":2}\n');
  const [, secret = ''] = await writer.prints(/"re":2,"key":"[^"]+","state":"sent","seq":(\d+)/);
  writer.write(`{"type":"edit","of":${seq},"text":"the final text","id":3}\n`);
  writer.write(`{"type":"remove","of":${secret},"id":4}\n`);
  await writer.prints(/"re":4/);
  writer.end();
  t.equal(await writer.ended, 0);

  const reader = server.connect(server.link, 'ana', '--plain');
  await reader.prints(/in #lobby as ana/, 'stderr');
  reader.end('/search final\n/list\n/history 5\n/rooms\n/help nosuch\n');
  t.equal(await reader.ended, 65, 'for the one that was refused');
  t.match(reader.stdout(), /^\d\d:\d\d ana: the final text \(edited\)$/m);
  for (const answer of [/-- .*final/, /-- 1 person is here: ana/, /-- .*lobby/])
    t.match(reader.stdout(), answer);
  t.notMatch(reader.stderr(), /edited|deleted/, 'what the messages show already is not repeated');
  t.match(reader.stderr(), /no command or group "nosuch"/);
  t.notMatch(reader.stderr(), /To say it|To post it|nothing was sent/);
});
