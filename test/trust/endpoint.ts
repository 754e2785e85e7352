import t from 'tap';
import { needsQuotes } from '../../lib/system/shell-words.js';
import {
  canonicalHost,
  defaultPort,
  formatEndpoint,
  formatHost,
  formatJoinLink,
  looksLikeLink,
  otherHosts,
  parseEndpoint,
  parseEndpoints,
  parseJoinLink,
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
  t.test('the other addresses of a server stand in one sentence, without those of its peers', (t) => {
    const links = ['a:1', 'b:2', '[::1]:1'].map((host) => `secure-chat://${host},peer:3/pin/code`);
    t.equal(otherHosts(links), 'a:1 can be replaced with b:2, [::1]:1');
    t.equal(otherHosts(links.slice(0, 1)), undefined);
    t.end();
  });

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

t.test('a list of addresses has each once, and at most so many', async (t) => {
  const a = { host: 'a', port: defaultPort };
  const six = { host: '::1', port: 7000 };
  t.strictSame(parseEndpoints('a, A.:6697,[0::1]:7000', 2), { ok: true, value: [a, six] });
  t.strictSame(parseEndpoints('::1', 1), { ok: true, value: [{ ...six, port: defaultPort }] });
  for (const [text, fault] of [
    ['', 'empty'],
    [',', 'host-missing'],
    ['a,', 'host-missing'],
    ['a,,b', 'host-missing'],
    ['a;b', 'host-invalid'],
    ['a,b c', 'host-invalid'],
    ['a,b:0', 'port-invalid'],
    ['a,b:', 'port-missing'],
    ['a,b,c', 'too-many-hosts'],
  ] as const) {
    t.match(parseEndpoints(text, 2), { ok: false, fault, message: /^[\x20-\x7e]+\.$/ }, text);
  }
});

const pin = 'p-_9AZaz0123456789ABCDEFGHIJKLMNOPQRSTUVWXY';
const code = 'c0de-_Ab';
const link = `secure-chat://chat.example:7000/${pin}/${code}`;
const whole = { ok: true, value: { host: 'chat.example', port: 7000, pin, code } };
const half = link.length / 2;

t.test('a formatted link parses back', async (t) => {
  for (const value of [
    { host: 'chat.example', port: 7000, pin, code },
    { host: 'chat.example', port: 6697, pin },
    { host: '192.0.2.1', port: 1 },
    { host: '2001:db8::1', port: 65535, pin, code: 'x'.repeat(64) },
    { host: 'a', port: 1, others: [{ host: 'b', port: 6697 }], pin },
    {
      host: 'a',
      port: 1,
      others: [
        { host: '::1', port: 2 },
        { host: 'a', port: 2 },
      ],
      pin,
      code,
    },
  ]) {
    t.strictSame(parseJoinLink(formatJoinLink(value)), { ok: true, value });
  }
  t.equal(formatJoinLink({ host: 'Chat.Example.', port: 7000, pin, code }), link);
  t.equal(formatJoinLink({ host: '::1', port: 1 }), 'secure-chat://[::1]:1');
});

t.test('only brackets need shell quotes', async (t) => {
  t.notOk(needsQuotes(link));
  t.ok(needsQuotes(formatJoinLink({ host: '::1', port: 6697, pin, code })));
});

t.test('formatting an invalid link throws a RangeError', async (t) => {
  for (const value of [
    { host: 'a b', port: 1 },
    { host: '', port: 1 },
    { host: 'a', port: 0 },
    { host: 'a', port: 65536 },
    { host: 'a', port: 1.5 },
    { host: 'a', port: 1, pin: 'short' },
    { host: 'a', port: 1, code },
    { host: 'a', port: 1, pin, code: '' },
    { host: 'a', port: 1, pin, code: 'x'.repeat(65) },
    { host: 'a', port: 1, pin, code: 'a/b' },
    { host: 'a', port: 1, others: [{ host: 'b', port: 1 }] },
    { host: 'a', port: 1, others: [{ host: 'b c', port: 1 }], pin },
    { host: 'a', port: 1, others: [2, 3, 4].map((port) => ({ host: 'a', port })), pin },
  ]) {
    t.throws(() => formatJoinLink(value), { name: 'RangeError' });
  }
});

const pasted = [
  ['as it is', link],
  ['white space around it', ` \t${link}\r\n`],
  ['over two lines', `${link.slice(0, half)}\n${link.slice(half)}`],
  ['over two lines of a Windows text', `${link.slice(0, half)}\r\n${link.slice(half)}\r\n`],
  ['over many lines', link.replace(/(.{7})/g, '$1\n')],
  ['one character a line', [...link].join('\n')],
  ['indented', `    ${link.slice(0, half)}\n    ${link.slice(half)}`],
  ['with spaces inside', `${link.slice(0, half)} ${link.slice(half)}`],
  ['quoted in a mail', `> ${link.slice(0, half)}\n> ${link.slice(half)}`],
  ['quoted twice in a mail', `> > ${link.slice(0, half)}\n>> ${link.slice(half)}`],
  ['quoted-printable', `${link.slice(0, half)}=\n${link.slice(half)}`],
  ['continued by a backslash', `${link.slice(0, half)}\\\n${link.slice(half)}`],
  ['in a frame', `\u2502  ${link.slice(0, half)}  \u2502\n\u2502  ${link.slice(half)}  \u2502`],
  ['in quotes', `"${link}"`],
  ['in single quotes', `'${link}'`],
  ['in typographic quotes', `\u201c${link}\u201d`],
  ['in backquotes', `\`${link}\``],
  ['in angle brackets', `<${link}>`],
  ['in angle brackets over two lines', `<${link.slice(0, half)}\n${link.slice(half)}>`],
  ['in angle brackets in a quoted mail', `> <${link.slice(0, half)}\n> ${link.slice(half)}>`],
  ['at the end of a sentence', `Join us: ${link}.`],
  ['in bold', `**${link}**`],
  ['with the command', `$ npx secure-chat connect '${link}'`],
  ['with zero-width characters', `\ufeff${link.slice(0, half)}\u200b${link.slice(half)}`],
  ['with a loud scheme and host', link.replace('secure-chat://chat.example', 'SECURE-CHAT://Chat.Example')],
] as const;

for (const [how, text] of pasted) {
  t.test(`a link pasted ${how} works`, async (t) => {
    t.strictSame(parseJoinLink(text), whole);
  });
}

t.test('the port defaults to 6697', async (t) => {
  t.match(parseJoinLink(`secure-chat://chat.example/${pin}`), { value: { port: 6697, pin } });
  t.match(parseJoinLink(`secure-chat://[::1]/${pin}`), { value: { host: '::1', port: 6697 } });
});

t.test('a link has up to three hosts, each counted once', async (t) => {
  const others = [
    { host: 'b', port: 7000 },
    { host: '::1', port: 6697 },
  ];
  const value = { host: 'a', port: 6697, others, pin, code };
  t.strictSame(parseJoinLink(`secure-chat://a,B.:7000,[::1],a:6697/${pin}/${code}`), { ok: true, value });
  t.equal(formatJoinLink(value), `secure-chat://a:6697,b:7000,[::1]:6697/${pin}/${code}`);
  t.strictSame(parseJoinLink(`secure-chat://a,\n  a/${pin}`), {
    ok: true,
    value: { host: 'a', port: 6697, pin },
  });
  t.equal(
    formatJoinLink({ host: 'a', port: 1, others: [{ host: 'A', port: 1 }], pin }),
    `secure-chat://a:1/${pin}`,
  );
});

t.test('a pin and a code are optional', async (t) => {
  t.strictSame(parseJoinLink('secure-chat://a:1'), { ok: true, value: { host: 'a', port: 1 } });
  t.strictSame(parseJoinLink(`secure-chat://a:1/${pin}`), { ok: true, value: { host: 'a', port: 1, pin } });
});

const damaged = [
  ['', 'empty'],
  [' \n> \n', 'empty'],
  ['"<>"', 'empty'],
  ['chat.example:6697', 'not-a-link'],
  ['https://chat.example/', 'not-a-link'],
  ['chat://chat.example', 'not-a-link'],
  ['secure-chat:/chat.example', 'not-a-link'],
  [`${link}\n${link}`, 'several-links'],
  [`${link}/more`, 'too-many-parts'],
  [`${link}/`, 'too-many-parts'],
  ['secure-chat://', 'host-missing'],
  [`secure-chat:///${pin}`, 'host-missing'],
  [`secure-chat://:6697/${pin}`, 'host-missing'],
  [`secure-chat://ho$t/${pin}`, 'host-invalid'],
  [`secure-chat://user@host/${pin}`, 'host-invalid'],
  [`secure-chat://[::1/${pin}`, 'host-invalid'],
  [`secure-chat://a:1?/${pin}`, 'port-invalid'],
  [`secure-chat://a:99999/${pin}`, 'port-invalid'],
  [`secure-chat://a:/${pin}`, 'port-missing'],
  [`secure-chat://a,b,c,d/${pin}`, 'too-many-hosts'],
  [`secure-chat://a,/${pin}`, 'host-missing'],
  [`secure-chat://,a/${pin}`, 'host-missing'],
  [`secure-chat://a,ho$t/${pin}`, 'host-invalid'],
  [`secure-chat://a,b:99999/${pin}`, 'port-invalid'],
  ['secure-chat://a,b', 'pin-missing'],
  ['secure-chat://a,b/', 'pin-missing'],
  ['secure-chat://a:6697/', 'pin-missing'],
  [`secure-chat://a:6697//${code}`, 'pin-missing'],
  [`secure-chat://a:6697/${pin.slice(1)}`, 'pin-short'],
  [`secure-chat://a:6697/${pin.slice(1)}/${code}`, 'pin-short'],
  ['secure-chat://a:6697/p', 'pin-short'],
  [`secure-chat://a:6697/${pin}x`, 'pin-long'],
  [`secure-chat://a:6697/${pin.slice(1)}%`, 'pin-invalid'],
  [`secure-chat://a:6697/${pin.slice(1)}é/${code}`, 'pin-invalid'],
  [`secure-chat://a:6697/${pin}/`, 'code-missing'],
  [`secure-chat://a:6697/${pin}/a+b`, 'code-invalid'],
  [`secure-chat://a:6697/${pin}/a?b=c`, 'code-invalid'],
  [`secure-chat://a:6697/${pin}/${'x'.repeat(65)}`, 'code-long'],
  ['x'.repeat(5000), 'too-long'],
] as const;

for (const [text, fault] of damaged) {
  t.test(`${JSON.stringify(text.slice(0, 70))} is ${fault}`, async (t) => {
    t.match(parseJoinLink(text), { ok: false, fault, message: /^[\x20-\x7e]+$/ });
  });
}

t.test('a truncated link is refused or is a complete shorter link', async (t) => {
  // Where a cut cannot be seen: within the name, the port or the code, and before a slash.
  const silent = [/:\/\/[\w.]+(:\d+)?$/, new RegExp(`${pin}$`), new RegExp(`${pin}/[\\w-]+$`)];
  for (let length = 0; length < link.length; length += 1) {
    const cut = link.slice(0, length);
    const expected = silent.some((shape) => shape.test(cut));
    // A name that ends in a dot loses it as a sentence does.
    t.equal(parseJoinLink(cut).ok, expected, cut);
  }
});

t.test('an error message never contains the code', async (t) => {
  const secret = 'S3cret+S3cret';
  const parsed = parseJoinLink(`secure-chat://a:1/${pin}/${secret}`);
  t.notOk(parsed.ok);
  t.notMatch(JSON.stringify(parsed), /S3cret/);
});

t.test('looksLikeLink tells links from addresses', async (t) => {
  t.ok(looksLikeLink(link));
  t.ok(looksLikeLink(`> ${link}`));
  t.notOk(looksLikeLink('chat.example:6697'));
  t.notOk(looksLikeLink('[::1]:6697'));
});
