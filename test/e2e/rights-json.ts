/** Who may do what, once more in `--json`: rights are the server's, whatever asks. */
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

t.test(
  'a member in --json does nothing to others, a moderator what is below, an admin the rest',
  async (t) => {
    const served = await startServerProcess();
    t.teardown(() => served.close());
    const ada = served.connect(served.firstLink, 'ada', '--json');
    await ada.prints(/"type":"synced"/);
    const link = await served.invite('--uses', '3');
    const people = ['mona', 'mike', 'tim'].map((name) => served.connect(link, name, '--json'));
    for (const client of people) await client.prints(/"type":"synced"/);
    const [mona, mike] = people;
    if (mona === undefined || mike === undefined) throw new Error('nobody is there');
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
  },
);
