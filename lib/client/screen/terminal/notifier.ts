/**
 * Calls somebody's attention: which sequences, and how often. Knows terminals by their environment; writes to
 * none.
 */
import stringWidth from 'string-width';
import { printable } from '../../../protocol/printable.js';
import type { Clock } from '../../../system/clock.js';
import type { ConversationId, Notify, ScreenState } from '../state/state.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface Occasion {
  /** What it is to the reader. */
  readonly kind: 'mention' | 'direct' | 'message';
  readonly conversation: ConversationId;
  /** Of the conversation. */
  readonly notify: Notify;
  /** The window has the keyboard. */
  readonly focused: boolean;
  readonly from: string;
  readonly text: string;
}

export interface Notifier {
  /** What to send to the terminal; empty for nothing. At most one notification a second and conversation. */
  notification(occasion: Occasion): string;
}

const bell = '\x07';
const restMs = 1_000;
// As much as the notification areas of desktops show.
const columnsMax = 120;

export function createNotifier({ env, clock }: { env: Env; clock: Clock }): Notifier {
  const lately = new Map<ConversationId, number>();
  return {
    notification(occasion) {
      const { conversation, focused } = occasion;
      const now = clock.ticks();
      for (const [id, at] of lately) if (now - at >= restMs) lately.delete(id);
      if (!wanted(occasion) || lately.has(conversation)) return '';
      lately.set(conversation, now);
      return focused ? bell : `${passed(desktopNotification(occasion, env), env)}${bell}`;
    },
  };
}

/** `(3) #lobby – secure-chat`, with the messages that are unread in all conversations; printable. */
export function titleFor(state: Pick<ScreenState, 'conversations' | 'current'>): string {
  const unread = state.conversations.reduce((sum, each) => sum + each.unread, 0);
  return `${unread === 0 ? '' : `(${unread}) `}${shortened(printable(state.current), 60)} – secure-chat`;
}

function wanted({ kind, notify }: Occasion): boolean {
  return notify === 'all' || (notify === 'mention' && kind !== 'message');
}

/** OSC 777 where it is the one that is known, else OSC 9; both would be shown twice by those that know both. */
function desktopNotification({ conversation, kind, from, text }: Occasion, env: Env): string {
  const body = field(`${from}: ${text}`);
  const knows777 = /^(foot|rxvt)/.test(env.TERM ?? '') || (env.VTE_VERSION ?? '') !== '';
  // A body that begins with a number and a semicolon is a command, as in 9;4 for progress; it has none.
  if (!knows777)
    return `\x1b]9;${kind === 'direct' ? body : field(`${conversation} ${from}: ${text}`)}${bell}`;
  return `\x1b]777;notify;${field(kind === 'direct' ? 'secure-chat' : conversation)};${body}${bell}`;
}

function field(text: string): string {
  return shortened(printable(text).replaceAll(';', ',').trim(), columnsMax);
}

/** Through a multiplexer to the terminal it runs in. tmux passes it on where `allow-passthrough` is on. */
function passed(sequence: string, env: Env): string {
  if (env.TMUX) return `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\`;
  if (env.STY) return `\x1bP${sequence}\x1b\\`;
  return sequence;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function shortened(text: string, columns: number): string {
  // Longer in code units than any text of that width that is worth measuring.
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
