import t from 'tap';
import { type PushHosts, parsePushHosts } from '../../../lib/server/push/push-hosts.js';

function hosts(list: string): PushHosts {
  const parsed = parsePushHosts(list.split(','));
  if (parsed === undefined) throw new Error(`not parsed: ${list}`);
  return parsed;
}

t.test('only what the operator listed is a URL to send to', (t) => {
  const { parse, text } = hosts('ntfy.sh, push.example:8443,http://192.168.1.5:8080');
  t.equal(text, 'https://ntfy.sh, https://push.example:8443, http://192.168.1.5:8080');
  for (const url of [
    'https://ntfy.sh/topic',
    'https://NTFY.sh:443/a?b',
    'https://push.example:8443/x',
    'http://192.168.1.5:8080/',
  ]) {
    t.ok(parse(url), url);
  }
  for (const url of [
    ...['http://ntfy.sh/topic', 'https://ntfy.sh:444/topic', 'https://push.example/x', 'https://x.ntfy.sh/'],
    ...[
      'https://ntfy.sh.evil.example/',
      'https://ntfy.sh@evil.example/',
      'https://user:pass@ntfy.sh/',
      'ntfy.sh/topic',
    ],
    ...[
      'https://192.168.1.5:8080/',
      'http://192.168.1.5/',
      'file:///etc/passwd',
      'javascript:1',
      '',
      'https://',
    ],
  ]) {
    t.equal(parse(url), undefined, url);
  }
  t.end();
});

t.test('only public addresses are connected to, and those that are listed', (t) => {
  const { mayConnect } = hosts('ntfy.sh,http://192.168.1.5:8080,http://[fd00::5]');
  for (const address of [
    '159.203.148.75',
    '1.1.1.1',
    '2606:4700:4700::1111',
    '192.168.1.5',
    '::ffff:192.168.1.5',
    'fd00::5',
  ]) {
    t.ok(mayConnect(address), address);
  }
  for (const address of [
    ...[
      '127.0.0.1',
      '127.1.2.3',
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.1.6',
    ],
    ...['198.18.0.1', '224.0.0.1', '255.255.255.255', '192.0.2.1', '203.0.113.1', '192.0.0.8'],
    ...[
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      'fe80::1',
      'fe80::1%eth0',
      'fd00::6',
      'fc00::1',
      'ff02::1',
    ],
    ...['64:ff9b::7f00:1', '2001:db8::1', '2002:7f00:1::', '2001::1', '100::1', '', 'localhost', '1.2.3'],
  ]) {
    t.notOk(mayConnect(address), address);
  }
  t.end();
});

t.test('a list that is none is refused whole', (t) => {
  for (const list of [
    '',
    ' ',
    'ntfy.sh,',
    'https://ntfy.sh/path',
    'ftp://x',
    'a b',
    'user@ntfy.sh',
    'ntfy.sh?x',
    'ntfy.sh:99999',
    '*.ntfy.sh',
  ]) {
    t.equal(parsePushHosts(list.split(',')), undefined, list);
  }
  t.end();
});
