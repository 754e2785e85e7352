/** Typing and read receipts: between two screens that share them, and no one else. */
import t from 'tap';
import { gather } from '../support/screen-people.js';

t.test('typing and receipts reach only those who share theirs, and no one across a block', async (t) => {
  const { server, screen, pipe } = await gather(t);
  // Both on pipes: Cleo shares hers and is blocked by Ben, Eve shares nothing.
  const cleo = await pipe('cleo', '--json');
  const eve = await pipe('eve', '--json');
  const plain = await pipe('fay');
  const [ann, ben] = [await screen('ann'), await screen('ben')];
  const shows = (who: typeof ann, text: string | RegExp) =>
    who.until(
      () => (typeof text === 'string' ? who.screen().includes(text) : text.test(who.screen())),
      `${text}`,
    );
  cleo.write('{"type":"share","typing":true,"receipts":true,"id":"s"}\n');
  await cleo.prints(/"re":"s"/);
  ben.type('/block cleo\r');
  await shows(ben, 'You blocked cleo');
  let asked = 0;
  const fence = async () => {
    asked++;
    for (const one of [cleo, eve]) {
      one.write(`{"type":"blocks","id":"f${asked}"}\n`);
      await one.prints(new RegExp(`"re":"f${asked}"`));
    }
  };
  const activity = ({ stdout }: typeof cleo) =>
    stdout()
      .split('\n')
      .filter((line) => /"type":"(typing|receipts)"/.test(line));

  ben.type('before anything is shared');
  await shows(ben, 'anything is shared');
  for (const one of [ann, ben]) {
    one.type('\x15/set typing on\r');
    await shows(one, /typing +on/);
    one.type('/set receipts on\r');
    await shows(one, /receipts +on/);
  }

  await t.test('on the screen', async () => {
    ben.type('lunch');
    await shows(ann, 'ben is typing');
    ben.type(' at one?\r');
    await shows(ann, 'lunch at one?');
    await ann.until(() => !ann.screen().includes('is typing'), 'the end of it');
    ann.type('yes, gladly\r');
    await shows(ann, /yes, gladly ✓✓ seen by ben/);
    await shows(ben, /lunch at one\? ✓✓ seen by ann/);
  });

  await t.test('in a private room and a direct conversation', async (t) => {
    ann.type('/join #den private\r');
    await shows(ann, '#den ›');
    ann.type('/invite ben\r');
    await shows(ben, 'ann invited you to #den');
    ben.type('/join #den\r');
    await shows(ben, '#den ›');
    ben.type('psst');
    await shows(ann, 'ben is typing');
    ben.type('\r');
    await shows(ben, /psst ✓✓ seen by ann/);
    ben.type('/query ann\r');
    await shows(ben, '@ann ›');
    ben.type('hi\r');
    ann.type('/query ben\r');
    await shows(ann, '@ben ›');
    await shows(ben, /hi ✓✓ seen/);
    ann.type('h');
    await shows(ben, 'ann is typing');
    ann.type('\x15');
    await fence();
    t.same(activity(eve), [], 'nothing for who shares nothing');
    t.notMatch(activity(cleo).join('\n'), /ben|den|"with"/, 'nothing of who has blocked her, or of the room');
    t.match(activity(cleo).join('\n'), '"type":"typing","room":"lobby","names":["ann"]');
  });

  await t.test('after the server was killed', async (t) => {
    await server.killAndRestart();
    for (const one of [cleo, eve]) await one.prints(/"type":"synced","first":false/);
    await fence();
    for (const one of [ann, ben]) {
      await shows(one, 'verified');
      one.type('/window #lobby\r');
      await shows(one, '#lobby ›');
      // Answered after what is shared again.
      one.type('/whois eve\r');
      await shows(one, /eve: member since/);
    }
    const before = activity(cleo).length;
    ben.type('back');
    await shows(ann, 'ben is typing');
    ann.type('so am I\r');
    await shows(ann, /so am I ✓✓ seen by ben/);
    await fence();
    t.same(activity(eve), []);
    t.ok(activity(cleo).length > before, 'hers are shared again, too');
    t.notMatch(activity(cleo).join('\n'), 'ben');
    t.notMatch(plain.stdout() + plain.stderr(), /typing|seen/);
  });
});
