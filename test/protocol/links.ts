import t from 'tap';
import { findLinks } from '../../lib/protocol/links.js';
import { hostileText } from '../fixtures/hostile-text.js';

function shown(text: string): string[] {
  return findLinks(text).map(({ start, end }) => text.slice(start, end));
}

function host(text: string): string | undefined {
  return findLinks(text)[0]?.host;
}

t.test('http and https links are found as people write them', async (t) => {
  t.same(shown('no link here, nor www.example.org'), []);
  t.same(shown('see http://a.example and HTTPS://b.example/x?y=1#z'), [
    'http://a.example',
    'HTTPS://b.example/x?y=1#z',
  ]);
  t.same(shown('(https://a.example/wiki/Tea_(drink)), or https://a.example.'), [
    'https://a.example/wiki/Tea_(drink)',
    'https://a.example',
  ]);
  t.same(shown('<https://a.example/x>, "https://b.example/"'), ['https://a.example/x', 'https://b.example/']);
  t.same(shown('見て「https://a.example/漢字」。'), ['https://a.example/漢字']);
  t.same(shown('xhttps://a.example javascript:alert(1) file:///etc/passwd ftp://a.example'), []);
  t.same(shown('https:// https://[ https://:1'), [], 'what is no address is no link');
});

t.test('a link that shows its real host has no host field', async (t) => {
  for (const text of [
    'https://a.example/@bob',
    'https://A.Example/',
    'http://a.example:8080/x',
    'https://xn--bcher-kva.example',
  ]) {
    t.equal(host(text), undefined, text);
  }
});

t.test('a misleading link has its real host', async (t) => {
  t.equal(host('https://bank.example@evil.example/'), 'evil.example');
  t.equal(host('https://bank.example%2f@evil.example/'), 'evil.example');
  t.equal(host('https://bank.example:443@evil.example/'), 'evil.example');
  t.equal(host('https://b\u0430nk.example/'), 'xn--bnk-6cd.example', 'a Cyrillic a');
  t.equal(host('http://2130706433/'), '127.0.0.1');
  t.equal(host('http://0x7f.1/'), '127.0.0.1');
  t.equal(host('https://bank.example\uff0fx.evil.example/'), undefined, 'no address: no link');
  t.equal(host('https://evil\u3002example/'), undefined, 'ends at the full stop');
});

t.test('href is printable ASCII for any text', async (t) => {
  for (const { name, text } of hostileText) {
    for (const around of [
      `https://a.example/${text}`,
      `https://${text}.example/`,
      `https://a.example/?q=${text}#${text}`,
    ]) {
      for (const { href } of findLinks(around)) {
        if (!/^https?:\/\/[\x21-\x7e]+$/.test(href) || href.length > 2000) t.fail(name, { href });
      }
    }
  }
  t.same(findLinks(`https://a.example/${'x'.repeat(4000)}`), [], 'too long for terminals');
});

t.test('a text of brackets or slashes is fast', async (t) => {
  const start = process.cpuUsage();
  for (const text of [')'.repeat(4000), 'https://'.repeat(500), `https://a.example/${')'.repeat(4000)}`])
    findLinks(text);
  t.ok(process.cpuUsage(start).user < 500_000);
});
