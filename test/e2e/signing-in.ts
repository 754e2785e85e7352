/** The first minutes on a terminal and the days after: a name, staying signed in, the server one knows, a lost connection. */
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { openTerminal } from '../support/program.js';
import { keys } from '../support/screen-keys.js';
import { gather, type People, settle, typed } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

type Open = (...args: string[]) => PseudoTerminal;

t.test('signing in on a terminal', async (t) => {
  const people = await gather(t);
  await people.screen('ana');
  const open: PseudoTerminal[] = [];
  t.teardown(async () => {
    for (const terminal of open) terminal.kill('SIGKILL');
    await Promise.all(open.map(({ ended }) => ended));
  });
  const env = { ...people.server.home.env, HOME: await people.home('bob') };
  const bob: Open = (...args) => {
    const terminal = openTerminal(['connect', ...args], { env });
    open.push(terminal);
    return terminal;
  };
  for (const [title, test] of [
    ['a name is checked before a password is chosen, and three prompts lead to the chat', name],
    ['who stays signed in is asked for nothing, and goes to the only server', stay],
    ['who no longer does is asked for the password, and not offered it again', leave],
    ['with two servers it asks which one', choose],
  ] as const) {
    await t.test(title, (t) => test(t, { people, bob }));
  }
});

interface Scene {
  readonly people: People;
  readonly bob: Open;
}

async function name(t: Test, { people, bob }: Scene): Promise<void> {
  const terminal = bob(people.link);
  await terminal.shows(/Choose a name/);
  terminal.enter('ANA');
  await terminal.shows(/The name ana is taken/);
  terminal.type(`${keys.down}${keys.enter}`);
  await terminal.shows(/Choose another name[\s\S]*Choose a name/);
  terminal.enter('a.n.a');
  await terminal.shows(/looks too much like ana/);
  t.notMatch(terminal.all(), /password/i, 'and no password so far');
  terminal.enter('bob');
  await terminal.shows(/Choose a password for bob/);
  terminal.enter(password);
  await terminal.shows(/Repeat the password/);
  terminal.enter(password);
  await terminal.until(() => terminal.modes().includes('alternate'), 'a full screen');
  await terminal.shows(/Your recovery code: [\s\S]*Type \/remember to stay signed in/);
  terminal.enter('/remember');
  await terminal.shows(/You stay signed in on this computer/);
  terminal.enter('/quit');
  t.equal(await terminal.ended, 0);
}

async function stay(t: Test, { people, bob }: Scene): Promise<void> {
  const terminal = bob();
  await terminal.shows(/bob · .*✓ verified/);
  await settle(terminal);
  t.notMatch(terminal.screen(), 'Type /remember');
  terminal.enter('/remember off');
  await terminal.shows(/You need your password next time/);
  terminal.enter('/quit');
  t.equal(await terminal.ended, 0);
  const where = `127.0.0.1:${people.server.port}`;
  t.match(terminal.all(), `${where} is the only server you know. For another: `);
  t.match(terminal.all(), /connect LINK\s/);
  t.notMatch(terminal.all(), /Join link or server|Your name|Password/);
}

async function leave(t: Test, { bob }: Scene): Promise<void> {
  const terminal = bob();
  await terminal.shows(/Your name/);
  terminal.enter('');
  await terminal.shows(/Password for bob/);
  terminal.enter(password);
  await terminal.shows(/bob · .*✓ verified/);
  await settle(terminal);
  t.notMatch(terminal.screen(), 'Type /remember');
  terminal.enter('/quit');
  t.equal(await terminal.ended, 0);
}

async function choose(t: Test, { people, bob }: Scene): Promise<void> {
  // The same server under another address.
  const other = bob(`localhost:${people.server.port}`, '--name', 'bob');
  await other.shows(/Do the fingerprints match/);
  other.type('y');
  await other.shows(/Password for bob/);
  other.enter(password);
  await other.shows(/bob · .*✓ verified/);
  other.enter('/quit');
  t.equal(await other.ended, 0);
  const terminal = bob();
  await terminal.shows(/Join link or server address[\s\S]*localhost:\d+/);
  terminal.type('\x03');
  t.equal(await terminal.ended, 130);
}

t.test('a connection that is lost, silent or late', async (t) => {
  const people = await gather(t);
  const ana = await people.screen('ana');
  await ana.shows(/ana · .*✓ verified/);

  await t.test('a server that stops answering is shown, and not as verified', async (t) => {
    const server = people.server.process();
    server.kill('SIGSTOP');
    ana.enter('is anyone there?');
    await ana.shows(/is anyone there\? …/);
    await ana.until(() => /waiting for an answer/.test(ana.rows()[0] ?? ''), 'a late answer');
    t.notMatch(ana.rows()[0], 'verified');
    await ana.until(() => /no answer/.test(ana.rows()[0] ?? ''), 'no answer');
    t.notMatch(ana.rows()[0], 'verified');
    server.kill('SIGCONT');
    await ana.shows(/is anyone there\?(?! …)/);
    await ana.until(() => /✓ verified/.test(ana.rows()[0] ?? ''), 'an answer');
  });

  await t.test('the key that tries a lost connection at once is shown, and leads back', async (t) => {
    people.server.process().kill('SIGKILL');
    await people.server.process().ended;
    await ana.until(() => /in \d+ s, Enter: now/.test(ana.rows()[0] ?? ''), 'the key');
    await people.server.restart();
    ana.type(keys.enter);
    await ana.until(() => /✓ verified/.test(ana.rows()[0] ?? ''), 'the connection');
    t.equal(typed(ana), '', 'Enter sent nothing');
    ana.enter('/reconnect');
    await ana.shows(/You are connected/);
  });
});
