import { execFileSync } from 'node:child_process';
import t from 'tap';
import { needsQuotes, shellWord } from '../../lib/system/shell-word.js';

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
