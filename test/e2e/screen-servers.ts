import t from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { alt } from '../support/screen-keys.js';
import { gather } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

const noPassword = { SECURE_CHAT_PASSWORD: '' };

function onServer(terminal: PseudoTerminal, name: string): Promise<void> {
  return terminal.until(
    () => terminal.rows()[0]?.includes(`alice · ${name} · `) === true,
    `${name} on the screen`,
  );
}

async function answer(terminal: PseudoTerminal, question: RegExp, line: string): Promise<void> {
  await terminal.shows(question);
  terminal.type(`${line}\r`);
}

async function createAccount(terminal: PseudoTerminal, server: string): Promise<void> {
  // The prompt of the server before may still be on the screen.
  await answer(
    terminal,
    new RegExp(`Connected to ${server}[\\s\\S]*Choose a password for alice.*\\n.*_`),
    password,
  );
  await answer(
    terminal,
    new RegExp(`Connected to ${server}[\\s\\S]*Repeat the password\\s*\\n.*_`),
    password,
  );
}

t.test('two servers on one screen', async (t) => {
  const [club, lab] = await Promise.all([gather(t, '--name', 'Club'), gather(t, '--name', 'Lab')]);
  const boss = lab.server.connect(lab.server.firstLink, 'boss', '--plain');
  await boss.prints(/in #lobby as/, 'stderr');
  const carol = await club.pipe('carol');
  const size = { cols: 120, rows: 30 };
  // The last --name counts, on both servers, in lower case as names are.
  const args = [lab.link, '--name', 'Alice'];
  const alice = await club.terminal('alice', { ...size, env: noPassword, args });
  const bothListed = /│ Club !?\s*\n.*│ {2}1 #lobby.*\n.*│ Lab !?\s*\n.*│ {2}2 #lobby/;

  await t.test('each asks in its turn, and both are listed', async () => {
    await createAccount(alice, 'Club');
    await createAccount(alice, 'Lab');
    await alice.shows(bothListed);
    await alice.shows(/Your recovery code/);
  });

  await t.test('what is unread counts over all, and Alt-A goes there', async (t) => {
    alice.type(alt('1'));
    await onServer(alice, 'Club');
    boss.write('hello @alice\n');
    await alice.shows(/│ Lab\s*\n.*│ {2}2 #lobby +1!/);
    await alice.until(() => alice.title === '(1) #lobby – secure-chat', 'the title');
    t.notMatch(alice.screen(), 'hello @alice', 'not in the room of the other server');
    alice.type(alt('a'));
    await onServer(alice, 'Lab');
    await alice.shows(/boss ▌ hello @alice/);
    await alice.until(() => alice.title === '#lobby – secure-chat', 'the title of what is read');
    alice.type(alt('/'));
    await onServer(alice, 'Club');
    alice.enter('/window 2');
    await onServer(alice, 'Lab');
  });

  await t.test('one that is killed does not disturb the other, and comes back complete', async (t) => {
    lab.server.process().kill('SIGKILL');
    await lab.server.process().ended;
    await alice.shows(/│ Lab !/);
    alice.enter('for later');
    await alice.shows(/for later …/);
    alice.type(alt('1'));
    await onServer(alice, 'Club');
    alice.enter('all is well here');
    await carol.prints(/alice: all is well here/);
    await lab.server.restart();
    await alice.until(() => !alice.screen().includes('Lab !'), 'Lab is back');
    const dan = await lab.pipe('dan');
    await dan.prints(/alice: for later\n/);
    t.equal(dan.stdout().split('for later').length, 2, 'once');
  });

  await t.test('a session that ends takes its conversations along, and says why', async () => {
    await boss.prints(/for later/);
    boss.write('/kick alice enough\n');
    await alice.shows(/✗ │ Lab: You were kicked by boss: enough/);
    await alice.until(() => !bothListed.test(alice.screen()), 'one server');
    await onServer(alice, 'Club');
  });

  await t.test('/connect asks on the terminal, and comes back with the other server', async () => {
    alice.enter(`/connect ${club.server.link}`);
    await alice.shows(/You are already on 127\.0\.0\.1:/);
    alice.enter(`/connect ${lab.server.link}`);
    await answer(alice, /Password for alice\s*\n.*_/, password);
    await onServer(alice, 'Lab');
    await alice.shows(bothListed);
    alice.enter('/connect');
    await alice.shows(/Club: nothing unread[\s\S]*Lab: nothing unread/);
  });

  await t.test('Ctrl-C at a question of /connect leaves everything as it was', async () => {
    alice.enter('/disconnect');
    await onServer(alice, 'Club');
    await alice.until(() => !bothListed.test(alice.screen()), 'one server');
    alice.enter(`/connect ${lab.server.link}`);
    await alice.shows(/Password for alice\s*\n.*_/);
    alice.type('\x03');
    await alice.shows(/✗ │ Cancelled\./);
    alice.enter('and on we go');
    await carol.prints(/alice: and on we go/);
  });

  await t.test('/connect comes back to the first server, too, once it was left', async () => {
    alice.enter(`/connect ${lab.server.link}`);
    await answer(alice, /Password for alice\s*\n.*_/, password);
    await onServer(alice, 'Lab');
    alice.type(alt('1'));
    await onServer(alice, 'Club');
    alice.enter('/disconnect');
    await onServer(alice, 'Lab');
    alice.enter(`/connect ${club.server.link}`);
    await answer(alice, /Password for alice\s*\n.*_/, password);
    await onServer(alice, 'Club');
    await alice.shows(/│ Lab !?\s*\n.*│ {2}1 #lobby.*\n.*│ Club !?\s*\n.*│ {2}2 #lobby/);
  });

  await t.test('/quit ends all of them', async (t) => {
    alice.enter('/quit');
    t.equal(await alice.ended, 0);
    await carol.prints(/alice left/, 'stderr');
  });
});

t.test(
  'a private room of one server and a block on it do not reach the other, also after kill -9',
  async (t) => {
    const [club, lab] = await Promise.all([gather(t, '--name', 'Club'), gather(t, '--name', 'Lab')]);
    const [ben, eve, other] = await Promise.all([lab.pipe('ben'), lab.pipe('eve'), club.pipe('eve')]);
    const size = { cols: 120, rows: 30 };
    const alice = await club.terminal('alice', { ...size, env: noPassword, args: [lab.link] });
    await createAccount(alice, 'Club');
    await createAccount(alice, 'Lab');
    await onServer(alice, 'Lab');
    alice.enter('/block eve');
    await alice.shows(/You blocked eve/);
    ben.write('/join #den private\n/invite alice\n');
    await alice.shows(/ben invited you to #den/);
    alice.enter('/join #den');
    await ben.prints(/alice joined #den/, 'stderr');
    alice.type(alt('1'));
    await onServer(alice, 'Club');

    alice.kill('SIGSTOP');
    await lab.server.killAndRestart();
    for (const one of [ben, eve]) await one.prints(/connected again/, 'stderr');
    eve.write('/msg alice from the Lab\n');
    await eve.prints(/not delivered/, 'stderr');
    ben.write('@alice the den is open\n');
    await ben.prints(/the den is open/);
    other.write('/msg alice from the Club\n');
    await other.prints(/from the Club/);
    alice.kill('SIGCONT');
    await alice.shows(/│ Club\s*\n.*│ {2}1 #lobby.*\n.*│ {2}\d @eve +1!/);
    await alice.shows(/│ Lab\s*\n.*│ {2}\d #lobby .*\n.*│ {2}\d #den +1!/);
    alice.enter('/join #den');
    await alice.shows(/#den is a new room|You created #den|#den ›/);
    t.notMatch(alice.screen(), /the den is open/, 'a room of this server is another one');
    alice.type(alt('a'));
    await alice.shows(/ben ▌ @alice the den is open/);
    alice.type(alt('a'));
    await alice.shows(/eve.*from the Club/);
    t.match(
      alice.screen(),
      /^ Club .*@eve .*Lab {2}4 #lobby {2}5 #den\s*$/m,
      'eve of the Lab could not write',
    );
  },
);

t.test('a server that is down joins when it is back, with a saved session', async () => {
  const [club, lab] = await Promise.all([gather(t, '--name', 'Club'), gather(t, '--name', 'Lab')]);
  const options = { cols: 120, env: noPassword, args: [lab.link, '--remember'] };
  const alice = await club.terminal('alice', options);
  await createAccount(alice, 'Club');
  await createAccount(alice, 'Lab');
  await onServer(alice, 'Lab');
  alice.enter('/quit');
  await alice.ended;
  lab.server.process().kill('SIGKILL');
  await lab.server.process().ended;
  const again = await club.terminal('alice', options);
  await onServer(again, 'Club');
  await again.shows(/✗ │ 127\.0\.0\.1:\d+ can't be reached now\./);
  await lab.server.restart();
  await again.shows(/Connected to Lab\./);
  await again.shows(/2 #lobby/);
});

t.test('what several servers cannot do is refused before anything is sent', async (t) => {
  const { server } = await gather(t);
  const run = async (args: string[], env: NodeJS.ProcessEnv) => {
    const command = server.home.run(['connect', server.link, server.link, '--name', 'alice', ...args], env);
    return { code: await command.ended, err: command.stderr() };
  };
  t.match(await run([], {}), { code: 64, err: /Several servers need the full screen\. Give one\./ });
  t.match(await run(['--json'], {}), { code: 64, err: /full screen/ });
});
