import t from 'tap';
import type { PeopleErrand } from '../../../lib/client/commands/act.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { errandsScene, type Given } from '../../support/errands-scene.js';
import { unsafe } from '../../support/unsafe.js';

const ben = { name: 'ben' };

t.test('in the lobby it is about the whole server, in a room about that room', async (t) => {
  const table: [PeopleErrand, object, object][] = [
    [
      { do: 'kick', ...ben, reason: 'loud' },
      { type: 'kick', ...ben, reason: 'loud' },
      { type: 'kick', ...ben, reason: 'loud', room: 'dev' },
    ],
    [
      { do: 'mute', ...ben, ms: 5 },
      { type: 'mute', ...ben, ms: 5 },
      { type: 'mute', ...ben, ms: 5, room: 'dev' },
    ],
    [
      { do: 'unmute', ...ben },
      { type: 'unmute', ...ben },
      { type: 'unmute', ...ben, room: 'dev' },
    ],
    [
      { do: 'role', ...ben, onServer: 'moderator', inRoom: 'moderator' },
      { type: 'set-role', ...ben, role: 'moderator' },
      { type: 'appoint', ...ben, role: 'moderator', room: 'dev' },
    ],
    [
      { do: 'role', ...ben, onServer: 'bot' },
      { type: 'set-role', ...ben, role: 'bot' },
      { type: 'set-role', ...ben, role: 'bot' },
    ],
    [
      { do: 'role', ...ben, onServer: 'member', inRoom: 'member', room: 'ops' },
      { type: 'appoint', ...ben, role: 'member', room: 'ops' },
      { type: 'appoint', ...ben, role: 'member', room: 'ops' },
    ],
    [
      { do: 'rules', slow: 5 },
      { type: 'set-rules', room: 'lobby', slow: 5 },
      { type: 'set-rules', room: 'dev', slow: 5 },
    ],
    [
      { do: 'ban', ...ben },
      { type: 'ban', ...ben },
      { type: 'ban', ...ben },
    ],
  ];
  for (const [errand, inLobby, inDev] of table) {
    for (const [room, request] of [
      ['lobby', inLobby],
      ['dev', inDev],
    ] as const) {
      const { run, asked, refused } = errandsScene({ here: { room } });
      await run(errand);
      t.same(asked, [request], `${errand.do} in ${room}`);
      t.same(refused, []);
    }
  }
});

t.test('between two people nothing is done that could be meant for a room or for the server', async (t) => {
  const errands: PeopleErrand[] = [
    { do: 'kick', ...ben },
    { do: 'mute', ...ben },
    { do: 'unmute', ...ben },
    { do: 'role', ...ben, onServer: 'moderator', inRoom: 'moderator' },
    { do: 'rules', locked: true },
  ];
  for (const errand of errands) {
    const { run, asked, refused } = errandsScene({ here: { to: 'ben' } });
    await run(errand);
    t.same(asked, [], errand.do);
    t.match(refused, [/between two people/]);
  }
  const { run, asked } = errandsScene({ here: { to: 'ben' } });
  await run({ do: 'role', ...ben, onServer: 'admin' });
  t.same(asked, [{ type: 'set-role', ...ben, role: 'admin' }], 'an admin is one everywhere');
});

t.test('a new password is asked for twice, and is in nothing that is shown', async (t) => {
  const { run, asked, told, refused, questions } = errandsScene({
    secrets: ['old-secret', 'new-secret', 'new-secret'],
  });
  await run({ do: 'passwd' });
  t.same(asked, [{ type: 'set-password', old: 'old-secret', password: 'new-secret' }]);
  t.equal(questions.length, 3);
  t.notMatch([...told, ...refused, ...questions].join(), 'secret');
  t.notMatch(questions.join(), 'seen');
});

t.test('nothing is changed where a password is not given', async (t) => {
  const cases: [(string | undefined)[], RegExp][] = [
    [[undefined], /Nothing was changed/],
    [[''], /Nothing was changed/],
    [['old-secret', 'short', 'short', undefined], /Nothing was changed/],
    [['old-secret', 'new-secret', undefined], /Nothing was changed/],
  ];
  for (const [secrets, why] of cases) {
    const { run, asked, refused } = errandsScene({ secrets });
    await run({ do: 'passwd' });
    t.same(asked, []);
    t.match(refused, [why]);
    t.notMatch(refused.join(), 'secret');
  }
});

t.test(
  'a new password that will not do is asked for again: nobody goes on typing it into the room',
  async (t) => {
    const secrets = ['old-secret', 'short', 'short', 'new-secret', 'new-secrets', 'new-secret', 'new-secret'];
    const { run, asked, questions } = errandsScene({ secrets });
    await run({ do: 'passwd' });
    t.same(asked, [{ type: 'set-password', old: 'old-secret', password: 'new-secret' }]);
    t.match(questions[3], /^Too short\. The new one/);
    t.match(questions[5], /^Not the same\. The new one/);
  },
);

t.test('without a full screen nobody is asked for a secret', async (t) => {
  const errands = [
    { do: 'passwd' },
    { do: 'recovery' },
    { do: 'factor', on: true },
    { do: 'factor', on: false },
  ] as const;
  for (const errand of errands) {
    const { run, asked, refused } = errandsScene();
    await run(errand);
    t.same(asked, []);
    t.match(refused, [/full screen only/]);
  }
});

const key = { 'begin-factor': { secret: 'ABCDEFGH', uri: 'otpauth://totp/x?secret=ABCDEFGH' } };

t.test(
  'a second factor is on once a code of it was given; its key is shown no longer than that',
  async (t) => {
    const { run, asked, told, keys, shown, questions } = errandsScene({
      answers: key,
      secrets: ['my-secret', '12', '123 456'],
    });
    await run({ do: 'factor', on: true });
    t.same(asked, [
      { type: 'begin-factor', password: 'my-secret' },
      { type: 'confirm-factor', otp: '123456' },
    ]);
    t.same(keys, ['ABCD EFGH']);
    t.equal(shown(), 0);
    t.match(questions, [/password/, /6 digits.*seen/, /6 digits.*seen/]);
    t.notMatch(told.join(), /ABCD|secret/);
  },
);

t.test('a second factor that is given up leaves no key behind, and nothing is on', async (t) => {
  const left = errandsScene({ answers: key, secrets: ['my-secret', undefined] });
  await left.run({ do: 'factor', on: true });
  t.equal(left.asked.length, 1);
  t.equal(left.shown(), 0);
  const wrong = errandsScene({
    answers: { ...key, 'confirm-factor': 'second-factor-wrong' },
    secrets: ['my-secret', '123456', '654321', undefined],
  });
  await wrong.run({ do: 'factor', on: true });
  t.same(
    wrong.asked.map((request) => 'otp' in request && request.otp),
    [false, '123456', '654321'],
    'a wrong code is asked for again',
  );
  t.match(wrong.questions.at(-1), /not the code/);
  t.equal(wrong.shown(), 0);
  t.same(wrong.told, []);
  t.equal(wrong.refused.length, 1);
  const refused = errandsScene({ answers: { 'begin-factor': 'wrong-credentials' }, secrets: ['wrong'] });
  await refused.run({ do: 'factor', on: true });
  t.same(refused.keys, []);
});

t.test('a recovery code and an end of the second factor need the password', async (t) => {
  const { run, asked, told } = errandsScene({
    answers: { 'make-recovery': { recovery: 'AAAAA-BBBBB' } },
    secrets: ['my-secret', 'my-secret'],
  });
  await run({ do: 'recovery' });
  t.match(told[0], 'AAAAA-BBBBB');
  await run({ do: 'factor', on: false });
  t.same(asked, [
    { type: 'make-recovery', password: 'my-secret' },
    { type: 'end-factor', password: 'my-secret' },
  ]);
});

t.test('a link is told with what it does, until when, and its other addresses', async (t) => {
  const made = { links: ['secure-chat://a/1', 'secure-chat://b/1'], expires: '2026-11-27T12:00:00.000Z' };
  const { run, told, asked } = errandsScene({ answers: { 'make-invite': made, 'make-reset': made } });
  await run({ do: 'invite-link', uses: 3, role: 'moderator' });
  t.match(told[0], /^A join link for 3 people, who become moderators, good until 2026-11-27 12:00/);
  t.same(told.slice(1), [
    '  secure-chat://a/1',
    'The same by other addresses of the server:',
    '  secure-chat://b/1',
  ]);
  const onScreen = errandsScene({ answers: { 'make-invite': made }, secrets: [] });
  await onScreen.run({ do: 'invite-link' });
  t.equal(onScreen.told.at(-1), 'Copy it so.');
  await run({ do: 'reset', ...ben });
  t.match(told[4], /^A link for ben to set a new password, once/);
  t.same(asked[1], { type: 'make-reset', ...ben });
});

t.test('what was done is told with how long it holds, and what takes it back', async (t) => {
  const { run, told } = errandsScene();
  await run({ do: 'kick', ...ben });
  await run({ do: 'mute', ...ben, ms: 600_000 });
  await run({ do: 'mute', ...ben });
  await run({ do: 'ban', ...ben, ms: 7_200_000 });
  await run({ do: 'ban', address: '192.0.2.7' });
  await run({ do: 'role', ...ben, onServer: 'admin' });
  await run({ do: 'invite-link', role: 'admin' });
  t.match(told, [
    /^ben is out, .* \/ban ben /,
    'ben is muted until 2026-11-20 13:10. /unmute ben takes that back.',
    'ben is muted for good. /unmute ben takes that back.',
    /^ben is banned until 2026-11-20 15:00\. /,
    /^192\.0\.2\.7 is banned for good\. /,
    'ben is an admin on this server now.',
    /^A join link for one person, who becomes an admin, /,
  ]);
});

t.test('lists are told by line, and empty ones say so', async (t) => {
  const at = '2026-11-20T12:34:56.000Z';
  const lists = {
    bans: { bans: [{ name: 'eve', by: 'mo', at, reason: 'spam' }] },
    invites: { invites: [{ id: 3, role: 'member', uses: 2, expires: at }] },
    sessions: { sessions: [{ id: 4, at, used: at, address: '192.0.2.1', current: true }] },
    audit: { audit: [{ id: 9, at, by: 'mo', action: 'ban', on: 'eve', reason: 'spam' }] },
  } as const satisfies Record<string, unknown>;
  const full = errandsScene({ answers: lists as unknown as NonNullable<Given['answers']> });
  const empty = errandsScene({ answers: {} });
  for (const what of ['bans', 'invites', 'audit'] as const) {
    await full.run({ do: what });
    await empty.run({ do: what });
  }
  await full.run({ do: 'sessions' });
  t.match(full.told, [
    'eve  for good, by mo on 2026-11-20 12:34: spam',
    '3  member, 2 times, until 2026-11-20 12:34, by the operator',
    /uninvite/,
    '2026-11-20 12:34  mo ban eve: spam',
    /^4 {2}since .* from 192.0.2.1 \(this one\)$/,
    /logout/,
  ]);
  t.match(empty.told, ['Nobody is banned.', /invite-link makes one/, 'Nothing was done.']);
});

t.test('that a session has ended is told of another one; that this one has, where it ends', async (t) => {
  const { run, asked, told } = errandsScene();
  await run({ do: 'logout' });
  await run({ do: 'logout', all: true });
  t.same(told, []);
  await run({ do: 'logout', session: 3 });
  t.same(told, ['That session has ended.']);
  t.same(asked, [{ type: 'logout' }, { type: 'logout', all: true }, { type: 'logout', session: 3 }]);
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
  const { run, asked, told } = errandsScene({ answers: { audit: { audit } } });
  await run({ do: 'audit' });
  t.equal(told.length, 21);
  t.equal(told.at(-1), '/audit 41 shows what was before.');
  t.match(asked, [{ type: 'audit', limit: 20 }]);
});

t.test('nothing that a server says of people can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const person = { name: text, role: 'member' as const, since: text, terminals: 1, rooms: [text] };
    const { run, told, keys } = errandsScene({
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
      await run({ do: what });
    }
    await run({ do: 'whois', ...ben });
    await run({ do: 'factor', on: true });
    t.notMatch([...told, ...keys].join(''), unsafe);
  }
});
