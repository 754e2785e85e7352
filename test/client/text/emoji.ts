import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { codesLike, emojiOf, withEmoji } from '../../../lib/client/text/emoji.js';
import { isBlank, printable } from '../../../lib/protocol/printable.js';

t.test('a code has its emoji, with colons or without', async (t) => {
  t.equal(emojiOf(':tada:'), '🎉');
  t.equal(emojiOf('+1'), '👍');
  t.equal(emojiOf('heart'), '❤️');
  for (const unknown of ['nosuchcode', '', ':', '::', ':tada', 'constructor', '__proto__'])
    t.equal(emojiOf(unknown), undefined, unknown);
});

t.test('codes are found by their beginning', async (t) => {
  t.same(codesLike(':tad'), [':tada:']);
  t.same(codesLike(':Rocke'), [':rocket:']);
  const all = codesLike(':');
  t.ok(all.length > 1_500, `${all.length}`);
  t.same(all.slice(0, 3), [':+1:', ':-1:', ':100:']);
  for (const code of all) {
    const emoji = emojiOf(code) ?? '';
    if (printable(emoji) !== emoji || isBlank(emoji)) t.fail(code);
  }
});

t.test('codes are replaced in a text', async (t) => {
  const cases: [string, string][] = [
    [':tada:', '🎉'],
    ['done :tada: and :rocket:!', 'done 🎉 and 🚀!'],
    [':tada::rocket: (:+1:)', '🎉🚀 (👍)'],
    ['*:tada:* _:tada:_', '*🎉* _:tada:_'],
    ['one\n> :tada:\n:100:', 'one\n> 🎉\n💯'],
    ['おめでとう:tada:', 'おめでとう🎉'],
  ];
  for (const [text, expected] of cases) t.equal(withEmoji(text), expected);
});

t.test('all else stays as it is typed', async (t) => {
  for (const text of [
    'at 10:30:45, or 10:100:45',
    'step 2:100: and a/:100: and :100:2',
    'aa:100:bb fe80::100:20 C:\\:100:\\ a/:100:/b',
    ':nosuchcode: :tada :Tada: : tada: ::tada::',
    'std::vector::end and x ? y:o:z',
    'https://example.org/:tada: and http://host:100:8',
    '`:tada:` and ``a :tada:``',
    '```\n:tada:\n```',
    '```js\n:tada:',
    'no code at all',
    '',
  ])
    t.equal(withEmoji(text), text);
  t.equal(withEmoji('`:tada:` :tada:\n```\n:tada:\n```\n:tada:'), '`:tada:` 🎉\n```\n:tada:\n```\n🎉');
});

t.test('the list is loaded with the first code, not before', async (t) => {
  const module = join(import.meta.dirname, '../../../lib/client/text/emoji.js');
  const script = `
    const { createRequire } = await import('node:module');
    const { withEmoji } = await import(${JSON.stringify(module)});
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('gemoji'));
    withEmoji('hello, it is 10:30');
    console.log(loaded());
    console.log(withEmoji(':tada:'), loaded());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  t.equal(stdout, 'false\n🎉 true\n');
  t.equal(stderr, '', 'without a warning');
});
