import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { checkSuitable, passwordForm } from '../../../lib/server/auth/password-rules.js';

const suitable = (password: string, names: readonly string[] = ['zorblatt', 'garden-club']) =>
  checkSuitable(password, names).then(
    () => 'suitable',
    ({ code }) => code,
  );

t.test('common passwords are refused, also with a digit or a mark after them', async (t) => {
  const easy = [
    ...['password', '12345678', 'Password', 'iloveyou', 'trustno1', 'qwertyuiop', 'football1', 'passwort'],
    ...['password1!', 'Dragon2024', 'monkey-99', 'letmein!!'],
  ];
  for (const password of easy) t.equal(await suitable(password), 'password-unsuitable', password);
});

t.test('names of the account, the server and the program are refused', async (t) => {
  const easy = [
    'zorblatt',
    'ZORBLATT',
    'zorblatt1',
    'garden-club',
    'Garden-Club!',
    'secure-chat',
    'secure-chat1',
  ];
  for (const password of easy) t.equal(await suitable(password), 'password-unsuitable', password);
  t.equal(await suitable('zorblatt', ['ben', 'other']), 'suitable', 'but not those of others');
});

t.test('a few words are fine, and so is what no one can remember', async (t) => {
  const good = [
    'a good password',
    'correct horse battery',
    'monkey 8471-2209-5513',
    'Xk3#vT9!',
    `${'\u{1f511}'.repeat(7)}a`,
  ];
  for (const password of good) t.equal(await suitable(password), 'suitable', password);
});

t.test('length is counted in characters and bytes of the form that is hashed', async (t) => {
  t.equal(await suitable('xk3vt9q'), 'password-unsuitable');
  t.equal(await suitable('e\u0301\u00e9xk3vt'), 'password-unsuitable', 'an accent is no character');
  t.equal(await suitable('\u00e9x'.repeat(limits.passwordMaxBytes)), 'password-unsuitable');
  t.equal(await suitable('aaaaaaaaaaaa'), 'password-unsuitable', 'one character over and over');
});

t.test('a password has one form however it is typed', (t) => {
  t.equal(passwordForm('cafe\u0301 au lait'), passwordForm('caf\u00e9\u00a0au\u3000lait'));
  t.equal(passwordForm('A b'), 'A b', 'case and spaces stay');
  t.equal(passwordForm('\ufb01ve'), '\ufb01ve', 'no compatibility forms');
  t.end();
});
