import t from 'tap';
import {
  canonicalHost,
  defaultPort,
  formatEndpoint,
  formatHost,
  parseEndpoint,
} from '../../lib/trust/endpoint.js';

const label = 'a'.repeat(63);

const hosts = [
  ['localhost', 'localhost'],
  ['Chat.Example.ORG', 'chat.example.org'],
  ['chat.example.org.', 'chat.example.org'],
  ['my_host-2', 'my_host-2'],
  ['3com.example', '3com.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['192.0.2.1', '192.0.2.1'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  [`${label}.${label}.${label}.${'a'.repeat(61)}`, `${label}.${label}.${label}.${'a'.repeat(61)}`],
  [`${label}.${label}.${label}.${'a'.repeat(62)}`, undefined],
  [`${label}a`, undefined],
  ['', undefined],
  ['.', undefined],
  ['a..b', undefined],
  ['-a', undefined],
  ['a-', undefined],
  ['a b', undefined],
  ['a/b', undefined],
  ['user@host', undefined],
  ['bücher.example', undefined],
  ['127.1', undefined],
  ['256.1.1.1', undefined],
  ['6697', undefined],
  ['01.02.03.04', undefined],
  ['fe80::1%eth0', undefined],
  ['[localhost]', undefined],
  ['[::1', undefined],
  ['a\nb', undefined],
  ['a\n', undefined],
] as const;

for (const [text, expected] of hosts) {
  t.test(`host ${JSON.stringify(text.slice(0, 40))}`, async (t) => {
    t.equal(canonicalHost(text), expected);
    if (expected !== undefined) t.equal(canonicalHost(expected), expected, 'is canonical');
  });
}

const addresses = [
  ['chat.example', 'chat.example', defaultPort],
  ['  Chat.example:7000\n', 'chat.example', 7000],
  ['192.0.2.1:1', '192.0.2.1', 1],
  ['[::1]:65535', '::1', 65535],
  ['[::1]', '::1', defaultPort],
  ['::1', '::1', defaultPort],
  ['fe80::1', 'fe80::1', defaultPort],
  // Every digit belongs to the address: a port needs brackets.
  ['2001:db8::1:6697', '2001:db8::1:6697', defaultPort],
] as const;

for (const [text, host, port] of addresses) {
  t.test(`address ${JSON.stringify(text)}`, async (t) => {
    t.strictSame(parseEndpoint(text), { ok: true, value: { host, port } });
  });
}

const refused = [
  ['', 'empty'],
  [' \n', 'empty'],
  [':6697', 'host-missing'],
  ['[]:6697', 'host-missing'],
  ['chat.example:', 'port-missing'],
  ['[::1]:', 'port-missing'],
  ['chat.example:0', 'port-invalid'],
  ['chat.example:65536', 'port-invalid'],
  ['chat.example:00080000', 'port-invalid'],
  ['chat.example:12a', 'port-invalid'],
  ['chat.example:-1', 'port-invalid'],
  ['chat.example:6697/x', 'port-invalid'],
  ['6697', 'host-invalid'],
  ['a b:1', 'host-invalid'],
  ['[::1', 'host-invalid'],
  ['[::1]6697', 'host-invalid'],
  ['[::g]:1', 'host-invalid'],
  ['[fe80::1%eth0]:6697', 'host-invalid'],
  ['::1::2', 'host-invalid'],
] as const;

for (const [text, fault] of refused) {
  t.test(`address ${JSON.stringify(text)} is refused`, async (t) => {
    t.match(parseEndpoint(text), { ok: false, fault, message: /\.$/ });
  });
}

t.test('an error message is short and safe for a terminal', async (t) => {
  const parsed = parseEndpoint(`\u001b[31m\u202e${'x'.repeat(5000)}`);
  t.notOk(parsed.ok);
  if (!parsed.ok) {
    t.match(parsed.message, /^[\x20-\x7e]*$/);
    t.ok(parsed.message.length < 200);
  }
});

t.test('a formatted endpoint parses back', async (t) => {
  for (const endpoint of [
    { host: 'a.b', port: 1 },
    { host: '::1', port: 6697 },
    { host: '192.0.2.1', port: 65535 },
  ]) {
    t.strictSame(parseEndpoint(formatEndpoint(endpoint)), { ok: true, value: endpoint });
  }
  t.equal(formatEndpoint({ host: '::1', port: 2 }), '[::1]:2');
  t.equal(formatHost('::1'), '[::1]');
  t.equal(formatHost('a'), 'a');
});
