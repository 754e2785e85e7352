/** What the README promises, on terminals: a server, two people who join and talk, and a restart. TerminalChat did that much. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { ownPort } from '../support/own-port.js';
import { makePackageFile, needsRegistry } from '../support/package-file.js';
import { makeHome, openTerminal } from '../support/program.js';

const link = /secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]+(?=\n)/;

t.test('one person hosts, two join by links and talk, and a restart loses nothing', async (t) => {
  const home = await makeHome();
  const open: PseudoTerminal[] = [];
  t.teardown(async () => {
    for (const terminal of open) terminal.kill('SIGKILL');
    await Promise.all(open.map(({ ended }) => ended));
    await home.remove();
  });
  const terminal = (...options: Parameters<typeof openTerminal>): PseudoTerminal => {
    const opened = openTerminal(...options);
    open.push(opened);
    return opened;
  };
  const data = join(home.folder, 'data');
  // Passwords are hashed as in real use.
  const env = { ...home.env, NODE_OPTIONS: '' };
  const port = `${await ownPort()}`;
  const args = ['server', '--data', data, '--host', '127.0.0.1', '--port', port];
  const person = (name: string) => ({ ...env, HOME: join(home.folder, name) });

  const server = terminal(args, { env, cols: 160 });
  const [first] = await server.shows(link);
  await server.shows(/becomes the admin/);

  const alice = terminal(['connect', first], { env: person('alice') });
  await alice.shows(/Choose a name/);
  alice.enter('Alice');
  await alice.shows(/Choose a password for alice/);
  alice.enter('correct horse');
  await alice.shows(/Repeat the password/);
  alice.enter('correct horse');
  await alice.shows(/alice · .*TLS 1\.3 ✓ verified/);
  await server.shows(/alice created an account and is admin/);

  const made = home.run(['invite', '--data', data]);
  t.equal(await made.ended, 0);
  t.match(made.stdout(), new RegExp(`^${link.source}\\n$`), 'the link stands alone on stdout');

  const bob = terminal(['connect', made.stdout().trim()], { env: person('bob') });
  await bob.shows(/Choose a name/);
  bob.enter('bob');
  await bob.shows(/Choose a password for bob/);
  bob.enter('battery staple');
  await bob.shows(/Repeat the password/);
  bob.enter('battery staple');
  await bob.shows(/bob · .*TLS 1\.3 ✓ verified/);
  await alice.shows(/bob joined/);

  alice.enter('hello bob');
  await bob.shows(/alice ▌ hello bob/);
  await alice.shows(/alice │ hello bob(?! …)/);
  bob.enter('hello alice');
  await alice.shows(/bob ▌ hello alice/);
  bob.type('half a sent');
  await bob.shows(/half a sent$/);

  server.type('\x03');
  t.equal(await server.ended, 0, 'Ctrl-C ends the server with 0');
  await alice.shows(/reconnecting|retry in/);
  alice.enter('sent during the restart');
  const again = terminal(args, { env, cols: 160 });
  await again.shows(/To sign in/);
  await bob.shows(/│ sent during the restart/);
  t.match(bob.screen().split('\n').at(-1), /half a sent$/, 'what bob was typing is still there');
  bob.enter('ence');
  await alice.shows(/│ half a sentence/);

  bob.enter('/quit good night');
  t.equal(await bob.ended, 0);
  await alice.shows(/bob left \(good night\)/);

  const back = terminal(['connect', `127.0.0.1:${port}`], { env: person('bob') });
  await back.shows(/Your name/);
  back.enter('');
  await back.shows(/Password for bob/i);
  back.enter('battery staple');
  await back.shows(/half a sentence/);
  for (const said of ['hello bob', 'hello alice', 'sent during the restart', 'half a sentence']) {
    t.match(back.screen(), said, 'the history is there');
  }
  back.type('\x03');
  await back.shows(/Quit\?/);
  back.type('\x03');
  t.equal(await back.ended, 130, 'Ctrl-C twice leaves');
  alice.enter('/quit');
  t.equal(await alice.ended, 0);
  again.kill('SIGTERM');
  t.equal(await again.ended, 0);
});

/** The first commands under this heading of the README. */
async function commandsIn(heading: string): Promise<string[]> {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const [block = ''] = section.match(/(^ {4}.*\n)+/m) ?? [];
  return block.trim().split(/\n\s*/);
}

/** A shell in which a person types commands and answers questions, each of which counts. */
async function openShell(t: Test, env: NodeJS.ProcessEnv, cwd: string) {
  const shell = openPseudoTerminal(['sh', '-i'], { env: { ...env, PS1: '> ' }, cwd, cols: 220 });
  t.teardown(async () => {
    shell.kill('SIGKILL');
    await shell.ended;
  });
  await shell.shows(/^>$/);
  const questions: string[] = [];
  return {
    terminal: shell,
    questions,
    /** Types a command and answers what it asks, until the chat is on the screen. */
    async untilChat(command: string, answers: { name: string; password: string }): Promise<void> {
      shell.enter(command);
      const asked = /◆ +(.*)/;
      for (;;) {
        const last = questions.at(-1);
        const isNew = () => (asked.exec(shell.screen())?.[1] ?? last) !== last;
        await shell.until(() => isNew() || shell.modes().includes('alternate'), 'a question or the chat');
        if (shell.modes().includes('alternate')) return;
        const [, question = ''] = asked.exec(shell.screen()) ?? [];
        questions.push(question);
        // What is not asked for today gets its default.
        const answer = /password/i.test(question)
          ? answers.password
          : /name/i.test(question)
            ? answers.name
            : '';
        shell.enter(answer);
      }
    },
  };
}

t.test('each of two people types one command and answers three questions', needsRegistry(), async (t) => {
  const file = await makePackageFile(t);
  const commands = await commandsIn('Start');
  t.same(commands, ['npx secure-chat host'], 'what the README says first');
  const [ana, ben] = [await file.person('ana'), await file.person('ben')];
  // Not a command to count: the download, for which a terminal waits only a minute.
  t.match(await ana.run(['npx', '-y', `./${file.name}`, '--version']), { code: 0 });

  const host = await openShell(t, ana.env, file.folder);
  const typed = commands.map((command) => command.replace('npx secure-chat', `npx -y ./${file.name}`));
  const at = `--host 127.0.0.1 --port ${await ownPort()}`;
  await host.untilChat(`${typed[0]} ${at}`, { name: 'ana', password: 'correct horse' });
  const [, invitation = ''] = await host.terminal.shows(/(npx -y \S+ connect secure-chat:\S+)/);

  const guest = await openShell(t, ben.env, file.folder);
  await guest.untilChat(invitation, { name: 'ben', password: 'battery staple' });
  await guest.terminal.shows(/ben · .*TLS 1\.3 ✓ verified/);
  guest.terminal.enter('hello ana');
  await host.terminal.shows(/ben ▌ hello ana/);

  for (const { questions } of [host, guest]) t.equal(questions.length, 3, questions.join(', '));
});
