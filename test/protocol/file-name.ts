import t from 'tap';
import { fileName } from '../../lib/protocol/file-name.js';
import { hostileText } from '../fixtures/hostile-text.js';

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
