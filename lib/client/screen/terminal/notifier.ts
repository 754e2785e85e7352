/** The bell and desktop notifications: which sequences, and how often. Knows terminals by their environment; writes to none. */
import stringWidth from 'string-width';
import { printable } from '../../../protocol/printable.js';
import type { Clock } from '../../../system/clock.js';
import { passedThrough } from './multiplexer.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface Occasion {
  /** What the message is to the reader. */
  readonly kind: 'mention' | 'direct' | 'message';
  readonly conversation: string;
  /** When the conversation may notify. */
  readonly notify: 'off' | 'mention' | 'all';
  /** The terminal window has the keyboard. */
  readonly focused: boolean;
  readonly from: string;
  readonly text: string;
}

export interface Notifier {
  /** What to send to the terminal; empty for nothing. At most one notification a second for each conversation. */
  notification(occasion: Occasion): string;
}

const bell = '\x07';
const restMs = 1_000;
// As much as desktops show.
const columnsMax = 120;

export function createNotifier({ env, clock }: { env: Env; clock: Clock }): Notifier {
  const lately = new Map<string, number>();
  return {
    notification(occasion) {
      const { conversation, focused } = occasion;
      const now = clock.ticks();
      for (const [id, at] of lately) if (now - at >= restMs) lately.delete(id);
      if (!wanted(occasion) || lately.has(conversation)) return '';
      lately.set(conversation, now);
      return focused ? bell : `${passedThrough(desktopNotification(occasion, env), env)}${bell}`;
    },
  };
}

function wanted({ kind, notify }: Occasion): boolean {
  return notify === 'all' || (notify === 'mention' && kind !== 'message');
}

/** OSC 777 where only that is supported, else OSC 9; terminals with both would show both. */
function desktopNotification({ conversation, kind, from, text }: Occasion, env: Env): string {
  const body = field(`${from}: ${text}`);
  const knows777 = /^(foot|rxvt)/.test(env.TERM ?? '') || (env.VTE_VERSION ?? '') !== '';
  // A number and a semicolon at the beginning would be a command, as in 9;4 for progress; fields have no semicolon.
  if (!knows777)
    return `\x1b]9;${kind === 'direct' ? body : field(`${conversation} ${from}: ${text}`)}${bell}`;
  return `\x1b]777;notify;${field(kind === 'direct' ? 'secure-chat' : conversation)};${body}${bell}`;
}

function field(text: string): string {
  return shortened(printable(text).replaceAll(';', ',').trim(), columnsMax);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function shortened(text: string, columns: number): string {
  // No need to measure more code units than this.
  const start = text.slice(0, columns * 8);
  if (start === text && stringWidth(text) <= columns) return text;
  let width = 1;
  let kept = '';
  for (const { segment } of graphemes.segment(start)) {
    width += stringWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}
