/** Webhooks at a whole server: who makes them, how long they work, what they post. */
import t, { type Test } from 'tap';
import { controlSocket } from '../../../lib/cli/folders.js';
import { limits } from '../../../lib/protocol/limits.js';
import { callControl } from '../../../lib/server/operator/control-socket.js';
import { httpsPost } from '../../support/https-post.js';
import { fence, outcome, requestOk } from '../../support/requests.js';
import { runServer } from '../../support/running-server.js';

const webhooks = { host: '127.0.0.1', port: 0 };

async function scene(t: Test, options: Parameters<typeof runServer>[1] = {}) {
  const server = await runServer(t, { webhooks, people: ['ana', 'ben', 'cleo'], ...options });
  const [ana, ben] = [await server.enter('ana'), await server.enter('ben')];
  await requestOk(ana, { type: 'join', room: 'ops' });
  await requestOk(ben, { type: 'join', room: 'ops' });
  return { server, ana, ben };
}

t.test('an owner makes one; what is sent to its URL is posted under its name', async (t) => {
  const { server, ana, ben } = await scene(t);
  const { url = '' } = await requestOk(ana, { type: 'make-webhook', room: 'ops', name: 'CI' });
  t.match(url, /^https:\/\/127\.0\.0\.1:\d+\/hook\/[\w-]{43}$/);
  t.equal(server.running.webhooks, new URL(url).origin);
  t.match(await ben.next('joined'), { room: 'ops', name: 'ben' });
  t.match(await ben.next('joined'), { room: 'ops', name: 'ci' });
  t.match(await httpsPost(url, 'build *green*\n'), { status: 204, body: '' });
  const first = await ben.next('message');
  t.match(first, { room: 'ops', from: 'ci', text: 'build *green*' });
  const slack = JSON.stringify({ attachments: [{ fallback: 'deploy done' }] });
  t.match(await httpsPost(url, slack, { 'content-type': 'application/json' }), { status: 204 });
  t.match(await ben.next('message'), { from: 'ci', text: 'deploy done' });
  const { webhooks: list = [] } = await requestOk(ana, { type: 'webhooks' });
  t.match(list, [{ name: 'ci', room: 'ops', by: 'ana', stopped: undefined }]);
  await callControl(controlSocket(server.data), 'user-role', { name: 'ana', role: 'admin' });
  const { audit = [] } = await requestOk(ana, { type: 'audit' });
  t.match(
    audit.find(({ action }) => action === 'add-webhook'),
    { by: 'ana', on: 'ci', room: 'ops' },
  );
});

t.test('only owners and moderators of the room make, see and remove them', async (t) => {
  const { ana, ben } = await scene(t);
  const make = (room: string, name: string) => ({ type: 'make-webhook', room, name }) as const;
  t.equal(await outcome(ben, make('ops', 'ci')), 'not-allowed');
  t.equal(await outcome(ana, make('lobby', 'ci')), 'not-allowed');
  t.equal(await outcome(ana, make('nowhere', 'ci')), 'no-such-room');
  t.equal(await outcome(ana, make('ops', 'ben')), 'name-taken');
  t.equal(await outcome(ana, make('ops', 'b-en')), 'name-look-alike');
  t.equal(await outcome(ana, make('ops', 'admin')), 'name-reserved');
  t.equal(await outcome(ana, make('ops', 'a b')), 'name-invalid');
  const { url = '' } = await requestOk(ana, make('ops', 'ci'));
  t.equal(await outcome(ana, make('ops', 'ci')), 'name-taken');
  t.same((await requestOk(ben, { type: 'webhooks' })).webhooks, []);
  t.equal(await outcome(ben, { type: 'remove-webhook', name: 'ci' }), 'no-such-name');
  t.equal(await outcome(ana, { type: 'remove-webhook', name: 'other' }), 'no-such-name');
  await requestOk(ana, { type: 'appoint', room: 'ops', name: 'ben', role: 'moderator' });
  t.match((await requestOk(ben, { type: 'webhooks' })).webhooks, [{ name: 'ci' }]);
  await requestOk(ben, { type: 'remove-webhook', name: 'ci' });
  t.match(await httpsPost(url, 'late'), { status: 404 });
  t.same((await requestOk(ana, { type: 'webhooks' })).webhooks, []);
  const again = await requestOk(ben, make('ops', 'ci'));
  t.match(await httpsPost(url, 'late'), { status: 404 }, 'the old secret stays void');
  t.match(await httpsPost(again.url ?? '', 'back'), { status: 204 });
  for (let count = 1; count < limits.webhooksPerRoom; count++)
    await requestOk(ana, make('ops', `hook${count}`));
  t.equal(await outcome(ana, make('ops', 'onemore')), 'limit-reached');
});

t.test(
  'one stops while its maker may not make it, and ends when its bot leaves or the room ends',
  async (t) => {
    const { ana, ben } = await scene(t);
    await requestOk(ana, { type: 'appoint', room: 'ops', name: 'ben', role: 'moderator' });
    const { url = '' } = await requestOk(ben, { type: 'make-webhook', room: 'ops', name: 'ci' });
    t.match(await httpsPost(url, 'one'), { status: 204 });
    await requestOk(ana, { type: 'appoint', room: 'ops', name: 'ben', role: 'member' });
    t.match(await httpsPost(url, 'two'), { status: 404 }, 'demoted');
    t.match((await requestOk(ana, { type: 'webhooks' })).webhooks, [{ name: 'ci', stopped: true }]);
    await requestOk(ana, { type: 'appoint', room: 'ops', name: 'ben', role: 'moderator' });
    t.match(await httpsPost(url, 'three'), { status: 204 });
    await requestOk(ben, { type: 'leave', room: 'ops' });
    t.match(await httpsPost(url, 'four'), { status: 404 }, 'left');
    const { url: other = '' } = await requestOk(ana, { type: 'make-webhook', room: 'ops', name: 'cd' });
    await requestOk(ana, { type: 'kick', room: 'ops', name: 'cd' });
    t.match(await httpsPost(other, 'five'), { status: 404 }, 'its bot was kicked');
    const last = await requestOk(ana, { type: 'make-webhook', room: 'ops', name: 'cd' });
    t.match(await httpsPost(last.url ?? '', 'six'), { status: 204 });
    t.equal(await outcome(ana, { type: 'leave', room: 'ops' }), 'room-would-end', 'bots do not keep a room');
    await requestOk(ana, { type: 'leave', room: 'ops', end: true });
    t.match(await httpsPost(last.url ?? '', 'seven'), { status: 404 });
    await requestOk(ana, { type: 'join', room: 'ops' });
    t.equal(await outcome(ana, { type: 'make-webhook', room: 'ops', name: 'cd' }), 'name-taken');
  },
);

t.test('the rules of the room hold, and limits', async (t) => {
  const { ana, ben } = await scene(t, { rate: 2 });
  const { url = '' } = await requestOk(ana, { type: 'make-webhook', room: 'ops', name: 'ci' });
  await requestOk(ana, { type: 'set-rules', room: 'ops', restrict: ['links'] });
  t.match(await httpsPost(url, 'see https://x.example'), { status: 403, body: /Links are not allowed/ });
  t.match(await httpsPost(url, '\u200b'), { status: 400 });
  t.match(await httpsPost(url, 'x'.repeat(limits.messageBytes + 1)), { status: 413 });
  const codes: number[] = [];
  let limited = await httpsPost(url, 'flood');
  for (let count = 0; count < 20 && limited.status !== 429; count++) {
    codes.push(limited.status);
    limited = await httpsPost(url, 'flood');
  }
  t.same([...new Set(codes)], [204]);
  t.match(limited, { status: 429, body: /messages a second/, headers: { 'retry-after': /^\d+$/ } });
  await fence(ben, 'ops', ana);
  t.equal(ana.all('message').filter(({ from }) => from === 'ci').length, codes.length, 'no more was posted');
});

t.test('a server without --webhooks makes none', async (t) => {
  const server = await runServer(t, { people: ['ana'] });
  const ana = await server.enter('ana');
  await requestOk(ana, { type: 'join', room: 'ops' });
  t.equal(await outcome(ana, { type: 'make-webhook', room: 'ops', name: 'ci' }), 'not-allowed');
  t.equal(server.running.webhooks, undefined);
});
