/** Permissions in `--json`: the server checks them for every client. */
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

t.test('a member has no power over others, a moderator over members, an admin over all', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const ada = server.connect(server.firstLink, 'ada', '--json');
  await ada.prints(/"type":"synced"/);
  const link = await server.invite('--uses', '3');
  const people = ['mona', 'mike', 'tim'].map((name) => server.connect(link, name, '--json'));
  for (const client of people) await client.prints(/"type":"synced"/);
  const [mona, mike] = people;
  if (mona === undefined || mike === undefined) throw new Error('people are missing');
  ada.write('{"type":"set-role","name":"mona","role":"moderator","id":"role"}\n');
  await mona.prints(/"type":"rank","name":"mona","role":"moderator"/);

  const requests = [
    { type: 'mute', name: 'tim' },
    { type: 'unmute', name: 'tim' },
    { type: 'set-rules', room: 'lobby', slow: 0 },
    { type: 'ban', address: '192.0.2.1' },
    { type: 'unban', address: '192.0.2.1' },
    { type: 'bans' },
    { type: 'audit' },
    { type: 'make-invite' },
    { type: 'invites' },
    { type: 'kick', name: 'tim' },
    { type: 'set-role', name: 'tim', role: 'moderator' },
    { type: 'make-reset', name: 'mike' },
  ];
  const adminOnly = ['set-role', 'make-reset'];
  for (const [client, may] of [
    [mike, () => false],
    [mona, (type: string) => !adminOnly.includes(type)],
    [ada, (type: string) => type !== 'kick'],
  ] as const) {
    for (const [n, request] of requests.entries()) {
      client.write(`${JSON.stringify({ ...request, id: `r${n}` })}\n`);
      const [answer] = await client.prints(new RegExp(`^.*"re":"r${n}".*\\n`, 'm'));
      const { type, code } = JSON.parse(answer);
      const allowed = may(request.type);
      t.match(
        { type, code },
        allowed ? { type: 'ok' } : { type: 'error', code: 'not-allowed' },
        request.type,
      );
    }
  }
  mike.write('{"type":"recover","name":"tim","code":"x","password":"a password","id":"own"}\n');
  await mike.prints(/"code":"not-allowed".*"re":"own"|"re":"own".*"code":"not-allowed"/);
});
