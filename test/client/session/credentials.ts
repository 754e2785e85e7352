import t from 'tap';
import { createKeyring } from '../../../lib/client/session/credentials.js';

const name = 'ana';
const password = 'pa55word';

t.test('codes are shown once: the next time it is the token, or the password alone', async (t) => {
  const ways = [
    [
      { how: 'sign-in', name, password, otp: '123456' },
      { type: 'sign-in', name, password, otp: '123456' },
    ],
    [
      { how: 'recover', name, password, code: 'r-abc' },
      { type: 'recover', name, password, code: 'r-abc' },
    ],
    [
      { how: 'register', name, password, code: 'abc' },
      { type: 'register', name, password, code: 'abc' },
    ],
  ] as const;
  for (const [credentials, request] of ways) {
    const keyring = createKeyring({ credentials });
    t.same(keyring.request(), request);
    keyring.accepted('token');
    t.same(keyring.request(), { type: 'resume', token: 'token' });
    t.ok(keyring.expired());
    t.same(keyring.request(), { type: 'sign-in', name, password });
  }
});
