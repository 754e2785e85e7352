/** Shows the key for an authenticator app as a QR code. Knows the store and the layout, not what the key is for. */
import { encode } from 'uqr';
import { layout } from './render/layout.js';
import type { Appearance } from './render/theme.js';
import { withoutEntries } from './state/notices.js';
import type { ScreenStore } from './state/store.js';

/** Bytes in a code of 37 modules: with its border it fits beside the people list at 80 by 24. */
const smallBytes = 106;
/** A larger code can't be read from a terminal by a camera. */
const mostBytes = 300;
/** Columns before each row of an answer. */
const before = 2;

/** @returns removes it from the screen */
export function showTotpQr(
  { store, appearance }: { store: ScreenStore; appearance: Appearance },
  { uri, text }: { uri: string; text: string },
): () => void {
  const picture = appearance.glyphs === 'ascii' ? [] : pictureRows(shortened(uri));
  const { width, height } = layout(store.state).pane;
  const [first = ''] = picture;
  // The key as text takes the row above.
  const short = picture.length + 1 - height;
  const fits = first !== '' && short <= 0 && first.length + before <= width;
  const why =
    first === ''
      ? ''
      : short > 0
        ? `\n(A QR code needs ${short} more rows.)`
        : '\n(A QR code needs more columns.)';
  const ids = [
    store.notice(
      fits
        ? `Scan this with an authenticator app, or type in the key:\n  ${text}`
        : `Type this key into an authenticator app:\n  ${text}${why}`,
    ),
  ];
  if (fits) ids.push(store.notice(picture.join('\n'), 'code'));
  return () => store.update((state) => withoutEntries(state, ids));
}

/** Two modules, one above the other, are one character; light ones are drawn. */
function pictureRows(uri: string): string[] {
  if (Buffer.byteLength(uri) > mostBytes) return [];
  const { data, size } = encode(uri, { ecc: 'L', border: 1 });
  const isLight = (row: number, column: number): boolean => data[row]?.[column] === false;
  return Array.from({ length: Math.ceil(size / 2) }, (_, half) =>
    Array.from({ length: size }, (_, column) => {
      const [upper, lower] = [isLight(2 * half, column), isLight(2 * half + 1, column)];
      return upper ? (lower ? '\u2588' : '\u2580') : lower ? '\u2584' : ' ';
    }).join(''),
  );
}

/** Without the defaults, and if it is still long, without naming the issuer twice. */
function shortened(uri: string): string {
  const [label = '', query = ''] = uri.split('?');
  const fields = query.split('&').filter((field) => !usual.has(field));
  const whole = joined(label, fields);
  // The label keeps it.
  if (whole.length <= smallBytes || !label.includes(':', scheme.length)) return whole;
  return joined(
    label,
    fields.filter((field) => !field.startsWith('issuer=')),
  );
}

const scheme = 'otpauth://';
const usual: ReadonlySet<string> = new Set(['algorithm=SHA1', 'digits=6', 'period=30']);

function joined(label: string, fields: readonly string[]): string {
  return `${label}?${fields.join('&')}`;
}
