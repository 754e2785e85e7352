/**
 * Posts who wrote how much in a room since this time yesterday, and the message with the most reactions. For cron, which logs
 * commands, but not variables on lines of their own:
 *
 *     SECURE_CHAT_LINK=secure-chat://…
 *     SECURE_CHAT_TOKEN=…
 *     0 18 * * *  node daily-digest.mjs ops
 */
import { connect } from 'secure-chat';

const dayMs = 24 * 60 * 60_000;

const { SECURE_CHAT_LINK: server = '', SECURE_CHAT_TOKEN: token } = process.env;
const [room = 'lobby'] = process.argv.slice(2);
const chat = await connect({ server, token });
await chat.join(room);

/** @type {Map<string, number>} */
const counts = new Map();
let [best, most] = ['', 0];
for await (const { from, text, reactions = [] } of chat.history({ room }, Date.now() - dayMs)) {
  if (from === chat.name) continue;
  counts.set(from, (counts.get(from) ?? 0) + 1);
  const count = reactions.reduce((sum, reaction) => sum + reaction.count, 0);
  if (count > most) [best, most] = [`${from}: ${text.slice(0, 200)}`, count];
}

if (counts.size > 0) {
  const people = [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
  const favourite = most > 0 ? [`Most reactions (${most}): ${best}`] : [];
  await chat.say({ room }, [`Messages today: ${people.slice(0, 20).join(', ')}`, ...favourite].join('\n'));
}
await chat.close();
