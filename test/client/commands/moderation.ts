import t from 'tap';
import { hostileText } from '../../fixtures/hostile-text.js';
import { commandScene, type SceneOptions } from '../../support/command-scene.js';
import { unsafe } from '../../support/unsafe.js';

const ben = { name: 'ben' };

t.test('in the lobby a command is about the server, in a room about that room', async (t) => {
  const table: [string, object, object][] = [
    [
      '/kick ben loud',
      { type: 'kick', ...ben, reason: 'loud' },
      { type: 'kick', ...ben, reason: 'loud', room: 'dev' },
    ],
    ['/mute ben 5s', { type: 'mute', ...ben, ms: 5_000 }, { type: 'mute', ...ben, ms: 5_000, room: 'dev' }],
    ['/unmute ben', { type: 'unmute', ...ben }, { type: 'unmute', ...ben, room: 'dev' }],
    [
      '/role ben moderator',
      { type: 'set-role', ...ben, role: 'moderator' },
      { type: 'appoint', ...ben, role: 'moderator', room: 'dev' },
    ],
    ['/role ben bot', { type: 'set-role', ...ben, role: 'bot' }, { type: 'set-role', ...ben, role: 'bot' }],
    [
      '/role ben member #ops',
      { type: 'appoint', ...ben, role: 'member', room: 'ops' },
      { type: 'appoint', ...ben, role: 'member', room: 'ops' },
    ],
    [
      '/slow 5s',
      { type: 'set-rules', room: 'lobby', slow: 5_000 },
      { type: 'set-rules', room: 'dev', slow: 5_000 },
    ],
    ['/ban ben', { type: 'ban', ...ben }, { type: 'ban', ...ben }],
  ];
  for (const [line, inLobby, inDev] of table) {
    for (const [room, request] of [
      ['lobby', inLobby],
      ['dev', inDev],
    ] as const) {
      const { run, asked, refused } = commandScene({ here: { room } });
      await run(line);
      t.same(asked, [request], `${line} in ${room}`);
      t.same(refused, []);
    }
  }
});

t.test('in a direct message nothing is done to a room or to the server', async (t) => {
  for (const line of ['/kick ben', '/mute ben', '/unmute ben', '/role ben moderator', '/lock']) {
    const { run, asked, refused } = commandScene({ here: { with: 'ben' } });
    await run(line);
    t.same(asked, [], line);
    t.match(refused, [/direct message/]);
  }
  const { run, asked } = commandScene({ here: { with: 'ben' } });
  await run('/role ben admin');
  t.same(asked, [{ type: 'set-role', ...ben, role: 'admin' }], 'an admin is one everywhere');
});

t.test('a link is shown with its purpose, its expiry and its other addresses', async (t) => {
  const made = { links: ['secure-chat://a/1', 'secure-chat://b/1'], expires: '2026-11-27T12:00:00.000Z' };
  const { run, shown, asked } = commandScene({ answers: { 'make-invite': made, 'make-reset': made } });
  await run('/invite-link 3 moderator');
  t.match(shown[0], /^Join link for 3 people \(moderators\), valid until 2026-11-27 12:00/);
  t.same(shown.slice(1), ['  secure-chat://a/1', 'a can be replaced with b.']);
  const onScreen = commandScene({ answers: { 'make-invite': made }, secrets: [] });
  await onScreen.run('/invite-link');
  t.equal(onScreen.shown.at(-1), 'This is how to copy it.');
  await run('/reset ben');
  t.match(shown[3], /^Password reset link for ben, valid until/);
  t.same(asked[1], { type: 'make-reset', ...ben });
});

t.test('an answer says until when, and which command undoes it', async (t) => {
  const { run, shown } = commandScene();
  for (const line of [
    '/kick ben',
    '/mute ben 10m',
    '/mute ben',
    '/ban ben 2h',
    '/ban 192.0.2.7',
    '/role ben admin',
    '/invite-link admin',
  ]) {
    await run(line);
  }
  t.match(shown, [
    /^You kicked ben, .* \/ban ben /,
    'You muted ben for 10 min. /unmute ben undoes this.',
    'You muted ben permanently. /unmute ben undoes this.',
    /^You banned ben for 2 h\. /,
    /^You banned 192\.0\.2\.7 permanently\. /,
    'ben is now an admin on this server.',
    /^Join link for one person \(an admin\), /,
  ]);
});

t.test('lists have one line per entry, and empty lists say so', async (t) => {
  const at = '2026-11-20T12:34:56.000Z';
  const lists = {
    bans: { bans: [{ name: 'eve', by: 'mo', at, reason: 'spam' }] },
    invites: { invites: [{ id: 3, role: 'member', uses: 2, expires: at }] },
    sessions: { sessions: [{ id: 4, at, used: at, address: '192.0.2.1', current: true }] },
    audit: { audit: [{ id: 9, at, by: 'mo', action: 'ban', on: 'eve', reason: 'spam' }] },
  } as const satisfies Record<string, unknown>;
  const full = commandScene({ answers: lists as unknown as NonNullable<SceneOptions['answers']> });
  const empty = commandScene({ answers: {} });
  for (const what of ['bans', 'invites', 'audit'] as const) {
    await full.run(`/${what}`);
    await empty.run(`/${what}`);
  }
  await full.run('/sessions');
  t.match(full.shown, [
    'eve  permanently, by mo on 2026-11-20 12:34: spam',
    '3  member, 2 times, until 2026-11-20 12:34, by the operator',
    /uninvite/,
    '2026-11-20 12:34  mo ban eve: spam',
    /^4 {2}since .* from 192.0.2.1 \(this session\)$/,
    /logout/,
  ]);
  t.match(empty.shown, ['There are no bans.', /Create one with \/invite-link/, 'No moderation actions.']);
});

t.test('a full page of the audit log says how to read on', async (t) => {
  const at = '2026-11-20T12:34:56.000Z';
  const audit = Array.from({ length: 20 }, (_, n) => ({
    id: 60 - n,
    at,
    by: 'mo',
    action: 'kick',
    on: 'eve',
  }));
  const { run, asked, shown } = commandScene({ answers: { audit: { audit } } });
  await run('/audit');
  t.equal(shown.length, 21);
  t.equal(shown.at(-1), 'Older actions: /audit 41');
  t.match(asked, [{ type: 'audit', limit: 20 }]);
});

t.test('nothing that a server tells about people can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const person = { name: text, role: 'member' as const, since: text, terminals: 1, rooms: [text] };
    const { run, shown, keys } = commandScene({
      answers: {
        bans: { bans: [{ name: text, by: text, at: text, until: text, reason: text }] },
        invites: { invites: [{ id: 1, by: text, role: 'member', uses: 1, expires: text }] },
        audit: {
          audit: [
            { id: 1, at: text, by: text, action: text, on: text, room: text, detail: text, reason: text },
          ],
        },
        sessions: { sessions: [{ id: 1, at: text, used: text, address: text }] },
        whois: { whois: { ...person, away: text, addresses: [text], mutedUntil: text } },
        'make-invite': { links: [text, text], expires: text },
        'make-recovery': { recovery: text },
        'begin-factor': { secret: text, uri: text },
      },
      secrets: ['my-secret', 'my-secret', '123456'],
    });
    for (const what of ['bans', 'invites', 'audit', 'sessions', 'invite-link', 'recovery'] as const) {
      await run(`/${what}`);
    }
    await run('/whois ben');
    await run('/2fa on');
    t.notMatch([...shown, ...keys].join(''), unsafe);
  }
});
