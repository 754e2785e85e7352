import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { needs } from '../support/other-program.js';
import { ctrl, keys } from '../support/screen-keys.js';
import { gather, typed } from '../support/screen-people.js';

const altUp = '\x1b[1;3A';
const altDown = '\x1b[1;3B';
const osc52 = (text: string) => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;

/** The text of the selected message's rows. */
function selected(terminal: PseudoTerminal): string {
  return terminal
    .rows()
    .flatMap((row) => /[▸>] (.*?) *$/.exec(row.replace(/^[#@].*/, ''))?.[1] ?? [])
    .join('\n');
}

t.test('selecting a message with the keyboard', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const browser = join(await people.home('alice'), 'browser');
  await writeFile(browser, '#!/bin/sh\nprintf "%s\\n" "$@" >"$0.got.new" && mv "$0.got.new" "$0.got"\n');
  await chmod(browser, 0o755);
  const alice = await people.screen('alice', { env: { BROWSER: browser } });
  await alice.shows(/1 online|#lobby/);
  const bob = await people.pipe('bob');
  const shows = (text: string) => alice.until(() => typed(alice) === text, `a typed [${text}]`);
  const selects = (text: string) => alice.until(() => selected(alice) === text, `a selected [${text}]`);
  const say = async (text: string) => {
    bob.write(`${text}\n`);
    await alice.shows(new RegExp(`│ ${text}`));
  };
  await say('first of bob');
  alice.enter('one of alice');
  await bob.prints(/alice: one of alice/);
  await say('see https://a.example/page');

  await t.test('Alt-Up and Alt-Down move it; the hint line has the keys that are possible', async (t) => {
    alice.type(altUp);
    await selects('see https://a.example/page');
    await alice.shows(/ r reply .* y copy .* Enter open .* Esc leave/);
    t.notMatch(alice.rows().at(-2), 'edit');
    alice.type(altUp);
    await selects('one of alice');
    await alice.shows(/ r reply .* e edit .* d delete .* y copy .* Esc leave/);
    alice.type(altDown);
    await selects('see https://a.example/page');
    alice.type(altDown);
    await selects('');
    await alice.shows(/\n 1 #lobby/);
  });

  await t.test('it follows the message while others arrive', async () => {
    alice.type(altUp);
    await selects('see https://a.example/page');
    for (let i = 0; i < 30; i++) bob.write(`flood ${i}.\n`);
    await alice.shows(/30 new below/);
    await selects('see https://a.example/page');
    alice.type(keys.escape);
    await alice.shows(/flood 29\./);
    await selects('');
  });

  await t.test('y copies it: the bytes of OSC 52 arrive', async () => {
    await say('copy me, grüße');
    alice.type(altUp);
    await selects('copy me, grüße');
    alice.type('y');
    await alice.until(() => alice.output().includes(osc52('copy me, grüße')), 'the sequence');
    await alice.shows(/Copied the message from bob\. If it isn't/);
  });

  await t.test('e edits an own message, and the draft comes back', async () => {
    alice.enter('teh fox');
    await bob.prints(/alice: teh fox/);
    await alice.shows(/│ teh fox +\n(?! …)/);
    alice.type('a draft');
    await shows('a draft');
    alice.type(altUp);
    await selects('teh fox');
    alice.type('e');
    await alice.shows(/ editing teh fox {2}Esc cancels\n#lobby › teh fox/);
    alice.type(`${ctrl('u')}the fox`);
    await shows('the fox');
    alice.type(keys.enter);
    await bob.prints(/alice edited a message: the fox/, 'stderr');
    await alice.shows(/the fox \(edited\)/);
    await shows('a draft');
    alice.type(ctrl('u'));
  });

  await t.test('d deletes it after y', async (t) => {
    alice.type(altUp);
    await selects('the fox (edited)');
    alice.type('d');
    await alice.shows(/Delete "the fox"\? y\/n/);
    alice.type('n');
    await alice.until(() => !alice.screen().includes('Delete "'), 'no question');
    alice.type('d');
    await alice.shows(/Delete "the fox"\? y\/n/);
    t.notMatch(bob.stderr(), 'deleted');
    alice.type('y');
    await bob.prints(/alice deleted a message/, 'stderr');
    await alice.shows(/message deleted by alice/);
  });

  await t.test('Enter opens its link in the browser, after showing where it leads', async (t) => {
    await say('again https://a.example/page');
    alice.type(altUp);
    await selects('again https://a.example/page');
    alice.type(keys.enter);
    await alice.shows(/Open: _ {3}\[a\.example\/page\]/);
    alice.type(keys.enter);
    await alice.shows(/Opened https:\/\/a\.example\/page/);
    t.equal(await readFile(`${browser}.got`, 'utf8'), 'https://a.example/page\n');
  });

  await t.test('what is typed leaves it and is not lost', async () => {
    alice.type(altUp);
    await selects('again https://a.example/page');
    alice.type('xyz');
    await shows('xyz');
    await selects('');
    alice.type(ctrl('u'));
    await shows('');
  });

  await t.test('on 20 by 5 it works, too', async () => {
    alice.resize(20, 5);
    await alice.until(() => alice.rows().length === 5 && /^› /.test(alice.rows().at(-1) ?? ''), 'the prompt');
    bob.write('small\n');
    await alice.shows(/bob: small/);
    alice.type(altUp);
    await alice.until(() => /^ r \+ y Esc/.test(alice.rows().at(-2) ?? ''), 'the keys');
    alice.type('y');
    await alice.until(() => alice.output().includes(osc52('small')), 'the sequence');
  });
});

t.test('replying and reacting, between two terminals', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const alice = await people.screen('alice');
  const bob = await people.screen('bob');
  const selects = (terminal: PseudoTerminal, text: string) =>
    terminal.until(() => selected(terminal) === text, `a selected [${text}]`);
  bob.enter('who brings tea?');
  await alice.shows(/bob │ who brings tea\?/);

  await t.test('r replies: the quote is above the message, for both', async () => {
    alice.type(altUp);
    await selects(alice, 'who brings tea?');
    alice.type('r');
    await alice.shows(/ replying to bob: who brings tea\? {2}Esc cancels\n#lobby ›/);
    alice.type(keys.escape);
    await alice.until(() => !alice.screen().includes('replying'), 'no reply');
    alice.type(altUp);
    await selects(alice, 'who brings tea?');
    alice.type('rI do');
    await alice.shows(/#lobby › I do/);
    alice.type(keys.enter);
    for (const terminal of [alice, bob]) await terminal.shows(/alice │ ↱ bob: who brings tea\?\n +│ I do/);
    await alice.until(() => !alice.screen().includes('replying'), 'no reply');
  });

  await t.test('+ reacts: Tab leads through short codes, and own reactions are marked', async () => {
    bob.type(altUp);
    await selects(bob, '↱ bob: who brings tea?\nI do');
    bob.type('+');
    await bob.shows(/ React \(1 of \d+, Tab\): _ {3}\[👍 *\+1\]/);
    bob.type('ta');
    await bob.shows(/\[🎉 +tada\]/);
    bob.type(keys.enter);
    await bob.shows(/│ \[🎉 +1\]/);
    await alice.shows(/│ {2}🎉 +1/);
    alice.type(altUp);
    await selects(alice, '↱ bob: who brings tea?\nI do\n 🎉 1');
    alice.type('+');
    await alice.shows(/ React \(1 of/);
    alice.type(`🎉${keys.enter}`);
    await alice.shows(/│ \[🎉 +2\]/);
    await bob.shows(/│ \[🎉 +2\]/);
  });

  await t.test('the same reaction again takes it back', async () => {
    alice.type(altUp);
    await selects(alice, '↱ bob: who brings tea?\nI do\n[🎉 2]');
    alice.type('+');
    await alice.shows(/ React \(1 of/);
    alice.type(`tada${keys.enter}`);
    await alice.shows(/│ {2}🎉 +1/);
    await bob.shows(/│ \[🎉 +1\]/);
  });

  await t.test('Enter on a reply selects what it replies to', async () => {
    bob.type(altUp);
    await bob.shows(/Enter jump/);
    bob.type(keys.enter);
    await selects(bob, 'who brings tea?');
    await bob.shows(/d delete/);
  });

  await t.test('of a deleted message the quote says so', async () => {
    bob.type('d');
    await bob.shows(/Delete "who brings tea\?"\? y\/n/);
    bob.type('y');
    for (const terminal of [alice, bob]) await terminal.shows(/alice │ ↱ deleted message/);
  });
});

t.test('/copy, and inside tmux', needs('tmux'), async (t) => {
  const people = await gather(t, '--rate', '1000');
  const bob = await people.pipe('bob');
  bob.write('at https://a.example/x\n');
  const { words, env } = await people.command('alice', { env: { LANG: 'C.UTF-8' } });
  const socket = join(await people.home('alice'), 'tmux');
  const tmux = ['tmux', '-u', '-f', '/dev/null', '-S', socket] as const;
  const outside = openPseudoTerminal([...tmux, 'new-session', ...words], { env, cols: 80, rows: 24 });
  t.teardown(async () => {
    outside.kill('SIGKILL');
    const over = openPseudoTerminal([...tmux, 'kill-server'], { env });
    await Promise.all([outside.ended, over.ended]);
  });
  await outside.shows(/bob │ at https:/);

  await t.test('by the settings that tmux has on its own', async (t) => {
    outside.enter('/copy link');
    // tmux ends it with ST, and names no clipboard.
    const copied = Buffer.from('https://a.example/x').toString('base64');
    await outside.until(() => outside.output().includes(`;${copied}`), 'the sequence');
    await outside.shows(/Copied the link\./);
    t.match(outside.output(), '\x1b]52;');
  });
});
