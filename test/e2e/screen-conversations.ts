import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { alt, ctrl, keys } from '../support/screen-keys.js';
import { gather, settle, typed } from '../support/screen-people.js';

/** What the program wrote since, with the bells and notifications in it. */
function since(terminal: PseudoTerminal, from: number): string {
  return terminal.output().slice(from);
}

const bell = '\x07';
/** Bells, without those that end a title or a notification. */
function bells(output: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
  return output.replace(/\x1b\][^\x07\x1b]*\x07/g, '').split(bell).length - 1;
}

t.test('several conversations on one screen', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const alice = await people.screen('alice', { cols: 100 });
  const bob = await people.pipe('bob');
  const cleo = await people.pipe('cleo');
  await alice.shows(/3 online/);
  const title = (text: string) => alice.until(() => alice.title === text, `the title ${text}`);
  const where = (prompt: string) =>
    alice.until(() => alice.rows().at(-1)?.startsWith(`${prompt} ›`) === true, `the prompt ${prompt}`);
  const shows = (text: string) => alice.until(() => typed(alice) === text, `a typed [${text}]`);
  await title('#lobby – secure-chat');

  await t.test('a direct message opens one, with its count, a bell and the title', async (t) => {
    const from = alice.output().length;
    // Both are there before she goes on: a second apart each would ring.
    alice.kill('SIGSTOP');
    bob.write('/msg alice psst\n/msg alice are you there?\n');
    await bob.prints(/bob -> alice: are you there\?\n/);
    alice.kill('SIGCONT');
    await alice.shows(/1 #lobby +2 @bob {2}2!/);
    await title('(2) #lobby – secure-chat');
    t.equal(bells(since(alice, from)), 1, 'one bell for what comes together');
    t.notMatch(alice.screen(), 'psst', 'it is not shown in the room');
    t.notMatch(since(alice, from), ']9;', 'no notification with the focus');
  });

  await t.test('Alt-2, Alt-1, Ctrl-N, Ctrl-P, Alt-A, Alt-/ switch between them', async (t) => {
    alice.type(alt('2'));
    await alice.shows(/┃ psst[\s\S]*are you there\?/);
    await alice.shows(/@bob {2}direct messages/);
    await where('@bob');
    await title('@bob – secure-chat');
    alice.type(alt('1'));
    await where('#lobby');
    t.notMatch(alice.screen(), '2!', 'read messages are not counted');
    for (const [key, prompt] of [
      [ctrl('n'), '@bob'],
      [ctrl('n'), '#lobby'],
      [ctrl('p'), '@bob'],
      [alt('/'), '#lobby'],
    ] as const) {
      alice.type(key);
      await where(prompt);
    }
    cleo.write('/msg alice hi\n');
    await alice.shows(/3 @cleo {2}1!/);
    alice.type(alt('a'));
    await where('@cleo');
    alice.type(alt('1'));
    await where('#lobby');
  });

  await t.test('each keeps its own draft', async () => {
    alice.type('for the room');
    await shows('for the room');
    alice.type(alt('2'));
    await where('@bob');
    await shows('');
    alice.type('for bob');
    await shows('for bob');
    alice.type(alt('1'));
    await shows('for the room');
    alice.type(alt('2'));
    await shows('for bob');
    alice.type(keys.enter);
    await bob.prints(/alice -> bob: for bob/);
    await alice.shows(/for bob(?! …)/);
    alice.type(alt('1'));
    await shows('for the room');
    alice.type(ctrl('u'));
    await shows('');
  });

  await t.test('unread messages and mentions in the room are counted', async () => {
    alice.type(alt('2'));
    await where('@bob');
    cleo.write('one\ntwo\nalice!\n');
    await alice.shows(/1 #lobby 3 {2}1!/);
    await title('(3) @bob – secure-chat');
    alice.type(alt('a'));
    await where('#lobby');
    await alice.shows(/new messages[\s\S]*one[\s\S]*two[\s\S]*▌ alice!/);
    await title('#lobby – secure-chat');
  });

  await t.test('/query opens one with its history, /close closes it', async (t) => {
    alice.enter('/window 3');
    await where('@cleo');
    alice.enter('/close');
    await alice.until(() => !alice.screen().includes('@cleo'), 'no @cleo');
    alice.enter('/query cleo');
    await alice.shows(/cleo ┃ hi/);
    await where('@cleo');
    alice.enter('/window lobby');
    await where('#lobby');
    t.notMatch(alice.screen(), '┃ hi');
  });

  await t.test('notifications only without the focus, by OSC 9 or 777, through tmux', async (t) => {
    for (const [env, start] of [
      [{}, '\x1b]9;#lobby bob: dora, wake up, it is late\x07'],
      [{ VTE_VERSION: '7600' }, '\x1b]777;notify;#lobby;bob: dora, wake up, it is late\x07'],
      [{ TMUX: '/tmp/tmux' }, '\x1bPtmux;\x1b\x1b]9;#lobby bob: dora, wake up, it is late\x07\x1b\\'],
    ] as const) {
      const dora = await people.screen('dora', { env, cols: 100, args: ['--take-over'] });
      // Who is here is asked after the catch-up, which rings for nothing.
      await dora.shows(/4 online/);
      const from = dora.output().length;
      dora.type(keys.focusOut);
      await settle(dora);
      bob.write('dora, wake up; it is late\n');
      await dora.until(() => since(dora, from).includes(`${start}${bell}`), JSON.stringify(start));
      t.equal(bells(since(dora, from)), 1, 'and a bell');
      await dora.until(() => dora.title === '(1) #lobby – secure-chat', 'one unread message');
      dora.type(keys.focusIn);
      await dora.until(() => dora.title === '#lobby – secure-chat', 'all is read again');
      dora.enter('/quit');
      t.equal(await dora.ended, 0);
      t.equal(dora.title, '', 'the title is given back');
    }
  });

  await t.test('/notify off is silent, all rings for everything', async (t) => {
    const rings = async (say: string) => {
      const from = alice.output().length;
      alice.type(keys.focusOut);
      await settle(alice);
      bob.write(`${say}\n`);
      await alice.shows(new RegExp(say));
      alice.type(keys.focusIn);
      await settle(alice);
      return bells(since(alice, from));
    };
    t.equal(await rings('no name here'), 0);
    alice.enter('/notify off');
    await alice.shows(/#lobby never rings/);
    t.equal(await rings('alice is named'), 0);
    alice.enter('/notify all');
    await alice.shows(/#lobby rings the bell for every message/);
    t.equal(await rings('still no name'), 1);
    alice.enter('/notify mention');
    await alice.shows(/#lobby rings the bell for mentions/);
  });

  await t.test('/ignore hides the messages of one person; /unignore shows new ones again', async (t) => {
    alice.enter('/ignore cleo');
    await alice.shows(/Messages from cleo are hidden/);
    cleo.write('unheard of\n');
    await cleo.prints(/unheard of/);
    bob.write('after cleo\n');
    await alice.shows(/after cleo/);
    t.notMatch(alice.screen(), 'unheard of');
    alice.enter('/ignore');
    await alice.shows(/Ignored: cleo/);
    alice.enter('/unignore cleo');
    await alice.shows(/New messages from cleo are shown again/);
    cleo.write('heard again\n');
    await alice.shows(/cleo │ heard again/);
  });

  await t.test('/save writes a file for its owner only, and asks before it overwrites', async (t) => {
    const file = join(await people.home('alice'), 'lobby.txt');
    alice.enter('/save ~/lobby.txt');
    await alice.shows(/Saved \d+ messages? to\b/);
    const text = await readFile(file, 'utf8');
    t.match(text, /^#lobby at The Test, saved by alice on /);
    t.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d cleo: heard again$/m);
    t.equal((await stat(file)).mode & 0o777, 0o600);
    bob.write('after the file\n');
    await alice.shows(/after the file/);
    alice.enter('/save ~/lobby.txt');
    await alice.shows(/Overwrite .*\? y\/n/);
    alice.type('n');
    await alice.until(() => !alice.screen().includes('Overwrite'), 'no question');
    t.equal(await readFile(file, 'utf8'), text);
    await shows('');
    alice.enter('/save ~/lobby.txt');
    await alice.shows(/Overwrite/);
    alice.type('y');
    await alice.until(
      () => (alice.screen().match(/Saved \d+ messages? to/g)?.length ?? 0) > 1,
      'saved again',
    );
    t.match(await readFile(file, 'utf8'), 'after the file');
    alice.enter('/save /nonexistent/x');
    await alice.shows(/Couldn't save.*there is no such folder|Couldn't save/);
  });

  await t.test('/clear empties the pane and loses nothing; /who shows who is here', async (t) => {
    alice.enter('/clear');
    await alice.until(() => !alice.screen().includes('heard again'), 'an empty pane');
    alice.enter('/who');
    await alice.shows(/-- │ .*bob.*cleo/);
    alice.type(keys.pageUp);
    await alice.shows(/heard again/);
    t.pass();
  });

  await t.test('preferences are saved, also before an immediate /quit', async (t) => {
    alice.enter('/notify all');
    await settle(alice);
    alice.enter('/quit');
    t.equal(await alice.ended, 0);
    const file = join(await people.home('alice'), '.local/state/secure-chat/screen.json');
    t.match(await readFile(file, 'utf8'), '"#lobby": "all"');
  });
});
