/** `--on-mention` and `--on-message`: commands that run for messages of others, on each front end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { gather } from '../support/screen-people.js';

const keep = (file: string) => `sh -c 'cat >> "$1"; env >> "$1.env"' hook ${file}`;

async function lines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

async function texts(file: string, least: number): Promise<string[]> {
  for (;;) {
    const found = await lines(file);
    // Several run at once: the order may differ.
    if (found.length >= least) return found.map((line) => JSON.parse(line).text).sort();
    await pause(20);
  }
}

t.test('each front end runs the commands, and only for new messages of others', async (t) => {
  const { server, pipe, screen } = await gather(t);
  const folder = server.home.folder;
  const file = (name: string) => join(folder, name);
  const ben = await pipe('ben');
  const eve = await pipe('eve');
  ben.write('before: ana, cleo, dora\n');
  await eve.prints(/before/);
  const cleo = await pipe('cleo', '--on-message', keep(file('plain')));
  const dora = await pipe('dora', '--json', '--on-mention', keep(file('json')));
  const ana = await screen('ana', {
    args: ['--on-mention', keep(file('screen')), '--on-message', 'no-such-program'],
  });
  cleo.write('/block eve\n');
  await cleo.prints(/You blocked eve/);
  dora.write('{"type":"block","name":"eve","id":"b"}\n');
  await dora.prints(/"re":"b"/);
  ana.type('/block eve\r');
  await ana.until(() => ana.screen().includes('You blocked eve'), 'the block');

  cleo.write('cleo, ana, dora: my own\n');
  await ben.prints(/my own/);
  eve.write('ana cleo dora: from eve\n');
  await ben.prints(/from eve/);
  ben.write('nothing much\nana, cleo, dora: lunch?\n');
  ben.write('/msg ana only you\n');
  const [lunch, own] = ['ana, cleo, dora: lunch?', 'cleo, ana, dora: my own'];
  t.same(await texts(file('json'), 2), [lunch, own]);
  t.same(await texts(file('plain'), 2), [lunch, 'nothing much']);
  t.same(await texts(file('screen'), 3), [lunch, own, 'only you']);

  await ana.until(() => ana.screen().includes("no-such-program can't be run"), 'the trouble');
  t.equal(ana.screen().split("no-such-program can't").length, 2, 'told once');
  for (const name of ['plain', 'json', 'screen']) {
    const env = (await lines(file(`${name}.env`))).join('\n');
    t.match(env, 'HOME=');
    t.notMatch(env, /SECURE_CHAT|correct horse/);
  }
});

t.test('in a private room, what a client missed while the server was killed is passed on once', async (t) => {
  const { server, pipe, screen } = await gather(t);
  const [inside, outside] = [join(server.home.folder, 'inside'), join(server.home.folder, 'outside')];
  const ben = await pipe('ben');
  const eve = await pipe('eve');
  const cleo = await pipe('cleo', '--on-message', keep(outside));
  const ana = await screen('ana', { args: ['--on-message', keep(inside)] });
  ben.write('/join #den private\n/invite ana\n/invite eve\n');
  await eve.prints(/ben invited you to #den/, 'stderr');
  eve.write('/join #den\n');
  await ana.shows(/ben invited you to #den/);
  ana.enter('/join #den');
  await ben.prints(/ana joined #den/, 'stderr');
  ana.enter('/block eve');
  await ana.shows(/You blocked eve/);
  ben.write('before\n');
  t.same(await texts(inside, 1), ['before']);

  ana.kill('SIGSTOP');
  await server.killAndRestart();
  for (const one of [ben, eve, cleo]) await one.prints(/connected again/, 'stderr');
  eve.write('from eve\n');
  await ben.prints(/from eve/);
  ben.write('missed\n');
  await eve.prints(/missed/);
  ana.kill('SIGCONT');
  ben.write('after\n');
  t.same(await texts(inside, 3), ['after', 'before', 'missed']);
  t.same(
    (await lines(inside)).map((line) => JSON.parse(line).room),
    ['den', 'den', 'den'],
  );
  ben.write('/window #lobby\nto all\n');
  t.same(await texts(outside, 1), ['to all'], 'nothing for one who is not in the room');
});

t.test('a command that never ends does not keep the client', async (t) => {
  const { pipe } = await gather(t);
  const ben = await pipe('ben');
  const ana = await pipe('ana', '--on-message', 'sleep 1000');
  ben.write('hello\n');
  await ana.prints(/ben: hello/);
  ana.end();
  t.equal(await ana.ended, 0);
});

t.test('a command that is not one is wrong usage', async (t) => {
  const { server } = await gather(t);
  for (const command of ['', "say 'hi"]) {
    const running = server.connect(server.link, 'ana', '--on-mention', command);
    running.end();
    t.equal(await running.ended, 64);
    t.match(running.stderr(), /--on-mention/);
  }
});
