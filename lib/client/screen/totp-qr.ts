/** The key of an authenticator on the screen, for as long as it is wanted. Knows the stage, not what the key opens. */
import { encode } from 'uqr';
import { layout } from './render/layout.js';
import type { Look } from './render/theme.js';
import { withoutEntries } from './state/notices.js';
import type { ScreenStore } from './state/store.js';

/** What a code of 37 modules holds: with its border it fits beside the people on 80 columns and 24 rows. */
const smallBytes = 106;
/** Beyond it no camera reads the picture off a terminal. */
const mostBytes = 300;
/** What a pane of texts has before each row of an answer. */
const before = 2;

/** @returns what takes it off the screen again */
export function showTotpQr(
  { stage, look }: { stage: ScreenStore; look: Look },
  { uri, text }: { uri: string; text: string },
): () => void {
  const picture = look.glyphs === 'ascii' ? [] : pictureRows(shortened(uri));
  const { width, height } = layout(stage.state).pane;
  const [first = ''] = picture;
  // The key in words stands in the row above.
  const short = picture.length + 1 - height;
  const fits = first !== '' && short <= 0 && first.length + before <= width;
  const why =
    first === '' ? '' : short > 0 ? `; a picture needs ${short} more rows` : '; a picture needs more columns';
  const ids = [
    stage.tell(
      fits
        ? `Scan this with an authenticator, or type the key into it:\n  ${text}`
        : `Type this key into an authenticator${why}:\n  ${text}`,
    ),
  ];
  if (fits) ids.push(stage.tell(picture.join('\n'), 'code'));
  return () => stage.update((state) => withoutEntries(state, ids));
}

/** Two modules above each other are one character; light ones are drawn. */
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

/** Without what every authenticator takes for granted, and where it is still long, without saying the issuer twice. */
function shortened(uri: string): string {
  const [label = '', query = ''] = uri.split('?');
  const fields = query.split('&').filter((field) => !usual.has(field));
  const whole = joined(label, fields);
  // The one in the label stays.
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
