import t from 'tap';
import { createCredentialChain } from '../../../lib/client/session/signed-in-connection.js';

const name = 'ana';
const password = 'pa55word';

t.test('codes are used once; later sign-ins use the token or the password', async (t) => {
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
    const chain = createCredentialChain({ credentials });
    t.same(chain.request(), request);
    chain.accepted('token');
    t.same(chain.request(), { type: 'resume', token: 'token' });
    t.ok(chain.expired());
    t.same(chain.request(), { type: 'sign-in', name, password });
  }
});
