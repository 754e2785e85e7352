/**
 * Takes GitHub's webhooks, checks their signature, and posts pushes, issues and pull requests to a room. It speaks
 * plain HTTP on this machine: put it behind a reverse proxy with TLS.
 *
 *     SECURE_CHAT_LINK='secure-chat://…' SECURE_CHAT_TOKEN=$(cat bot.token) WEBHOOK_SECRET=$(cat secret) node webhook-relay.mjs ops 8080
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'secure-chat';

const mostBytes = 1024 * 1024;

const { SECURE_CHAT_LINK: link = '', SECURE_CHAT_TOKEN: token, WEBHOOK_SECRET: secret = '' } = process.env;
const [room = 'lobby', port = '8080'] = process.argv.slice(2);
if (secret === '') throw new Error('Set WEBHOOK_SECRET.');
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
const chat = await connect({ server: link, token, signal: stop.signal });
await chat.join(room);

/** @param {import('node:http').IncomingMessage} request */
async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @param {Buffer} body @param {unknown} signature */
function isSigned(body, signature) {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(String(signature));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** @param {unknown} event @param {any} body @returns {string | undefined} what to post */
function wordsOf(event, { action, repository, sender, ref, commits, issue, pull_request: pull }) {
  const where = `${repository?.full_name}: ${sender?.login}`;
  if (event === 'push') return `${where} pushed ${commits?.length} commits to ${ref}`;
  if (event === 'issues') return `${where} ${action} issue ${issue?.number}: ${issue?.title}`;
  if (event === 'pull_request') return `${where} ${action} pull request ${pull?.number}: ${pull?.title}`;
  return undefined;
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<number>} the status of the answer */
async function relay(request) {
  if (request.method !== 'POST') return 405;
  const {
    'x-hub-signature-256': signature,
    'x-github-event': event,
    'x-github-delivery': id,
  } = request.headers;
  const body = await readBody(request);
  if (body === undefined) return 413;
  if (!isSigned(body, signature)) return 401;
  if (typeof id !== 'string') return 400;
  const words = wordsOf(event, JSON.parse(body.toString()));
  // A delivery that is sent again is posted once: its id is the message's key.
  if (words !== undefined) await chat.say({ room }, words.slice(0, 1000), { key: id });
  return 204;
}

const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
  const status = await relay(request).catch((error) => {
    console.error(`Not posted: ${error.message}`);
    return error instanceof SyntaxError ? 400 : 502;
  });
  response.writeHead(status, { connection: 'close' }).end();
});
server.listen(Number(port), '127.0.0.1', () => console.log('Listening on', server.address()));
await chat.closed;
server.close();
