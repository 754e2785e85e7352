/** What is typed with marks and emoji codes, as the other terminal shows it: in a private room, after kill -9. */
import t from 'tap';
import { gather } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

t.test('marks and codes are shown, stored as typed, and outlast a killed server', async (t) => {
  const { server, pipe, screen } = await gather(t);
  const [ann, ben] = [await screen('ann'), await screen('ben')];
  const eve = await pipe('eve');
  ann.enter('/join #den private');
  await ann.shows(/#den ›/);
  ann.enter('/invite ben');
  await ben.shows(/ann invited you to #den/);
  ben.enter('/join #den');
  await ben.shows(/#den ›/);
  ben.enter('/block eve');
  await ben.shows(/You blocked eve/);

  ben.kill('SIGSTOP');
  await server.killAndRestart();
  await eve.prints(/connected again/, 'stderr');
  await ann.shows(/verified/);
  ann.type('\x1b[200~*done* :tada:\n> as asked\n```\nif (a  <  b)\n```\x1b[201~');
  await ann.shows(/if \(a/);
  ann.type('\r');
  await ann.shows(/done 🎉/);
  eve.write('/msg ben *loud* :tada:\n');
  await eve.prints(/not delivered/, 'stderr');
  ben.kill('SIGCONT');
  await ben.shows(/ann │ done 🎉/);
  await ben.shows(/▎ ?if \(a {2}< {2}b\)/);
  const row = ben.rows().findIndex((text) => text.includes('done 🎉'));
  const column = ben.rows()[row]?.indexOf('done') ?? 0;
  t.ok(ben.cells()[row]?.[column]?.bold, 'in bold');
  t.notMatch(ben.screen(), /loud|@eve/);
  ben.enter('/set formatting off');
  await ben.shows(/\*done\* 🎉/);
  const line = server.home.run(['export', server.link, '--name', 'ann', '--room', 'den'], {
    SECURE_CHAT_PASSWORD: password,
  });
  t.equal(await line.ended, 0, line.stderr());
  t.match(line.stdout(), 'ann: *done* 🎉\n', 'stored as typed, but for the code');
});
