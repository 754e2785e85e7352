import { execFileSync } from 'node:child_process';
import t from 'tap';
import { needsQuotes, shellWord, splitWords, typedPath } from '../../lib/system/shell-words.js';

t.test('names, paths and links need no quotes', async (t) => {
  for (const word of ['certs/server.pem', `secure-chat://chat.example:6697/${'aZ9-_'.repeat(8)}abc/x_-`]) {
    t.notOk(needsQuotes(word), word);
    t.equal(shellWord(word), word);
  }
});

t.test('a shell passes the quoted word on unchanged', async (t) => {
  for (const word of [
    'secure-chat://[::1]:6697',
    "it's",
    'two words',
    '$HOME',
    '',
    '~',
    '*',
    'a\nb',
    '`id`',
    '"',
  ]) {
    t.ok(needsQuotes(word), word);
    t.equal(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' }), word);
  }
});

t.test('typed paths are expanded, unquoted and resolved', async (t) => {
  const places = { home: '/home/ana', folder: '/work' };
  for (const [typed, meant] of [
    ['notes.txt', '/work/notes.txt'],
    ['  notes.txt ', '/work/notes.txt'],
    ['../notes.txt', '/notes.txt'],
    ['/tmp/notes.txt', '/tmp/notes.txt'],
    ['~', '/home/ana'],
    ['~/my notes.txt', '/home/ana/my notes.txt'],
    ['"~/my notes.txt"', '/home/ana/my notes.txt'],
    ["'my notes.txt'", '/work/my notes.txt'],
    ['my\\ notes\\ \\(2\\).txt', '/work/my notes (2).txt'],
    ["'a\\ b'", '/work/a\\ b'],
    ["it's", "/work/it's"],
    ['~ana/x', '/work/~ana/x'],
    ['"', '/work/"'],
    ['', '/work'],
  ] as const) {
    t.equal(typedPath(typed, places), meant, typed);
  }
});

t.test('a command is split as a shell does, and nothing in it is expanded', async (t) => {
  const split: readonly [string, string[] | undefined][] = [
    ['', []],
    ['  notify  ', ['notify']],
    ['notify-send -t 5 chat', ['notify-send', '-t', '5', 'chat']],
    [`a 'b  c' "d  e" f\\ g`, ['a', 'b  c', 'd  e', 'f g']],
    [`a'b'"c"d ''`, ['abcd', '']],
    [`"a \\"b\\" \\n"`, ['a "b" \\n']],
    ['x $HOME ~ * | > y; `z`', ['x', '$HOME', '~', '*', '|', '>', 'y;', '`z`']],
    [`it's`, undefined],
    ['say "hi', undefined],
    ['end \\', undefined],
  ];
  for (const [command, words] of split) t.same(splitWords(command), words, command);
});

t.test('what shellWord quotes is split into the same words', async (t) => {
  const words = ['a b', `it's`, '$x "y"', 'plain', '\\', ''];
  t.same(splitWords(words.map(shellWord).join(' ')), words);
});
