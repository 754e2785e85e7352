/** Terminal Chatroom: flags, a banner, clearing the screen, a log of who comes and goes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { makeHome } from '../support/program.js';
import { gather } from '../support/screen-people.js';
import { password } from '../support/served.js';

t.test('Terminal Chatroom', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const motd = join(home.folder, 'motd');
  await writeFile(motd, 'Welcome to the chatroom.\nBe kind.\n\x1b[31mred\n');
  const people = await gather(t, '--motd', motd);
  const { served } = people;

  await t.test('host, port and name as flags, in their short forms', async (t) => {
    const link = await served.invite();
    const first = served.connect(link, 'ana');
    await first.prints(/in #lobby as ana/, 'stderr');
    first.end();
    t.equal(await first.ended, 0);
    const args = ['connect', '-H', '127.0.0.1', '-p', String(served.port), '-n', 'ana'];
    const flags = served.home.run(args, { SECURE_CHAT_PASSWORD: password });
    await flags.prints(/in #lobby as ana/, 'stderr');
    flags.end();
    t.equal(await flags.ended, 0);
  });

  const ben = await people.screen('ben');
  await t.test('a banner, which cannot drive the terminal', async (t) => {
    await ben.shows(/\* Welcome to the chatroom\.[\s\S]*\* Be kind\./);
    t.notMatch(ben.output(), '\x1b[31mred');
  });

  await t.test('the banner is read again while the server runs', async () => {
    await writeFile(motd, 'Closed on Sundays.\n');
    served.server().kill('SIGHUP');
    await served.server().prints(/certificate reloaded/, 'stderr');
    const late = await people.pipe('late');
    await late.prints(/\* Closed on Sundays\./, 'stderr');
    late.end();
    await late.ended;
  });

  await t.test('the screen is cleared', async (t) => {
    ben.type('/clear\r');
    await ben.until(() => !ben.screen().includes('Be kind'), 'an empty pane');
    t.end();
  });

  await t.test('the server logs who comes and goes', async (t) => {
    ben.type('/quit\r');
    await ben.ended;
    const log = () => served.server().stderr();
    await served
      .server()
      .prints(/"name":"ben"[^\n]*"msg":"connection ended"|connection ended[^\n]*"ben"/, 'stderr');
    t.match(log(), /"name":"ben"[^\n]*"msg":"signed in"/);
    t.match(log(), /"name":"ana"[^\n]*"msg":"connection ended"/);
    t.notMatch(log(), password);
  });
});
