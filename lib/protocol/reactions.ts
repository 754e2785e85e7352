/** Reactions to messages: which emoji can be one, and short codes for some of them. Knows Unicode, not who reacts. */
import { printable } from './printable.js';

/** In the order in which help lists them. */
const codes: readonly (readonly [code: string, emoji: string])[] = [
  ['+1', '👍'],
  ['-1', '👎'],
  ['heart', '❤️'],
  ['tada', '🎉'],
  ['laugh', '😄'],
  ['joy', '😂'],
  ['wow', '😮'],
  ['sad', '😢'],
  ['angry', '😠'],
  ['think', '🤔'],
  ['eyes', '👀'],
  ['check', '✅'],
  ['x', '❌'],
  ['question', '❓'],
  ['100', '💯'],
  ['fire', '🔥'],
  ['rocket', '🚀'],
  ['clap', '👏'],
  ['pray', '🙏'],
  ['wave', '👋'],
  ['ok', '👌'],
  ['star', '⭐'],
  ['bulb', '💡'],
  ['bug', '🐛'],
];

const byCode: ReadonlyMap<string, string> = new Map(codes);
const byEmoji: ReadonlyMap<string, string> = new Map(codes.map(([code, emoji]) => [emoji, code]));

export const reactionCodes: readonly string[] = codes.map(([code]) => code);

const emojiStyle = '\ufe0f';
// Of Unicode's set of emoji for general interchange (UTS #51).
const emojiPattern = '^\\p{RGI_Emoji}$';
// Made by the first emoji that has no code: a start need not wait for it.
let anyEmoji: RegExp | undefined;

/**
 * The emoji of a reaction as it is stored: of a short code, with or without colons, or any one emoji. Undefined for
 * anything else.
 */
export function reactionEmoji(typed: string): string | undefined {
  const text = typed.trim();
  const known = byCode.get(text.replace(/^:(.+):$/, '$1').toLowerCase());
  if (known !== undefined) return known;
  // With the mark that makes a sign an emoji, which keyboards leave out: two kinds would look the same.
  const emoji = [text, text + emojiStyle].find((each) => byEmoji.has(each) || isEmoji(each));
  return emoji !== undefined && printable(emoji) === emoji ? emoji : undefined;
}

/** The short code of an emoji, for terminals that can't show it. */
export function reactionCode(emoji: string): string | undefined {
  return byEmoji.get(emoji);
}

function isEmoji(text: string): boolean {
  anyEmoji ??= new RegExp(emojiPattern, 'v');
  return anyEmoji.test(text);
}
