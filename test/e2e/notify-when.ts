/** `/notify when NAME`: one notice when a person comes online, also after the server was killed. */
import t from 'tap';
import { gather } from '../support/screen-people.js';

t.test('someone who waits for a person gets one notice, unless that person has blocked them', async (t) => {
  const { server, pipe, screen } = await gather(t);
  const first = await pipe('ben');
  const eve = await pipe('eve');
  first.write('/block eve\n');
  await first.prints(/You blocked eve/);
  const cleo = await pipe('cleo');
  const dora = await pipe('dora', '--json');
  const ana = await screen('ana');
  first.end();
  t.equal(await first.ended, 0);
  await eve.prints(/ben left/, 'stderr');

  for (const one of [cleo, eve]) {
    one.write('/notify when Ben\n');
    await one.prints(/You will get a notice when ben comes online/);
  }
  cleo.write('/notify all\n');
  await cleo.prints(/Only the full screen has a bell/, 'stderr');
  dora.write('{"type":"watch","name":"ben","id":"w"}\n');
  await dora.prints(/"type":"ok","re":"w"/);
  ana.type('/notify when ben\r');
  await ana.until(() => ana.screen().includes('You will get a notice when ben'), 'the answer');
  ana.type('/notify when eve\r');
  await ana.until(() => ana.screen().includes('eve is online now'), 'who is here already');
  ana.type('/notify\r');
  await ana.until(() => ana.screen().includes('You are waiting for ben. '), 'the list');

  await server.killAndRestart();
  for (const one of [cleo, eve]) await one.prints(/connected again/, 'stderr');
  await dora.prints(/"type":"synced","first":false/);
  await ana.until(() => ana.screen().includes('verified'), 'the connection again');
  // Repeated right after the catch-up, so before what is asked now.
  for (const one of [cleo, eve]) {
    one.write('/notify\n');
    await one.prints(/You are waiting for ben/);
    one.write('/whois cleo\n');
    await one.prints(/cleo: member/);
  }
  dora.write('{"type":"blocks","id":"b"}\n');
  await dora.prints(/"re":"b"/);

  const second = await pipe('ben');
  await cleo.prints(/ben is online now/, 'stderr');
  await dora.prints(/\{"type":"online","name":"ben"\}/);
  await ana.until(() => ana.screen().includes('ben is online now'), 'the notice');
  second.end();
  await second.ended;
  await cleo.prints(/ben left/, 'stderr');
  const third = await pipe('ben');
  third.write('here again\n');
  for (const one of [cleo, eve]) await one.prints(/here again/);
  t.equal(cleo.stderr().split('ben is online now').length, 2, 'once');
  t.equal(dora.stdout().split('"type":"online"').length, 2, 'once');
  t.notMatch(eve.stderr(), /ben is online now/);

  cleo.write('/notify\n/notify cancel ben\n');
  await cleo.prints(/You are not waiting for anyone/);
  await cleo.prints(/You are not waiting for ben/, 'stderr');
  eve.write('/notify cancel ben\n');
  await eve.prints(/You are no longer waiting for ben/);
});
