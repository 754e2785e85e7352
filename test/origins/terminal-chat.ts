/** TerminalChat: a server, a username to join with, two and more terminals that talk. */
import t from 'tap';
import { gather } from '../support/screen-people.js';

t.test('TerminalChat', async (t) => {
  const people = await gather(t);

  await t.test('a server starts and says how to join it', async (t) => {
    t.match(people.served.firstLink, /^secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]{22}$/);
  });

  const ana = await people.screen('ana');
  await t.test('one joins with a username', (t) => ana.shows(/#lobby +ana · The Test/).then(() => t.end()));

  await t.test('two and more terminals talk', async (t) => {
    const ben = await people.screen('ben', { cols: 120, rows: 40 });
    const cleo = await people.pipe('cleo');
    ana.type('hello from ana\r');
    await ben.shows(/ana ┃ hello from ana|ana │ hello from ana/);
    await cleo.prints(/ana: hello from ana/);
    cleo.write('hello from cleo\n');
    await ana.shows(/hello from cleo/);
    ben.type('hello from ben\r');
    await ana.shows(/hello from ben/);
    await cleo.prints(/ben: hello from ben/);
    t.end();
  });
});
