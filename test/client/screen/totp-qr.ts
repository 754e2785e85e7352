import t from 'tap';
import { encode } from 'uqr';
import { render } from '../../../lib/client/screen/render/render.js';
import type { Look } from '../../../lib/client/screen/render/theme.js';
import { createScreenStore } from '../../../lib/client/screen/state/store.js';
import { asked, startState } from '../../../lib/client/screen/state/update.js';
import { showTotpQr } from '../../../lib/client/screen/totp-qr.js';
import { noon, plainLines, plainLook } from '../../support/screens.js';

const secret = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const usual = 'algorithm=SHA1&digits=6&period=30';
const uri = `otpauth://totp/The%20Test:ana?issuer=The%20Test&secret=${secret}&${usual}`;
const text = secret.replace(/.{4}/g, '$& ').trim();

function shown({ columns = 80, rows = 24, look = plainLook, key = { uri, text } } = {}) {
  const stage = createScreenStore({
    start: startState({ columns, rows, me: 'ana', server: 'attic', now: noon, hint: false, chosen: {} }),
    now: () => noon,
    changed: () => {},
  });
  const before = plainLines(render(stage.state, look));
  const takeAway = showTotpQr({ stage, look }, key);
  stage.update((state) => asked(state, { about: 'secret', text: 'The 6 digits: _' }));
  const lines = () => plainLines(render(stage.state, look));
  return { lines, before, takeAway, stage, look };
}

/** What a camera sees: each half of a character is a module. */
function modules(lines: readonly string[]): string[] {
  const rows = lines.flatMap((line) => {
    const picture = /^\S+ ([█▀▄ ]{30,}) *(?:│|$)/.exec(line)?.[1];
    if (picture === undefined || picture.trim() === '') return [];
    return [
      picture.replace(/[▄ ]/g, '#').replace(/[█▀]/g, '.'),
      picture.replace(/[▀ ]/g, '#').replace(/[█▄]/g, '.'),
    ];
  });
  return rows;
}

t.test(
  'on 80 columns and 24 rows the whole picture is in sight, the key above it, the question below',
  async (t) => {
    const { lines } = shown();
    const all = lines();
    t.match(all[1], text);
    t.match(all[22], 'The 6 digits: _');
    const url = `otpauth://totp/The%20Test:ana?issuer=The%20Test&secret=${secret}`;
    const { data, size } = encode(url, { ecc: 'L', border: 1 });
    const expected = data.map((row) => row.map((dark) => (dark ? '#' : '.')).join(''));
    const seen = modules(all.slice(2, 22)).map((row) => row.slice(0, size));
    t.same(seen.slice(0, size), expected);
  },
);

t.test('light is light on every background', async (t) => {
  const light: Look = { ...plainLook, theme: 'light', colors: 256 };
  const { stage } = shown({ look: light });
  t.ok(render(stage.state, light).lines.some((line) => line.includes('\x1b[97;40m█▀▀▀▀▀▀▀█')));
  const { stage: plain, look } = shown({ look: { ...plainLook, theme: 'light' } });
  t.ok(render(plain.state, look).lines.some((line) => line.includes('\x1b[7m█▀▀▀▀▀▀▀█')));
});

t.test('where there is no room, or there are no such characters, the key is there in words', async (t) => {
  for (const [size, words] of [
    [{ rows: 20 }, /needs 4 more/],
    [{ columns: 40 }, /needs more columns/],
    [{ look: { ...plainLook, glyphs: 'ascii' as const } }, /Type this key into an authenticator:/],
    [{ key: { uri: `otpauth://totp/${'x'.repeat(9000)}`, text } }, /Type this key/],
    [{ key: { uri: 'nonsense \u001b[2J'.repeat(20), text } }, /Type this key/],
  ] as const) {
    const all = shown(size).lines().join(' ');
    t.match(all.replace(/\s+(?:[│|]\s+)?/g, ' '), words);
    t.match(all, 'ABCD EFGH');
    t.notMatch(all, '▀▀▀');
  }
});

t.test('a long name of the server is said once in the picture', async (t) => {
  const issuer = 'a-server-with-a-long-name';
  const long = `otpauth://totp/${issuer}:ana?issuer=${issuer}&secret=${secret}&${usual}`;
  const { lines } = shown({ key: { uri: long, text } });
  t.match(lines().join('\n'), '█▀▀▀▀▀▀▀█');
});

t.test('it is taken off the screen as it was put there', async (t) => {
  const { lines, takeAway, before, stage } = shown();
  takeAway();
  stage.update((state) => asked(state, undefined));
  t.same(lines(), before);
  t.notMatch(JSON.stringify(stage.state), 'ABCD');
});
