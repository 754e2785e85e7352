/** Kick, ban, mute and passwords, on the screens of both sides. */
import t from 'tap';
import { gather, settle } from '../support/screen-people.js';

t.test('kick and ban, from both sides', async (t) => {
  const people = await gather(t);
  const admin = people.server.connect(people.server.firstLink, 'ada');
  await admin.prints(/in #lobby as ada/, 'stderr');
  const ben = await people.screen('ben');
  const mona = await people.screen('mona', { cols: 100 });
  await mona.shows(/3 online/);
  admin.write('/role mona moderator\n');
  await mona.shows(/ada made mona a moderator on this/);

  mona.type('/kick ben too loud\r');
  await mona.shows(/You kicked ben/);
  await admin.prints(/ben was kicked by mona: too loud/, 'stderr');
  t.equal(await ben.ended, 77);
  await ben.until(() => /You were kicked by mona: too loud/.test(ben.screen()), 'why it ended');
  t.notOk(ben.modes().includes('alternate'), 'the terminal is as it was');

  const again = await people.screen('ben', { cols: 100 });
  await mona.shows(/ben joined/);
  // Asked for after the catch-up, before which he gets no notice.
  await again.shows(/3 online/);
  mona.type('/mute ben 10m\r');
  await again.shows(/mona muted you for 10 min/);
  again.type('hello?\r');
  await again.shows(/not sent: You are muted for another/);
  mona.type('/ban ada\r');
  await mona.shows(/You don't have permission to do that to/);
  mona.type('/ban ben 2h spam\r');
  await mona.shows(/You banned ben/);
  t.equal(await again.ended, 77);
  await again.until(() => /You are banned for 2 h: spam/.test(again.screen()), 'why it ended');
  mona.type('/bans\r');
  await mona.shows(/ben {2}until .*, by mona on/);

  await t.test('a password is hidden, and not in the input history', async (t) => {
    mona.type('/passwd\r');
    await mona.shows(/Current password: _/);
    mona.type('secret-word');
    await mona.shows(/Current password: \*{11}_/);
    t.notMatch(mona.screen(), 'secret-word');
    mona.type('\x03');
    await mona.shows(/Nothing was changed/);
    mona.type('\x1b[A');
    await mona.shows(/› \/passwd/);
    t.notMatch(mona.output(), 'secret-word');
    mona.type('\x15');
    await settle(mona);
  });

  await t.test('away members are marked, and commands are completed', async () => {
    admin.write('/away lunch\n');
    await mona.shows(/○ ada/);
    mona.type('/whois a\t\r');
    await mona.shows(/ada: admin since .*, away: lunch/);
    mona.type('/2fa \t');
    await mona.shows(/\/2fa on/);
  });
});
