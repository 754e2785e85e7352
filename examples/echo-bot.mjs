/**
 * Answers each direct message, and what is addressed to it in a room (`echo: hello`), with the same text.
 *
 *     SECURE_CHAT_LINK='secure-chat://…' SECURE_CHAT_TOKEN=$(cat bot.token) node echo-bot.mjs
 */
import { connect, ProtocolError } from 'secure-chat';

const { SECURE_CHAT_LINK: server = '', SECURE_CHAT_TOKEN: token } = process.env;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const chat = await connect({ server, token, signal: stop.signal });
console.log(`Signed in as ${chat.name}.`);

for await (const message of chat.messages()) {
  const called = `${chat.name}: `;
  const direct = message.room === undefined;
  if (message.from === chat.name || (!direct && !message.text.startsWith(called))) continue;
  const text = direct ? message.text : message.text.slice(called.length);
  try {
    await chat.reply(message, text);
  } catch (error) {
    // Muted, or the room is locked: the next one may work.
    if (!(error instanceof ProtocolError)) throw error;
    console.error(`Not answered: ${error.code}`);
  }
}
