/** Rules of rooms, finding a conversation again, choices of Tab and emoji: on full screens, in pipes and in `--json`. */
import t from 'tap';
import { jsonClient } from '../support/json-client.js';
import { alt, ctrl, keys } from '../support/screen-keys.js';
import { gather, typed } from '../support/screen-people.js';

t.test('rooms with rules', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const alice = await people.screen('alice');
  const bob = await people.pipe('bob');
  const cleo = await people.pipe('cleo');
  const topLine = (words: RegExp) => alice.until(() => words.test(alice.rows()[0] ?? ''), `${words} on top`);

  await t.test('they are shown on joining, on a screen, in a pipe and in --json', async (t) => {
    bob.write('/join #dev\nfirst plan\n/lock\n/slow 30s\n/restrict links caps\n');
    await bob.prints(/bob set the rules of #dev: locked.*no links, no all-caps/, 'stderr');
    alice.enter('/join #dev');
    await alice.shows(/bob │ first plan[\s\S]*the rules of #dev: locked \(only owners/);
    await topLine(/^ #dev locked · slow 30 s · no links · no all-caps {2}/);
    cleo.write('/rooms\n/join #dev\n');
    await cleo.prints(/#dev +2 {2}\(locked, slow 30 s, no links, no all-caps\)/);
    await cleo.prints(/you are in #dev; rules: locked .*slow mode \(30 s between messages\)/, 'stderr');
    const dan = await jsonClient(people.server, people.link, 'dan');
    await dan.ok({ type: 'join', room: 'dev' });
    t.match(await dan.event('room'), {
      conversation: { room: 'dev', rules: { locked: true, slow: 30_000, restrict: ['links', 'caps'] } },
    });
    t.equal(await dan.leave(), 0);
  });

  await t.test('a narrow screen keeps the strictest', async () => {
    alice.resize(40, 24);
    await topLine(/^ #dev locked · slow 30 s · … +✓ $/);
    alice.resize(120, 40);
    await topLine(
      /^ #dev locked · slow 30 s · no links · no all-caps .*alice · The Test · TLS 1\.3 ✓ verified $/,
    );
    alice.resize(80, 24);
    await topLine(/no all-caps.* ✓/);
  });

  await t.test('changes are shown to everyone there', async (t) => {
    cleo.write('let me in\n');
    await cleo.prints(/not sent: "let me in": #dev is locked/, 'stderr');
    bob.write('/unlock\n/restrict none\n');
    await alice.shows(/bob set the rules of #dev: slow mode \(30 s between messages\)\s/);
    await topLine(/^ #dev slow 30 s {2}/);
    await cleo.prints(/bob set the rules of #dev: slow mode \(30 s between messages\)\n/, 'stderr');
    bob.write('/slow off\n');
    await topLine(/^ #dev {2} +alice/);
    await cleo.prints(/bob cleared the rules of #dev/, 'stderr');
    t.pass();
  });

  await t.test('those of the lobby are shown at the start', async (t) => {
    const ann = await jsonClient(people.server, people.server.firstLink, 'ann');
    await ann.ok({ type: 'set-rules', room: 'lobby', restrict: ['files'] });
    await bob.prints(/ann set the rules of #lobby: no files/, 'stderr');
    const eve = await people.pipe('eve');
    await eve.prints(/in #lobby as eve\n.* the rules of #lobby: no files\n/, 'stderr');
    eve.end();
    t.equal(await eve.ended, 0);
    const finn = await people.screen('finn');
    await finn.shows(/-- │ the rules of #lobby: no files/);
    finn.enter('/quit');
    t.equal(await finn.ended, 0);
    t.equal(await ann.leave(), 0);
  });
});

t.test('a conversation that was closed, and words that are short', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const alice = await people.screen('alice');
  const bob = await people.pipe('bob');
  const cleo = await people.pipe('cleo');
  const where = (prompt: string) =>
    alice.until(() => alice.rows().some((row) => row.startsWith(`${prompt} ›`)), `the prompt ${prompt}`);
  const shows = (text: string) => alice.until(() => typed(alice) === text, `a typed [${text}]`);
  const belowIs = (row: string) => alice.until(() => alice.rows().at(-1)?.trimEnd() === row, `${row} below`);

  await t.test('/list has it with its last activity, Alt-K and /window go there', async () => {
    cleo.write('/msg alice psst\n');
    await alice.shows(/2 @cleo {2}1!/);
    alice.type(alt('2'));
    await alice.shows(/cleo [┃▌] psst/);
    alice.enter('/close');
    await alice.until(() => !alice.screen().includes('@cleo'), 'no @cleo');
    bob.write('/msg alice hi\nand hello, alice\n/join #dev\n');
    await alice.shows(/2 @bob {2}1!/);
    // The server has it before her screen, and would count it as unread.
    await alice.shows(/and hello, alice/);
    alice.enter('/list');
    await alice.shows(/│ @bob +1 unread {2}\d{4}-\d\d-\d\d \d\d:\d\d *\n│ #lobby +\d{4}.*\n│ @cleo +\d{4}/);
    await alice.shows(
      /│ Go to one with \/window NAME\. Rooms to join: \/rooms\. *\n│ 3 people are here: alice/,
    );
    alice.type(alt('k'));
    await alice.shows(/Go to: _ {3}\[@bob\] {2}@cleo/);
    alice.type('cl');
    await alice.shows(/Go to: cl_ {3}\[@cleo\]/);
    alice.type(keys.enter);
    await where('@cleo');
    await alice.shows(/cleo ┃ psst/);
    alice.enter('/close');
    await where('@bob');
    alice.enter('/window cleo');
    await where('@cleo');
    alice.enter('/window 1');
    await where('#lobby');
  });

  await t.test('in a pipe /list answers on stdout', async () => {
    alice.enter('/msg bob what is new?');
    await bob.prints(/alice -> bob: what is new\?/);
    bob.write('/list\n');
    await bob.prints(
      /-- @alice +\d{4}[\s\S]*-- #lobby +\d{4}[\s\S]*-- #dev +no messages[\s\S]*3 people are here/,
    );
  });

  await t.test('Tab lists the choices below, goes through them, and Shift-Tab back', async () => {
    const usage = () =>
      alice.until(() => alice.rows().at(-1)?.startsWith(' /role NAME ') === true, 'the usage');
    alice.type('/role bob ');
    await usage();
    alice.type(keys.tab);
    await belowIs('[owner] moderator  member  admin  bot');
    await shows('/role bob owner');
    alice.type(keys.tab + keys.tab);
    await belowIs(' owner  moderator [member] admin  bot');
    await shows('/role bob member');
    alice.type(keys.shiftTab);
    await belowIs(' owner [moderator] member  admin  bot');
    alice.type('x');
    await usage();
    alice.type(`${ctrl('c')}/window @${keys.tab}`);
    await belowIs('[@bob] @cleo');
    alice.type(`${ctrl('c')}/set clock ${keys.tab}`);
    await belowIs('[24h] 12h');
    alice.type(ctrl('c'));
    await shows('');
  });

  await t.test('a short code that is typed arrives as an emoji, one from a pipe as it is', async (t) => {
    alice.type(`done :tad${keys.tab}`);
    await shows('done :tada:');
    alice.type('`:tada:` 10:30:45');
    alice.type(keys.enter);
    await bob.prints(/alice: done 🎉 `:tada:` 10:30:45\n/);
    await alice.shows(/done 🎉 +:tada: 10:30:45/);
    alice.type(`:ta${keys.tab}${keys.tab}`);
    await alice.shows(/ 🌮 :taco: \[🎉 :tada:\]/);
    alice.type(ctrl('c'));
    alice.enter('//me :tada:');
    await bob.prints(/alice: \/me :tada:\n/);
    bob.write('/window #lobby\nfrom a program :tada:\n');
    await cleo.prints(/bob: from a program :tada:\n/);
    t.pass();
  });
});
