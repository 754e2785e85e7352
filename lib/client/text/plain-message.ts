/** A message as plain lines, for pipes and programs. Nothing in it can drive a terminal. Knows no stream. */
import { printable } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import type { Message } from '../../protocol/records.js';
import { unlessLobby } from './event-words.js';
import type { LocalTime } from './local-time.js';
import { reactionWords, replyWords } from './wording.js';

/** Where other lines have their time, so that no text can fake another line. */
export const continuation = '        ';

/**
 * `HH:MM ana: text`, `HH:MM * ana text`, `HH:MM ana -> ben: text`, and `HH:MM #room ana: text` for rooms other than the lobby;
 * before a reply `HH:MM > ben: start of what it replies to`, and below it `HH:MM + 👍 3` if there are reactions.
 */
export function plainMessage(message: Message, time: LocalTime): string {
  const [first = '', ...more] = printable(plainText(message), { newlines: true }).split('\n');
  const start = `${time.minute(message.at)}${unlessLobby('', message.room)}`;
  const reactions = reactionWords(message.reactions);
  const all = [
    ...(message.of === undefined ? [] : [`${start} ${replyWords(message.of)}`]),
    ...[`${start} ${authorOf(message)} ${first}`, ...more.map((line) => `${continuation}${line}`)],
    ...(reactions === undefined ? [] : [`${start} ${reactions}`]),
  ];
  return all.map((line) => `${line}\n`).join('');
}

/** The same in exactly one line, with its date, and without quote and reactions: `YYYY-MM-DD HH:MM ana: text`. */
export function plainLine(message: Message, time: LocalTime): string {
  const start = `${time.date(message.at)} ${time.minute(message.at)}${unlessLobby('', message.room)}`;
  return `${start} ${authorOf(message)} ${printable(plainText(message))}\n`;
}

/** `ana:`, `* ana`, `ana -> ben:` or `ana -> ben: * ana`. */
function authorOf(message: Message): string {
  const from = printable(message.from);
  const to = message.to === undefined ? '' : ` -> ${printable(message.to)}`;
  const action = message.action === true || message.file !== undefined || message.removed !== undefined;
  if (!action) return `${from}${to}:`;
  return to === '' ? `* ${from}` : `${from}${to}: * ${from}`;
}

function plainText({ text, file, removed, edited, seq }: Message): string {
  if (removed !== undefined) return `wrote a message that ${removed} deleted`;
  if (file !== undefined) return `sent a file: ${file.name} (${byteCount(file.size)}), /get ${seq}`;
  return edited === undefined ? text : `${text} (edited)`;
}
