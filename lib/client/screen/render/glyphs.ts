/** The marks that a chat screen draws, in Unicode and in ASCII. Knows no meaning beyond their names. */

export interface Glyphs {
  /** Between a name and what it says, on every row. */
  readonly bar: string;
  /** The same where the row is for this reader. */
  readonly mention: string;
  /** The same where only two read. */
  readonly direct: string;
  readonly rule: string;
  readonly notice: string;
  readonly bad: string;
  readonly action: string;
  readonly sending: string;
  readonly sent: string;
  readonly verified: string;
  readonly online: string;
  readonly away: string;
  readonly offline: string;
  readonly admin: string;
  readonly moderator: string;
  readonly prompt: string;
  /** In place of `prompt` where more is typed above or below than is shown. */
  readonly promptMore: string;
  readonly dot: string;
  readonly below: string;
  /** Where a text goes on and has no room. */
  readonly cut: string;
}

const unicode: Glyphs = {
  bar: '│',
  mention: '▌',
  direct: '┃',
  rule: '─',
  notice: '--',
  bad: '✗',
  action: '*',
  sending: '…',
  sent: '✓',
  verified: '✓',
  online: '●',
  away: '○',
  offline: '·',
  admin: '★',
  moderator: '☆',
  prompt: '›',
  promptMore: '↕',
  dot: '·',
  below: '↓',
  cut: '…',
};

const ascii: Glyphs = {
  bar: '|',
  mention: '!',
  direct: ':',
  rule: '-',
  notice: '--',
  bad: 'x',
  action: '*',
  sending: '~',
  sent: '+',
  verified: 'ok',
  online: '*',
  away: 'o',
  offline: '-',
  admin: '@',
  moderator: '+',
  prompt: '>',
  promptMore: '^',
  dot: '-',
  below: 'v',
  cut: '~',
};

export const glyphSets = { unicode, ascii } as const;
