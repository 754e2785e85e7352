import t from 'tap';
import { commandScene } from '../../support/command-scene.js';
import { hello } from '../../support/fake-session.js';

t.test('/passwd asks for the new password twice and shows none of it', async (t) => {
  const { run, asked, shown, refused, questions } = commandScene({
    secrets: ['old-secret', 'new-secret', 'new-secret'],
  });
  await run('/passwd');
  t.same(asked, [{ type: 'set-password', old: 'old-secret', password: 'new-secret' }]);
  t.equal(questions.length, 3);
  t.notMatch([...shown, ...refused, ...questions].join(), 'secret');
  t.notMatch(questions.join(), 'visible');
});

t.test('nothing is changed without a password', async (t) => {
  const cases: [(string | undefined)[], RegExp][] = [
    [[undefined], /Nothing was changed/],
    [[''], /Nothing was changed/],
    [['old-secret', 'short', 'short', undefined], /Nothing was changed/],
    [['old-secret', 'new-secret', undefined], /Nothing was changed/],
  ];
  for (const [secrets, why] of cases) {
    const { run, asked, refused } = commandScene({ secrets });
    await run('/passwd');
    t.same(asked, []);
    t.match(refused, [why]);
    t.notMatch(refused.join(), 'secret');
  }
});

t.test(
  'an unacceptable new password is asked for again, so that it is not typed into the room',
  async (t) => {
    const secrets = ['old-secret', 'short', 'short', 'new-secret', 'new-secrets', 'new-secret', 'new-secret'];
    const { run, asked, questions } = commandScene({ secrets });
    await run('/passwd');
    t.same(asked, [{ type: 'set-password', old: 'old-secret', password: 'new-secret' }]);
    t.match(questions[3], /^Too short\. New password/);
    t.match(questions[5], /^Passwords don't match\. New password/);
  },
);

t.test('without a full screen no secret is asked for', async (t) => {
  for (const line of ['/passwd', '/recovery', '/2fa on', '/2fa off']) {
    const { run, asked, refused } = commandScene();
    await run(line);
    t.same(asked, []);
    t.match(refused, [/only the full screen/]);
  }
});

const key = { 'begin-factor': { secret: 'ABCDEFGH', uri: 'otpauth://totp/x?secret=ABCDEFGH' } };

t.test('the second factor is on once its code was typed; its key is shown only until then', async (t) => {
  const { run, asked, shown, keys, keysOnScreen, questions } = commandScene({
    answers: key,
    secrets: ['my-secret', '12', '123 456'],
  });
  await run('/2fa on');
  t.same(asked, [
    { type: 'begin-factor', password: 'my-secret' },
    { type: 'confirm-factor', otp: '123456' },
  ]);
  t.same(keys, ['ABCD EFGH']);
  t.equal(keysOnScreen(), 0);
  t.match(questions, [/password/, /6-digit.*visible/, /6 digits.*visible/]);
  t.notMatch(shown.join(), /ABCD|secret/);
});

t.test('a cancelled second factor leaves no key on the screen and turns nothing on', async (t) => {
  const left = commandScene({ answers: key, secrets: ['my-secret', undefined] });
  await left.run('/2fa on');
  t.equal(left.asked.length, 1);
  t.equal(left.keysOnScreen(), 0);
  const wrong = commandScene({
    answers: { ...key, 'confirm-factor': 'second-factor-wrong' },
    secrets: ['my-secret', '123456', '654321', undefined],
  });
  await wrong.run('/2fa on');
  t.same(
    wrong.asked.map((request) => 'otp' in request && request.otp),
    [false, '123456', '654321'],
    'a wrong code is asked for again',
  );
  t.match(wrong.questions.at(-1), /^Wrong code/);
  t.equal(wrong.keysOnScreen(), 0);
  t.same(wrong.shown, []);
  t.equal(wrong.refused.length, 1);
  const refused = commandScene({ answers: { 'begin-factor': 'wrong-credentials' }, secrets: ['wrong'] });
  await refused.run('/2fa on');
  t.same(refused.keys, []);
});

function staying(failure?: Error) {
  const chosen: string[] = [];
  const choose = async (what: string) => {
    if (failure !== undefined) throw failure;
    chosen.push(what);
  };
  return { chosen, stay: { offer: true, begin: () => choose('begin'), end: () => choose('end') } };
}

t.test('/remember tells the server first, then keeps the session here', async (t) => {
  const { chosen, stay } = staying();
  const { run, asked, shown } = commandScene({ frontEnd: { stay } });
  for (const line of ['/remember', '/remember ON', '/remember off']) await run(line);
  t.same(
    asked.map((request) => 'remember' in request && request.remember),
    [true, true, false],
  );
  t.same(chosen, ['begin', 'begin', 'end']);
  t.match(shown, [/stay signed in/, /stay signed in/, /need your password/]);
});

t.test('a session that the server or the disk refuses is not kept', async (t) => {
  const refusedOne = staying();
  const server = commandScene({
    frontEnd: { stay: refusedOne.stay },
    answers: { 'set-remember': 'not-allowed' },
  });
  await server.run('/remember');
  t.same(refusedOne.chosen, []);
  const disk = commandScene({ frontEnd: { stay: staying(new Error('no space\x1b[2J')).stay } });
  await disk.run('/remember');
  t.same(
    disk.asked.map((request) => 'remember' in request && request.remember),
    [true, false],
  );
  t.match(disk.refused, [/Couldn't save the session: no space/]);
  t.notMatch(disk.refused.join(), '\x1b');
  await disk.run('/remember off');
  t.match(disk.refused[1], /Couldn't remove/);
  const nowhere = commandScene();
  await nowhere.run('/remember');
  await nowhere.run('/remember me');
  t.same(nowhere.asked, []);
  t.equal(nowhere.refused.length, 2);
});

t.test('/reconnect says so if there is nothing to do', async (t) => {
  const connected = commandScene();
  await connected.run('/reconnect');
  t.match(connected.refused, [/You are connected/]);
  const session = {
    name: 'ana',
    hello: hello(),
    watched: [],
    ask: async () => ({ type: 'ok', re: 1 }) as const,
  };
  const lost = commandScene({ frontEnd: { session: { ...session, reconnect: () => true } } });
  await lost.run('/reconnect');
  t.same([...lost.refused, ...lost.shown], []);
});

t.test('/recovery and /2fa off need the password', async (t) => {
  const { run, asked, shown } = commandScene({
    answers: { 'make-recovery': { recovery: 'AAAAA-BBBBB' } },
    secrets: ['my-secret', 'my-secret'],
  });
  await run('/recovery');
  t.match(shown[0], 'AAAAA-BBBBB');
  await run('/2fa off');
  t.same(asked, [
    { type: 'make-recovery', password: 'my-secret' },
    { type: 'end-factor', password: 'my-secret' },
  ]);
});

t.test('the end of another session is shown; the end of this one shows itself', async (t) => {
  const { run, asked, shown } = commandScene();
  await run('/logout');
  await run('/logout all');
  t.same(shown, []);
  await run('/logout 3');
  t.same(shown, ['Session 3 was ended.']);
  t.same(asked, [{ type: 'logout' }, { type: 'logout', all: true }, { type: 'logout', session: 3 }]);
});
