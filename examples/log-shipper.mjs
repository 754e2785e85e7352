/**
 * Posts the lines of stdin to a room, as many in one message as have come since the last one was stored.
 *
 *     journalctl -fu nginx | SECURE_CHAT_LINK='secure-chat://…' SECURE_CHAT_TOKEN=$(cat bot.token) node log-shipper.mjs ops
 */
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { connect, ProtocolError } from 'secure-chat';

// A message has at most 4096 bytes and 100 lines. Of a flood, the oldest lines are left out.
const [mostBytes, mostLines, mostWaiting] = [4000, 90, 5000];

const { SECURE_CHAT_LINK: server = '', SECURE_CHAT_TOKEN: token } = process.env;
const [room = 'lobby'] = process.argv.slice(2);
const chat = await connect({ server, token });
await chat.join(room);

/** @type {string[]} */
const waiting = [];
let dropped = 0;
let shipping = Promise.resolve();

function nextMessage() {
  const lines = dropped > 0 ? [`… ${dropped} lines left out`] : [];
  dropped = 0;
  for (let bytes = 50; lines.length < mostLines && waiting[0] !== undefined; ) {
    bytes += Buffer.byteLength(waiting[0]) + 1;
    if (bytes > mostBytes && lines.length > 0) break;
    lines.push(waiting.shift() ?? '');
  }
  return lines.join('\n');
}

async function ship() {
  while (waiting.length > 0) {
    try {
      await chat.say({ room }, nextMessage());
    } catch (error) {
      // Lines of nothing but invisible characters.
      if (!(error instanceof ProtocolError && error.code === 'message-empty')) throw error;
    }
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  // 900 characters are at most 2700 bytes.
  const text = stripVTControlCharacters(line).slice(0, 900);
  if (text.trim() === '') return;
  waiting.push(text);
  if (waiting.length > mostWaiting) dropped += waiting.splice(0, waiting.length - mostWaiting).length;
  if (waiting.length === 1) shipping = shipping.then(ship);
});
input.on('close', async () => {
  await shipping;
  await chat.close();
});
