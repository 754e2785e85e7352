import t from 'tap';
import { createKeyReader } from '../../../../lib/client/screen/input/key-reader.js';
import {
  type KeyAction,
  keyHelp,
  keymap,
  lookUp,
  shownKey,
} from '../../../../lib/client/screen/input/keymap.js';
import { isSimpleEdit } from '../../../../lib/client/screen/state/editor.js';
import { messageKeys } from '../../../../lib/client/screen/state/message-keys.js';
import { createFakeClock } from '../../../support/fake-clock.js';

function action(name: string, pending?: string): KeyAction | undefined {
  const meaning = lookUp(name, pending);
  return meaning.kind === 'action' ? meaning.action : undefined;
}

t.test('readline keys work as in readline', async (t) => {
  const rows: readonly (readonly [string, KeyAction])[] = [
    ...([
      ['ctrl-a', 'home'],
      ['ctrl-e', 'end'],
      ['ctrl-b', 'left'],
      ['ctrl-f', 'right'],
    ] as const),
    ...([
      ['alt-b', 'word-left'],
      ['alt-f', 'word-right'],
      ['ctrl-h', 'delete-left'],
    ] as const),
    ...([
      ['ctrl-d', 'delete-or-quit'],
      ['ctrl-w', 'delete-space-word-left'],
      ['alt-d', 'delete-word-right'],
    ] as const),
    ...([
      ['alt-backspace', 'delete-word-left'],
      ['ctrl-u', 'kill-to-start'],
      ['ctrl-k', 'kill-to-end'],
    ] as const),
    ...([
      ['ctrl-y', 'yank'],
      ['ctrl-t', 'transpose'],
      ['ctrl-_', 'undo'],
      ['ctrl-l', 'redraw'],
    ] as const),
    ...([
      ['ctrl-c', 'interrupt'],
      ['ctrl-z', 'suspend'],
      ['up', 'older'],
      ['down', 'newer'],
    ] as const),
  ];
  for (const [name, does] of rows) t.equal(action(name), does, name);
});

t.test('chat keys work as in other clients', async (t) => {
  const rows: readonly (readonly [string, KeyAction])[] = [
    ...([
      ['enter', 'send'],
      ['alt-enter', 'newline'],
      ['tab', 'complete'],
      ['shift-tab', 'complete-back'],
    ] as const),
    ...([
      ['pageup', 'page-up'],
      ['pagedown', 'page-down'],
      ['ctrl-n', 'next'],
      ['ctrl-p', 'previous'],
    ] as const),
    ...([
      ['alt-1', 'conversation-1'],
      ['alt-9', 'conversation-9'],
      ['alt-a', 'next-unread'],
    ] as const),
    ...([
      ['alt-/', 'last'],
      ['alt-right', 'next'],
      ['alt-left', 'previous'],
      ['f8', 'side-lists'],
    ] as const),
  ];
  for (const [name, does] of rows) t.equal(action(name), does, name);
});

t.test('two keys in a row can be one action', async (t) => {
  t.same(lookUp('ctrl-x'), { kind: 'begun', pending: 'ctrl-x' });
  t.equal(action('ctrl-e', 'ctrl-x'), 'compose');
  t.equal(action('ctrl-u', 'ctrl-x'), 'undo');
});

t.test('a wrong second key does nothing', async (t) => {
  for (const name of ['ctrl-a', 'enter', 'ctrl-x', 'escape'])
    t.same(lookUp(name, 'ctrl-x'), { kind: 'nothing' });
});

t.test('an unknown key does nothing', async (t) => {
  for (const name of ['f1', 'insert', 'alt-0', 'alt-\u00e9', '', 'toString'])
    t.same(lookUp(name), { kind: 'nothing' });
});

t.test('no key has two meanings, and the first of two keys has none', async (t) => {
  const all = keymap.flatMap(({ keys, also = [] }) => [...keys, ...also]);
  t.equal(new Set(all).size, all.length);
  for (const keys of all) {
    const [first = '', second] = keys.split(' ');
    t.equal(lookUp(first).kind, second === undefined ? 'action' : 'begun', keys);
  }
});

t.test('every edit without arguments has a key', async (t) => {
  const edits = keymap.map(({ does }) => does).filter(isSimpleEdit);
  t.equal(new Set(edits).size, 16);
});

t.test('the key reader reports Ctrl and Alt keys by the names in the table', async (t) => {
  const bytes = (name: string): string | undefined => {
    if (/^ctrl-[a-z_]$/.test(name)) return String.fromCharCode((name.toUpperCase().codePointAt(5) ?? 0) & 31);
    return /^alt-.$/.test(name) ? `\x1b${name.slice(4)}` : undefined;
  };
  const names = keymap.flatMap(({ keys }) => keys.flatMap((each) => each.split(' ')));
  for (const name of names) {
    const sent = bytes(name);
    if (sent === undefined) continue;
    const read: unknown[] = [];
    createKeyReader((key) => read.push(key), createFakeClock()).push(sent);
    t.same(read, [{ kind: 'key', name }]);
  }
});

t.test('keys are formatted as people write them', async (t) => {
  for (const [name, shown] of [
    ['ctrl-a', 'Ctrl-A'],
    ['ctrl-x ctrl-e', 'Ctrl-X Ctrl-E'],
    ['alt-/', 'Alt-/'],
    ['ctrl-_', 'Ctrl-_'],
    ['pageup', 'PgUp'],
    ['shift-pagedown', 'Shift-PgDn'],
    ['f8', 'F8'],
    ['alt-backspace', 'Alt-Backspace'],
    ['ctrl--', 'Ctrl--'],
  ] as const) {
    t.equal(shownKey(name), shown);
  }
});

t.test('the help has every row once, aligned and narrow', async (t) => {
  const help = keyHelp();
  for (const { help: words } of keymap)
    t.equal(help.filter((line) => line.endsWith(`  ${words}`)).length, 1, words);
  for (const { key, help: words } of messageKeys)
    t.ok(help.some((line) => line.startsWith(`  ${key} `) && line.endsWith(`  ${words}`)));
  const lines = help.filter((line) => line.startsWith(' '));
  t.equal(new Set(lines.map((line) => /^ {2}\S.*? {2,}(?=\S)/.exec(line)?.[0].length)).size, 1);
  t.ok(help.every((line) => line.length <= 72));
});

t.test('the help has the nine conversations in one line', async (t) => {
  t.match(
    keyHelp().find((line) => line.includes('conversation 1 to 9')),
    /^ {2}Alt-1\u20269 /,
  );
  t.ok(keyHelp('-').some((line) => line.includes('Alt-1-9')));
});
