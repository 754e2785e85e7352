import t from 'tap';
import { typedPath } from '../../lib/system/typed-path.js';

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
