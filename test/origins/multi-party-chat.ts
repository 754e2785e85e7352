/** What the Multi-Party Chat could: one person hosts and takes part. Elsewhere: a chat without --persistent (e2e/host). */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { hostedLink, hostOnPipes } from '../support/hosted.js';
import { makeHome, openTerminal, type Running } from '../support/program.js';
import { noonZone } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

const secret = { SECURE_CHAT_PASSWORD: password };
const most = 13;

function ended(t: Test, running: Pick<Running, 'ended'> & { kill(signal: 'SIGKILL'): void }): void {
  t.teardown(async () => {
    running.kill('SIGKILL');
    await running.ended;
  });
}

t.test('Multi-Party Chat', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const at = ['--data', join(home.folder, 'data'), '--host', '127.0.0.1', '--port', '0'];
  const host = openTerminal(['host', ...at, '--as', 'alice', '--max-clients', `${most}`, '--rate', '1000'], {
    env: { ...home.env, ...secret, TZ: noonZone() },
    cols: 200,
    rows: 40,
  });
  ended(t, host);
  const [, link = ''] = await host.shows(hostedLink);
  await host.shows(/You host this chat/);
  const guests: Running[] = [];
  const enter = async (name: string): Promise<Running> => {
    const guest = home.run(['connect', link, '--name', name], secret);
    ended(t, guest);
    guests.push(guest);
    await guest.prints(/in #lobby as /, 'stderr');
    return guest;
  };
  const bob = await enter('bob');

  await t.test("the user's name at the top", async (t) => {
    t.match(host.rows()[0], /alice · .* · TLS 1\.3/);
  });

  await t.test('a limit on the length of a line', async (t) => {
    bob.write(`${'x'.repeat(4_097)}\n`);
    await bob.prints(/not sent: "x+…": .*4096 bytes/, 'stderr');
    bob.write(`${'y'.repeat(4_096)}\n`);
    await bob.prints(/bob: y{4096}\n/);
    await host.shows(/│ y+/);
    t.notMatch(host.all(), 'xxx');
  });

  await t.test('twelve and more clients', async (t) => {
    const names = Array.from({ length: most - 2 }, (_, at) => `guest-${at + 1}`);
    const more = await Promise.all(names.map(enter));
    bob.write('can all of you read this?\n');
    await Promise.all(more.map((guest) => guest.prints(/bob: can all of you read this\?/)));
    more.forEach((guest, at) => void guest.write(`yes, says ${at + 1}\n`));
    for (const at of more.keys()) await bob.prints(new RegExp(`yes, says ${at + 1}\n`));
    for (const at of more.keys()) await host.shows(new RegExp(`yes, says ${at + 1}\\s`));
    await host.shows(new RegExp(`│ ${most} online`));
    t.pass();
  });

  await t.test('each name has a colour', async (t) => {
    host.enter('/clear');
    await host.until(() => !host.screen().includes('yes, says'), 'an empty pane');
    guests.forEach((guest, at) => void guest.write(`one of ${at}\n`));
    const colors = new Map<string, unknown>();
    for (const [at, name] of [
      [0, 'bob'],
      [1, 'guest-1'],
      [2, 'guest-2'],
      [3, 'guest-3'],
      [4, 'guest-4'],
    ] as const) {
      await host.shows(new RegExp(`${name} │ one of ${at}`));
      colors.set(name, colorOf(host, name, `one of ${at}`));
    }
    t.notOk([...colors.values()].includes('default'));
    t.ok(new Set(colors.values()).size >= 3, 'names have different colours');
    // Bob's name is shown again only after another sender.
    guests[1]?.write('in between\n');
    await host.shows(/in between/);
    bob.write('once more\n');
    await host.shows(/bob │ once more/);
    t.equal(colorOf(host, 'bob', 'once more'), colors.get('bob'), 'and a name keeps its colour');
  });

  await t.test('a cap on clients by an option', async (t) => {
    const late = home.run(['connect', link, '--name', 'late'], secret);
    t.equal(await late.ended, 69);
    t.match(late.stderr(), new RegExp(`The server is full \\(${most} people\\)`));
    const [guest] = guests.splice(-1);
    guest?.end('/quit making room\n');
    await host.shows(/left \(making room\)/);
    await enter('late');
  });
});

t.test('--persistent: the chat stays until someone has joined and everyone has left', async (t) => {
  const home = await makeHome();
  t.teardown(() => home.remove());
  const { running, guest } = await hostOnPipes(home, '--persistent');
  ended(t, running);
  running.end('/quit\n');
  await running.prints(/The chat stays open until someone has joined and everyone has left/, 'stderr');
  const bob = await guest('bob');
  const cleo = await guest('cleo');
  bob.write('the host is not here\n');
  await cleo.prints(/bob: the host is not here/);
  bob.end();
  t.equal(await bob.ended, 0);
  await cleo.prints(/bob left/, 'stderr');
  cleo.write('/list\n');
  await cleo.prints(/1 person is here: cleo/);
  cleo.end();
  t.equal(await cleo.ended, 0);
  t.equal(await running.ended, 0);

  const again = await hostOnPipes(home, '--persistent');
  ended(t, again.running);
  const dora = await again.guest('dora');
  again.running.end('/quit\n');
  await again.running.prints(/The chat stays open until everyone has left/, 'stderr');
  dora.end('still here\n');
  t.equal(await dora.ended, 0);
  t.equal(await again.running.ended, 0);
});

/** The colour of a name beside its message. */
function colorOf(terminal: PseudoTerminal, name: string, text: string): unknown {
  const row = terminal.rows().findLastIndex((each) => each.includes(`${name} │ ${text}`));
  const column = terminal.rows()[row]?.indexOf(`${name} │`) ?? -1;
  return terminal.cells()[row]?.[column]?.foreground;
}
