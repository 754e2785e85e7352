import t from 'tap';
import {
  fileName,
  formatRoomOrPerson,
  namePattern,
  nameRule,
  parseName,
  parseRoomName,
  parseRoomOrPerson,
  recipientOf,
  skeleton,
  toRoomOrPerson,
} from '../../lib/protocol/names.js';
import { hostileText } from '../fixtures/hostile-text.js';

function nameOf(text: string): string {
  const parsed = parseName(text);
  return parsed.ok ? parsed.name : parsed.code;
}

function roomOf(text: string): string {
  const parsed = parseRoomName(text);
  return parsed.ok ? parsed.name : parsed.code;
}

t.test('case and surrounding white space are ignored', (t) => {
  for (const name of [
    'a',
    'alice',
    'bob-2',
    '0x',
    '4ever',
    'a_b.c-d',
    'x'.repeat(32),
    'ali',
    'e.',
    'mallory',
  ]) {
    t.equal(nameOf(name), name);
  }
  t.equal(nameOf('  Alice\t\n'), 'alice');
  t.equal(nameOf('BOB'), 'bob');
  t.end();
});

t.test('invalid names are refused', (t) => {
  const invalid = [
    '',
    ' ',
    '.a',
    '-a',
    '_a',
    'a b',
    'a\nb',
    'x'.repeat(33),
    'a@b',
    '#a',
    '@a',
    'a/b',
    'a:b',
    "a'",
  ];
  const foreign = [
    '\u00e9va',
    '\u0430lice',
    'ali\u200bce',
    'al\u0131ce',
    '\u212aate',
    '\u0130da',
    '\uff41',
    'stra\u00dfe',
    '\ud83d',
  ];
  const numbers = ['1', '007', '1.0', '2024-01-01'];
  for (const text of [...invalid, ...foreign, ...numbers]) {
    t.equal(nameOf(text), 'name-invalid', JSON.stringify(text));
    t.equal(roomOf(`#${text}`), 'name-invalid', JSON.stringify(text));
  }
  t.equal(nameOf('a'.repeat(1_000_000)), 'name-invalid');
  t.end();
});

t.test('hostile text is never a valid name', (t) => {
  const taken = hostileText.filter(({ text }) => parseName(text).ok || parseRoomName(text).ok);
  t.same(taken, []);
  t.end();
});

t.test('a refusal states the rule and repeats no input', (t) => {
  const refused = parseName('\x1b]0;evil\x07');
  t.match(refused, { ok: false, message: `Not a valid name. ${nameRule}` });
  t.end();
});

t.test('reserved words and their look-alikes are refused', (t) => {
  const words = [
    'server',
    'admin',
    'administrator',
    'root',
    'system',
    'moderator',
    'mod',
    'everyone',
    'all',
    'here',
  ];
  const more = ['channel', 'room', 'lobby', 'nobody', 'anonymous', 'me', 'you', 'secure-chat'];
  const alike = [
    'Admin',
    'adm1n',
    'adrnin',
    'a-d-m-i-n',
    'admin_',
    'r00t',
    'm0d',
    'rnod',
    'a1l',
    '1obby',
    'securechat',
    'y0u',
    'rne',
  ];
  for (const text of [...words, ...more, ...alike]) t.equal(nameOf(text), 'name-reserved', text);
  t.end();
});

t.test('real names close to a reserved word are allowed', (t) => {
  for (const name of [
    'ali',
    'mel',
    'rob',
    'hera',
    'youssef',
    'alla',
    'ada',
    'moe',
    'roman',
    'herea',
    'val',
    'lia',
  ]) {
    t.equal(nameOf(name), name);
  }
  t.end();
});

t.test('names that look alike have the same skeleton', (t) => {
  const alike = [
    ['alice', 'a1ice', 'aiice', 'al1ce', 'allce', 'alice_', 'a.l.i.c.e'],
    ['bob', 'b0b', 'b-ob'],
    ['mary', 'rnary', 'r.nary'],
    ['will', 'vvill', 'w1ll', 'vvi11', 'wiii'],
    ['vvv', 'vw', 'wv'],
    ['rrnn', 'rmn'],
    ['nnm', 'nnrn'],
    ['hello-0', 'he11oo'],
  ];
  for (const group of alike) {
    t.same([...new Set(group.map(skeleton))].length, 1, group.join(' '));
    for (const name of group) t.match(parseName(name), { ok: true, skeleton: skeleton(name) });
  }
  t.end();
});

t.test('names that are merely similar have different skeletons', (t) => {
  const different = [
    'alice',
    'alicia',
    'bob',
    'bobo',
    'mary',
    'nary',
    'rary',
    'will',
    'wil',
    'vill',
    'eva',
    'ewa',
  ];
  const digits = ['bot2', 'bot3', 'bot22', 'bot1', 'bot11', 'user5', 'users'];
  const all = [...different, ...digits];
  t.equal(new Set(all.map(skeleton)).size, all.length);
  t.end();
});

t.test('skeleton is idempotent', (t) => {
  for (const name of ['alice', 'mw.mw', 'rnvv', 'i1l0o', 'w'.repeat(32)])
    t.equal(skeleton(skeleton(name)), skeleton(name));
  t.equal(skeleton('w'.repeat(32)).length, 64);
  t.end();
});

t.test('a room name can have a # and no room name is reserved', (t) => {
  for (const room of ['lobby', '#lobby', ' #Lobby ', 'LOBBY']) t.equal(roomOf(room), 'lobby');
  for (const room of ['all', 'admin', 'dev.ops-1']) t.equal(roomOf(room), room);
  for (const text of ['', '#', '##a', '# a', 'a#', '#1']) t.equal(roomOf(text), 'name-invalid', text);
  t.end();
});

t.test('the pattern alone decides about a normalized name', (t) => {
  const pattern = new RegExp(namePattern);
  for (const name of ['a', 'a.b', 'x'.repeat(32)]) t.match(name, pattern);
  for (const text of ['', 'A', '1', '.a', 'a\n', 'x'.repeat(33), ' a']) t.notMatch(text, pattern);
  t.end();
});

t.test('a room or a person is read with its mark, or as the caller wants it', (t) => {
  const cases = [
    ['#Dev', 'person', { room: 'dev' }],
    ['@Ben', 'room', { with: 'ben' }],
    ['dev', 'room', { room: 'dev' }],
    ['ben', 'person', { with: 'ben' }],
  ] as const;
  for (const [typed, bare, conversation] of cases) {
    t.same(parseRoomOrPerson(typed, bare), { ok: true, conversation });
    t.same(toRoomOrPerson(formatRoomOrPerson(conversation)), conversation);
  }
  for (const typed of ['', '#', '@', '#no!', '@no!']) t.notOk(parseRoomOrPerson(typed, 'room').ok, typed);
  t.same(recipientOf({ room: 'dev' }), { room: 'dev' });
  t.same(recipientOf({ with: 'ben' }), { to: 'ben' });
  t.end();
});

/** What a stranger sends, and what it is called here. */
const names: readonly (readonly [raw: string, name: string])[] = [
  ['notes.txt', 'notes.txt'],
  ['Übersicht 2030.pdf', 'Übersicht 2030.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['/etc/shadow', 'shadow'],
  ['C:\\Windows\\System32\\cmd.exe', 'cmd.exe'],
  ['\\\\server\\share\\plan.doc', 'plan.doc'],
  ['folder/', 'folder'],
  ['a/../', 'file'],
  ['..', 'file'],
  ['../..', 'file'],
  ['.', 'file'],
  ['/', 'file'],
  ['', 'file'],
  ['   ', 'file'],
  ['...   ...', 'file'],
  ['.bashrc', 'bashrc'],
  ['..hidden', 'hidden'],
  ['-rf', 'rf'],
  ['--help.txt', 'help.txt'],
  ['~root', 'root'],
  ['con', '_con'],
  ['NUL.txt', '_NUL.txt'],
  ['Com1.tar.gz', '_Com1.tar.gz'],
  ['console.log', 'console.log'],
  ['report.txt.', 'report.txt'],
  ['report.txt  ', 'report.txt'],
  ['a:stream', 'a_stream'],
  ['what?*"<>|', 'what______'],
  ['photo\u202egpj.exe', 'photogpj.exe'],
  ['a\nb', 'a b'],
  ['zero\u200bwidth', 'zerowidth'],
  ['nul\u0000byte', 'nulbyte'],
  ['\u001b]0;title\u0007x', ']0;titlex'],
  ['👩‍👩‍👧 family.png', '👩‍👩‍👧 family.png'],
];

for (const [raw, name] of names) {
  t.test(`${JSON.stringify(raw)} becomes ${JSON.stringify(name)}`, async (t) => {
    t.equal(fileName(raw), name);
    t.equal(fileName(name), name, 'and stays so');
  });
}

t.test('a long name is cut between graphemes and keeps its extension', async (t) => {
  for (const stem of ['x', 'é', '漢', '👩‍👩‍👧', 'a\u0301']) {
    const name = fileName(`${stem.repeat(500)}.tar.gz`);
    t.ok(Buffer.byteLength(name) <= 200, `${Buffer.byteLength(name)} bytes`);
    t.ok(name.endsWith(`${stem.normalize() === stem ? stem : ''}.tar.gz`), name);
    t.equal(name, fileName(name));
  }
});

t.test('a huge path is fast', async (t) => {
  t.equal(fileName(`${'a/'.repeat(1_000_000)}end.txt`), 'end.txt');
});

t.test('hostile text never yields a name that leaves its folder or drives a terminal', async (t) => {
  for (const { name: title, text } of hostileText) {
    for (const raw of [text, `${text}.txt`, `.${text}`, `dir/${text}`, `con.${text}`]) {
      const name = fileName(raw);
      t.match(name, /^[^/\\\p{Cc}<>:"|?*.~\s-][^/\\\p{Cc}<>:"|?*]*$/u, title);
      t.equal(fileName(name), name, `${title}, twice`);
      t.ok(Buffer.byteLength(name) <= 200, title);
    }
  }
});
