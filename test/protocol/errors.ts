import t from 'tap';
import { errorCodes, isAboutServer, isTransient, ProtocolError } from '../../lib/protocol/errors.js';

t.test('codes are unique and in kebab-case', (t) => {
  t.equal(new Set(errorCodes).size, errorCodes.length);
  for (const code of errorCodes) t.match(code, /^[a-z]+(-[a-z]+)*$/);
  t.end();
});

t.test('a transient code is worth another try, whether the server or the client is the cause', (t) => {
  const transient = errorCodes.filter(isTransient);
  t.same(transient.filter(isAboutServer).toSorted(), [
    'busy',
    'database-unavailable',
    'internal',
    'server-full',
    'shutting-down',
    'slow-consumer',
    'timed-out',
    'too-many-connections',
  ]);
  t.same(transient.filter((code) => !isAboutServer(code)).toSorted(), ['rate-limited', 'too-many-attempts']);
  t.end();
});

t.test('a protocol error has a code, a message and a retry time', (t) => {
  const error = new ProtocolError('rate-limited', 'Slow down.', 250);
  t.match(error, { name: 'ProtocolError', code: 'rate-limited', message: 'Slow down.', retryAfter: 250 });
  t.type(error, Error);
  t.equal(new ProtocolError('busy', 'Later.').retryAfter, undefined);
  t.end();
});
