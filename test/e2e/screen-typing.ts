import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { alt, ctrl, keys, pasted } from '../support/screen-keys.js';
import { gather, settle, typed } from '../support/screen-people.js';

t.test('the input on a terminal', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const home = await people.home('alice');
  const editor = join(home, 'editor');
  await writeFile(
    editor,
    '#!/bin/sh\nstty -a <&1 | grep -q -e -icanon && echo raw > "$0.raw"\ncp "$1" "$0.got"\nprintf "line one\\nline two\\n" > "$1"\n',
  );
  await chmod(editor, 0o700);
  const alice = await people.screen('alice', { env: { EDITOR: editor }, cols: 100 });
  await alice.shows(/\/help for commands {2}· {2}Tab to complete a name/);
  // She asks for it after the catch-up, before which no joins are shown.
  await alice.shows(/1 online/);
  const bob = await people.pipe('bob');
  await alice.shows(/bob joined/);
  const shows = (text: string) => alice.until(() => typed(alice) === text, `a typed [${text}]`);
  const clear = async () => {
    alice.type(keys.end);
    alice.type(ctrl('u').repeat(3));
    await shows('');
  };

  await t.test('is edited as in readline', async () => {
    for (const [typing, result] of [
      ['one two three', 'one two three'],
      [`${ctrl('a')}A${ctrl('e')}E`, 'Aone two threeE'],
      [`${ctrl('b')}${ctrl('b')}${ctrl('f')}<`, 'Aone two three<E'],
      [ctrl('h'), 'Aone two threeE'],
      [`${keys.home}${ctrl('d')}`, 'one two threeE'],
      [`${alt('f')}!`, 'one! two threeE'],
      [`${keys.end}${alt('b')}>`, 'one! two >threeE'],
      [`${keys.backspace}${keys.end}${keys.backspace}`, 'one! two three'],
      [ctrl('w'), 'one! two'],
      [ctrl('y'), 'one! two three'],
      [alt(keys.backspace), 'one! two'],
      [`${ctrl('a')}${alt('d')}`, '! two'],
      [ctrl('k'), ''],
      // Two cuts in a row are one.
      [ctrl('y'), 'one! two'],
      [`${ctrl('u')}ab${ctrl('t')}`, 'ba'],
      [`${ctrl('u')}one${ctrl('_')}.`, '.'],
    ] as const) {
      alice.type(typing);
      await shows(result);
    }
    await clear();
    alice.type('漢字é👍🏽');
    await shows('漢字é👍🏽');
    alice.type(keys.backspace.repeat(2));
    await shows('漢字');
    await clear();
  });

  await t.test('comes back by Up and Down, with the draft', async (t) => {
    for (const text of ['first', 'second']) {
      alice.enter(text);
      await alice.shows(new RegExp(`${text}(?! …)`));
    }
    t.notMatch(alice.screen(), '/help shows', 'no hint after the first message');
    alice.type('a draft');
    for (const [key, text] of [
      [keys.up, 'second'],
      [keys.up, 'first'],
      [keys.up, 'first'],
      [keys.down, 'second'],
      [keys.down, 'a draft'],
    ] as const) {
      alice.type(key);
      await shows(text);
    }
    await clear();
  });

  await t.test('is completed by Tab: names, commands, files', async () => {
    alice.type(`bo${keys.tab}`);
    await shows('bob:');
    await clear();
    alice.type(`hey bo${keys.tab}.`);
    await shows('hey bob .');
    await clear();
    alice.type(`/unig${keys.tab}b${keys.tab}`);
    await shows('/unignore bob');
    await clear();
    alice.type(`/qu${keys.tab}${keys.tab}`);
    await shows('/quit');
    alice.type(keys.shiftTab);
    await shows('/query');
    await clear();
    alice.type(`/save ${home}/edi${keys.tab}`);
    await shows(`/save ${home}/editor`);
    await clear();
  });

  await t.test('has several lines by Alt-Enter, and is one message', async () => {
    alice.type(`over${alt('\r')}two lines`);
    await shows('over\ntwo lines');
    alice.type(keys.enter);
    await alice.shows(/│ over *│.*\n +│ two lines(?! …)/);
    await bob.prints(/alice: over\n +two lines\n/);
    await shows('');
  });

  await t.test('a paste of many lines is one edit and one message, sent by Enter only', async (t) => {
    const lines = Array.from({ length: 7 }, (_, i) => `pasted ${i}`).join('\n');
    alice.type(pasted(lines));
    await shows(lines);
    t.notMatch(bob.stdout(), 'pasted');
    alice.type(ctrl('_'));
    await shows('');
    alice.type(pasted(`${lines}\n\x1b[31m/quit\x00`));
    await alice.until(() => typed(alice).endsWith('[31m/quit'), 'controls as text');
    alice.type(ctrl('c'));
    await shows('');
    alice.type(`${pasted(lines)}\r`);
    await bob.prints(/alice: pasted 0\n(?: +pasted \d\n){5} +pasted 6\n/);
    await shows('');
  });

  await t.test('over the limit it shows why and keeps the text', async (t) => {
    const lines = Array.from({ length: limits.messageLines + 1 }, (_, i) => `l${i}`).join('\n');
    alice.type(`${pasted(lines)}\r`);
    // As a word: the text has it too, in its last line.
    const most = new RegExp(`\\b${limits.messageLines}\\b`);
    await alice.until(() => most.test(alice.screen()), 'the limit of lines');
    await alice.until(() => alice.screen().includes(`l${limits.messageLines}`), 'the text');
    alice.type(ctrl('c'));
    await shows('');
    alice.type(`${pasted('x'.repeat(limits.messageBytes + 1))}\r`);
    await alice.until(() => /4[ ,.]?096/.test(alice.screen()), 'the limit of bytes');
    await alice.until(() => alice.rows().at(-1)?.includes('xxxx') === true, 'the text');
    t.notMatch(bob.stdout(), 'xxxx');
    alice.type(ctrl('c'));
    await shows('');
  });

  await t.test('unknown commands are kept and not sent; two slashes send one', async (t) => {
    alice.enter('/pasword secret');
    await alice.shows(/no command \/pasword/);
    await shows('/pasword secret');
    alice.type(ctrl('c'));
    alice.enter('//etc is a folder');
    await bob.prints(/alice: \/etc is a folder/);
    t.notMatch(bob.stdout(), 'secret');
  });

  await t.test('Ctrl-X Ctrl-E opens $EDITOR with it, on a terminal as it was', async (t) => {
    alice.type('to be edited');
    alice.type(ctrl('x') + ctrl('e'));
    await shows('line one\nline two');
    t.equal(await readFile(`${editor}.got`, 'utf8'), 'to be edited\n');
    await t.rejects(stat(`${editor}.raw`), 'the terminal was not raw');
    t.strictSame(alice.modes().sort(), ['alternate', 'focus', 'mouse', 'no-wrap', 'paste']);
    alice.type(keys.enter);
    await bob.prints(/alice: line one\n +line two\n/);
    await shows('');
    alice.enter('/compose');
    await shows('line one\nline two');
    alice.type(ctrl('c'));
    await shows('');
  });

  await t.test('a window that becomes larger meanwhile is filled afterwards', async () => {
    await writeFile(editor, '#!/bin/sh\necho in the editor; read line; stty size > "$1"\n');
    alice.type(ctrl('x') + ctrl('e'));
    await alice.shows(/in the editor/);
    alice.resize(100, 30);
    alice.enter('');
    await shows('30 100');
    await alice.until(() => alice.rows()[0]?.trimEnd().length === 99, 'the top line across the window');
    alice.type(ctrl('c'));
    await shows('');
  });

  await t.test('/help lists commands, /help keys lists keys, and Ctrl-L redraws', async (t) => {
    alice.resize(100, 70);
    alice.enter('/help');
    for (const name of ['msg', 'query', 'save', 'ignore', 'retry', 'quit'])
      await alice.shows(new RegExp(` /${name}\\b`));
    alice.enter('/help keys');
    for (const key of ['Alt-Enter', 'Alt-1…9', 'Ctrl-W', 'PgUp', 'F8', 'Ctrl-Z'])
      await alice.shows(new RegExp(`│ +${key}`));
    alice.resize(80, 24);
    await alice.until(() => alice.rows()[0]?.trimEnd().length === 79, 'the top line across the window');
    await settle(alice);
    const before = alice.rows();
    const length = alice.output().length;
    alice.type(ctrl('l'));
    await alice.until(() => alice.output().length > length + 500, 'a whole picture');
    await settle(alice);
    t.strictSame(alice.rows(), before);
  });

  await t.test('Ctrl-C clears; on nothing it asks, and any other key stays', async (t) => {
    alice.type('something');
    alice.type(ctrl('c'));
    await shows('');
    alice.type(ctrl('c'));
    await alice.shows(/Quit\? y or Ctrl-C again/);
    alice.type('n');
    await alice.until(() => !alice.screen().includes('Quit? y'), 'no question');
    await shows('');
    alice.type(ctrl('c'));
    await alice.shows(/Quit\? y or Ctrl-C again/);
    alice.type('x');
    await alice.until(() => !alice.screen().includes('Quit? y'), 'no question');
    await shows('x');
    alice.type(ctrl('c') + ctrl('c') + ctrl('c'));
    t.equal(await alice.ended, 130);
    t.strictSame(alice.modes(), []);
  });
});
