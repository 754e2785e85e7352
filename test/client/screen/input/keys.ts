import t from 'tap';
import { controlKey, sequenceKey } from '../../../../lib/client/screen/input/keys.js';

const esc = '\x1b';

/** What comes after ESC, and the key. */
const keys: readonly (readonly [string, string])[] = [
  ...(['[A up', '[B down', '[C right', '[D left', '[H home', '[F end'] as const).map(pair),
  ...(['OA up', 'OB down', 'OC right', 'OD left', 'OH home', 'OF end'] as const).map(pair),
  ...(['[1~ home', '[4~ end', '[7~ home', '[8~ end', '[2~ insert', '[3~ delete'] as const).map(pair),
  ...(['[5~ pageup', '[6~ pagedown', '[18~ f7', '[19~ f8', '[15~ f5', '[24~ f12'] as const).map(pair),
  ...(['OP f1', 'OS f4', '[[A f1', '[[E f5', '[11~ f1', '[1;2R shift-f3'] as const).map(pair),
  ...(['[1;5D ctrl-left', '[1;5C ctrl-right', '[1;3D alt-left', '[1;3C alt-right'] as const).map(pair),
  ...(['[1;5H ctrl-home', '[1;5F ctrl-end', '[1;3H alt-home', '[1;2A shift-up'] as const).map(pair),
  ...(['[1;8A ctrl-alt-shift-up', '[1;9A', '[3;5~ ctrl-delete', '[3;3~ alt-delete'] as const).map(pair),
  ...(['[5C ctrl-right', 'O5D ctrl-left', 'Od ctrl-left', 'Oc ctrl-right', '[a shift-up'] as const).map(pair),
  ...(
    ['[7^ ctrl-home', '[8$ shift-end', '[3@ ctrl-shift-delete', '[Z shift-tab', '[1;2Z shift-tab'] as const
  ).map(pair),
  ...([`${esc}[A alt-up`, `${esc}OD alt-left`, `${esc}[5~ alt-pageup`] as const).map(pair),
  ...(['\r alt-enter', '\n alt-enter', '\x7f alt-backspace', '\b alt-backspace', '\t alt-tab'] as const).map(
    pair,
  ),
  ...(['b alt-b', 'B alt-b', '/ alt-/', '1 alt-1', '\u00e9 alt-\u00e9', '\x02 ctrl-alt-b'] as const).map(
    pair,
  ),
  ...(['[ alt-[', 'O alt-o', '] alt-]', '\0 ctrl-alt-space'] as const).map(pair),
  ...(['[13;3u alt-enter', '[13;2u shift-enter', '[13;5u ctrl-enter', '[27;2;13~ shift-enter'] as const).map(
    pair,
  ),
  ...(['[27u escape', '[9;2u shift-tab', '[127;5u ctrl-backspace', '[97;5u ctrl-a'] as const).map(pair),
  ...(
    ['[97:65;6u ctrl-a', '[47;5u ctrl-_', '[98;3u alt-b', '[27;5;105~ ctrl-i', '[57414u enter'] as const
  ).map(pair),
  ...(['[97;69u ctrl-a', '[1;133A ctrl-up', 'OM enter'] as const).map(pair),
];

function pair(text: string): readonly [string, string] {
  const at = text.lastIndexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

t.test('every sequence that terminals send for a key is that key', async (t) => {
  for (const [sequence, name] of keys) {
    const expected = name === '' ? undefined : { kind: 'key', name };
    t.same(sequenceKey(`${esc}${sequence}`), expected, JSON.stringify(sequence));
  }
});

t.test('a lone ESC is the Escape key', async (t) => {
  t.same(sequenceKey(esc), { kind: 'key', name: 'escape' });
});

t.test('focus reports are keys', async (t) => {
  t.same(sequenceKey(`${esc}[I`), { kind: 'focus', focused: true });
  t.same(sequenceKey(`${esc}[O`), { kind: 'focus', focused: false });
});

t.test('replies, mouse reports, key releases and unknown sequences are no keys', async (t) => {
  for (const sequence of [
    ...['[?62;4c', '[>0;276;0c', '[24;80R', '[R', '[?2026;2$y', '[8;24;80t', '[0n', '[?997;1n', '[201~'],
    ...['[<0;10;20M', '[<35;1;1m', '[M !!', '[32;10;20M', '[1;1:3A', '[97;5:3u', '[97u', '[97;2u', '[99~'],
    ...[']11;rgb:ffff/ffff/ffff\x07', 'P1$r0m\x1b\\', '_Gi=1;OK\x1b\\'],
    ...['[[Z', '[E', '\x80', '[1;2;3A~'],
  ]) {
    t.equal(sequenceKey(`${esc}${sequence}`), undefined, JSON.stringify(sequence));
  }
});

t.test('the wheel of the mouse is a key, with any modifier', async (t) => {
  t.same(sequenceKey(`${esc}[<64;10;20M`), { kind: 'key', name: 'wheel-up' });
  t.same(sequenceKey(`${esc}[<65;1;1M`), { kind: 'key', name: 'wheel-down' });
  t.same(sequenceKey(`${esc}[<80;10;20M`), { kind: 'key', name: 'wheel-up' });
  for (const other of ['<64;10;20m', '<66;10;20M', '<64;10M'])
    t.equal(sequenceKey(`${esc}[${other}`), undefined);
});

t.test('Shift-Space is a space', async (t) => {
  t.same(sequenceKey(`${esc}[32;2u`), { kind: 'text', text: ' ' });
  t.same(sequenceKey(`${esc}[32;5u`), { kind: 'key', name: 'ctrl-space' });
});

t.test('control characters have the names of their keys', async (t) => {
  const rows = [
    '\x01 ctrl-a',
    '\x1a ctrl-z',
    '\b ctrl-h',
    '\x7f backspace',
    '\r enter',
    '\n enter',
    '\t tab',
  ];
  for (const [character, name] of [...rows, '\x1f ctrl-_', '\0 ctrl-space', '\x1c ctrl-\\'].map(pair)) {
    t.same(controlKey(character), { kind: 'key', name });
  }
  t.equal(controlKey('\x85'), undefined);
});
