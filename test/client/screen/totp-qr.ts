import t from 'tap';
import { encode } from 'uqr';
import { settingsFrom } from '../../../lib/client/commands/settings.js';
import { render } from '../../../lib/client/screen/render/render.js';
import type { Appearance } from '../../../lib/client/screen/render/theme.js';
import { startState } from '../../../lib/client/screen/state/conversations.js';
import { createScreenStore } from '../../../lib/client/screen/state/store.js';
import { showTotpQr } from '../../../lib/client/screen/totp-qr.js';
import { noon, plainAppearance, plainLines } from '../../support/screens.js';

const secret = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const usual = 'algorithm=SHA1&digits=6&period=30';
const uri = `otpauth://totp/The%20Test:ana?issuer=The%20Test&secret=${secret}&${usual}`;
const text = secret.replace(/.{4}/g, '$& ').trim();

function shown({ columns = 80, rows = 24, appearance = plainAppearance, key = { uri, text } } = {}) {
  const store = createScreenStore(
    startState({
      key: 1,
      columns,
      rows,
      me: 'ana',
      server: 'attic',
      now: noon,
      hint: false,
      notifyChoices: {},
      settings: settingsFrom(undefined),
    }),
    () => noon,
    () => {},
  );
  const before = plainLines(render(store.state, appearance));
  const takeAway = showTotpQr({ store, appearance }, key);
  store.update((state) => ({ ...state, question: { about: 'secret', text: 'The 6 digits: _' } }));
  const lines = () => plainLines(render(store.state, appearance));
  return { lines, before, takeAway, store, appearance };
}

/** What a camera sees: half a character is a module. */
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

t.test('at 80 by 24 the whole QR code is visible, the key above it, the question below', async (t) => {
  const { lines } = shown();
  const all = lines();
  t.match(all[1], text);
  t.match(all[22], 'The 6 digits: _');
  const url = `otpauth://totp/The%20Test:ana?issuer=The%20Test&secret=${secret}`;
  const { data, size } = encode(url, { ecc: 'L', border: 1 });
  const expected = data.map((row) => row.map((dark) => (dark ? '#' : '.')).join(''));
  const seen = modules(all.slice(2, 22)).map((row) => row.slice(0, size));
  t.same(seen.slice(0, size), expected);
});

t.test('light modules are light on every background', async (t) => {
  const light: Appearance = { ...plainAppearance, theme: 'light', colors: 256 };
  const { store } = shown({ appearance: light });
  t.ok(render(store.state, light).lines.some((line) => line.includes('\x1b[97;40m█▀▀▀▀▀▀▀█')));
  const { store: plain, appearance } = shown({ appearance: { ...plainAppearance, theme: 'light' } });
  t.ok(render(plain.state, appearance).lines.some((line) => line.includes('\x1b[7m█▀▀▀▀▀▀▀█')));
});

t.test('without room, or without the characters, the key is shown as text', async (t) => {
  for (const [size, words] of [
    [{ rows: 20 }, /A QR code needs 4 more rows/],
    [{ columns: 40 }, /A QR code needs more columns/],
    [
      { appearance: { ...plainAppearance, glyphs: 'ascii' as const } },
      /Type this key into an authenticator app:/,
    ],
    [{ key: { uri: `otpauth://totp/${'x'.repeat(9000)}`, text } }, /Type this key/],
    [{ key: { uri: 'nonsense \u001b[2J'.repeat(20), text } }, /Type this key/],
  ] as const) {
    const all = shown(size).lines().join(' ');
    t.match(all.replace(/\s+(?:[│|]\s+)?/g, ' '), words);
    t.match(all, 'ABCD EFGH');
    t.notMatch(all, '▀▀▀');
  }
});

t.test('a long server name is in the QR code once', async (t) => {
  const issuer = 'a-server-with-a-long-name';
  const long = `otpauth://totp/${issuer}:ana?issuer=${issuer}&secret=${secret}&${usual}`;
  const { lines } = shown({ key: { uri: long, text } });
  t.match(lines().join('\n'), '█▀▀▀▀▀▀▀█');
});

t.test('it is removed without a trace', async (t) => {
  const { lines, takeAway, before, store } = shown();
  takeAway();
  store.update((state) => ({ ...state, question: undefined }));
  t.same(lines(), before);
  t.notMatch(JSON.stringify(store.state), 'ABCD');
});
