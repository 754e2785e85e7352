/** The programs in examples/, each against a server. */
import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { runCommand } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';

const exampleOf = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}.mjs`, import.meta.url));

/** A server, ana in #ops on a pipe, and a bot with this name that can run an example. */
async function scene(t: Test, name: string) {
  const server = await startServerProcess('--rate', '1000');
  t.teardown(server.close);
  const ana = server.connect(server.firstLink, 'ana');
  await ana.prints(/in #lobby as/, 'stderr');
  ana.write('/join #ops\n');
  await ana.prints(/in #ops\n/, 'stderr');
  const { out } = await server.operate(['user', 'token', name]);
  const bot = { SECURE_CHAT_LINK: server.link, SECURE_CHAT_TOKEN: out.trim() };
  function example(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const all = { ...server.home.env, ...bot, ...env };
    const running = runCommand([process.execPath, exampleOf(name), ...args], { env: all });
    server.adopt(running);
    return running;
  }
  return { server, ana, bot, example };
}

t.test('the echo bot answers what is for it, and ends cleanly', async (t) => {
  const { ana, example } = await scene(t, 'echo');
  const echo = example('echo-bot');
  await echo.prints(/Signed in as echo/);
  ana.write('/window #lobby\nto all\necho: hello\n/msg echo psst\n');
  await ana.prints(/> ana: echo: hello\n\d\d:\d\d echo: hello\n/);
  await ana.prints(/echo -> ana: psst\n/);
  t.notMatch(ana.stdout(), /echo: to all/);
  echo.kill('SIGTERM');
  t.equal(await echo.ended, 0, echo.stderr());
});

t.test('the daily digest counts messages of the last day', async (t) => {
  const { server, ana, example } = await scene(t, 'digest');
  const ben = server.connect(await server.invite(), 'ben');
  ben.write('/join #ops\n');
  await ben.prints(/in #ops\n/, 'stderr');
  const quiet = example('daily-digest', ['ops']);
  t.equal(await quiet.ended, 0, quiet.stderr());
  ana.write('one\ntwo\n');
  await ben.prints(/ana: two\n/);
  ben.write('/react +1\n');
  await ana.prints(/ben reacted/, 'stderr');
  ana.write('three\n');
  await ana.prints(/ana: three\n/);
  const digest = example('daily-digest', ['ops']);
  t.equal(await digest.ended, 0, digest.stderr());
  await ana.prints(/#ops digest: Messages today: ana 3\n +Most reactions \(1\): ana: two\n/);
  t.equal(ana.stdout().split('Messages today').length, 2, 'nothing was posted about a quiet day');
});

t.test('the log shipper posts every line, in order and in few messages', async (t) => {
  const { ana, example } = await scene(t, 'shipper');
  const shipper = example('log-shipper', ['ops']);
  const lines = Array.from({ length: 500 }, (_, n) => `\x1b[32mline ${n}\x1b[0m ${'x'.repeat(n % 50)}`);
  shipper.end(`\x07\n${lines.join('\n')}\n${'y'.repeat(5000)}\n`);
  t.equal(await shipper.ended, 0, shipper.stderr());
  await ana.prints(/y{900}\n/);
  const found = [...ana.stdout().matchAll(/line (\d+)(?: x+)?\n/g)].map(([, n]) => Number(n));
  t.same(
    found,
    Array.from({ length: 500 }, (_, n) => n),
  );
  t.ok(ana.stdout().split('shipper:').length < 50);
});

t.test('the webhook relay posts what is signed, once', async (t) => {
  const { ana, example } = await scene(t, 'hooks');
  const relay = example('webhook-relay', ['ops', '0'], { WEBHOOK_SECRET: 'a secret' });
  const [, port] = await relay.prints(/port: (\d+)/);
  async function post(body: string, headers: Record<string, string> = {}, method = 'POST') {
    const signature = `sha256=${createHmac('sha256', 'a secret').update(body).digest('hex')}`;
    const { status } = await fetch(`http://127.0.0.1:${port}/`, {
      method,
      ...(method === 'POST' && { body }),
      headers: { 'x-hub-signature-256': signature, 'x-github-delivery': 'd1', ...headers },
    });
    return status;
  }
  const common = { repository: { full_name: 'ana/chat' }, sender: { login: 'ben' } };
  const push = JSON.stringify({ ...common, ref: 'refs/heads/main', commits: [{}, {}] });
  const issue = JSON.stringify({ ...common, action: 'opened', issue: { number: 7, title: '\x1b[2Jhelp' } });
  const event = (name: string, id: string) => ({ 'x-github-event': name, 'x-github-delivery': id });
  t.equal(await post(push, event('push', 'd1')), 204);
  t.equal(await post(push, event('push', 'd1')), 204, 'sent again');
  t.equal(await post(issue, event('issues', 'd2')), 204);
  t.equal(await post('{}', event('ping', 'd3')), 204);
  await ana.prints(/#ops hooks: ana\/chat: ben opened issue 7: \[2Jhelp\n/);
  t.equal(ana.stdout().split('ben pushed 2 commits to refs/heads/main').length, 2);

  t.equal(await post(push, { 'x-hub-signature-256': 'sha256=0' }), 401);
  t.equal(await post('not json', event('push', 'd4')), 400);
  t.equal(await post('', {}, 'GET'), 405);
  t.equal(await post('x'.repeat(2 * 1024 * 1024)).catch(() => 413), 413);
  relay.kill('SIGTERM');
  t.equal(await relay.ended, 0, relay.stderr());
});
