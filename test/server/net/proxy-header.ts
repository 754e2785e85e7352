import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { readProxyHeader } from '../../../lib/server/net/proxy-header.js';
import { fuzz } from '../../support/fuzzing.js';
import { localHeader, proxiedFrom, proxyHeader, proxySignature, tlv } from '../../support/proxy-header.js';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

t.test('the source is read as it stands in the specification', async (t) => {
  // 192.0.2.7:49153 -> 198.51.100.2:6697
  const v4 = hex('0d0a0d0a000d0a515549540a 21 11 000c c0000207 c6336402 c001 1a29');
  t.same(readProxyHeader(v4), { state: 'complete', length: 28, source: '192.0.2.7' });
  const v6 = hex(`0d0a0d0a000d0a515549540a 21 21 0024 20010db8000000000000000000000007
    20010db8000000000000000000000001 c001 1a29`);
  t.same(readProxyHeader(v6), { state: 'complete', length: 52, source: '2001:db8::7' });
  const mapped = proxiedFrom('00000000000000000000ffffc0000207');
  t.match(readProxyHeader(mapped), { source: '192.0.2.7' }, 'IPv4 in IPv6 is IPv4');
});

t.test('TLVs and what follows are not looked at', async (t) => {
  const more = Buffer.concat([tlv(0x20, Buffer.alloc(300, 1)), tlv(0xee, Buffer.from('?'))]);
  const header = proxiedFrom('192.0.2.7', more);
  const found = { state: 'complete', length: header.length, source: '192.0.2.7' };
  t.same(readProxyHeader(header), found);
  t.same(readProxyHeader(Buffer.concat([header, Buffer.from([22, 3, 1])])), found);
});

t.test('the balancer itself, and what did not come over IP, have no source', async (t) => {
  t.same(readProxyHeader(localHeader), { state: 'complete', length: 16, source: undefined });
  const odd = proxyHeader({ command: 0x20, family: 0xff, addresses: Buffer.alloc(3) });
  t.match(readProxyHeader(odd), { state: 'complete', source: undefined }, 'of LOCAL the rest is ignored');
  const unspecified = proxyHeader({ family: 0x00, addresses: Buffer.alloc(9) });
  t.match(readProxyHeader(unspecified), { state: 'complete', source: undefined });
  const unix = proxyHeader({ family: 0x31, addresses: Buffer.alloc(216) });
  t.match(readProxyHeader(unix), { state: 'complete', length: 232, source: undefined });
});

t.test('anything else is invalid as soon as that is certain', async (t) => {
  const cases: [Buffer, RegExp][] = [
    [Buffer.from('G'), /^no PROXY header/],
    [Buffer.from([0x16, 3, 1]), /^no PROXY header/],
    [Buffer.from('PROXY '), /version 1.*send-proxy-v2/],
    [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.2 49153 6697\r\n'), /version 1/],
    [proxyHeader({ command: 0x11 }), /unknown version/],
    [proxyHeader({ command: 0x31 }), /unknown version/],
    [proxyHeader({ command: 0x22 }), /unknown version or command/],
    [proxyHeader({ family: 0x12 }), /not a TCP connection/],
    [proxyHeader({ family: 0x13 }), /not a TCP connection/],
    [proxyHeader({ family: 0x41 }), /not a TCP connection/],
    [proxyHeader({ length: 11 }), /too short/],
    [proxyHeader({ family: 0x21, addresses: Buffer.alloc(35) }), /too short/],
    [proxyHeader({ family: 0x31, addresses: Buffer.alloc(215) }), /too short/],
    [proxyHeader({ length: limits.proxyHeaderBytes - 15 }), /longer than 4096/],
    [proxyHeader({ command: 0x20, length: 0xffff }), /longer than 4096/],
  ];
  for (const [bytes, why] of cases) t.match(readProxyHeader(bytes), { state: 'invalid', why }, String(why));
  const longest = proxiedFrom('192.0.2.7', Buffer.alloc(limits.proxyHeaderBytes - 28));
  t.match(readProxyHeader(longest), { state: 'complete', length: limits.proxyHeaderBytes });
});

t.test('whatever comes, in whatever pieces, the answer stays the same once there is one', async (t) => {
  const beginning = fc.constantFrom(Buffer.alloc(0), proxySignature, proxiedFrom('192.0.2.7'), localHeader);
  const bytes = fc.tuple(beginning, fc.integer({ min: 0, max: 60 }), fc.uint8Array({ maxLength: 80 }));
  await fuzz(t, 2_000, bytes, async ([start, kept, more]) => {
    const all = Buffer.concat([start.subarray(0, kept), more]);
    const last = readProxyHeader(all);
    for (let length = 0; length < all.length; length++) {
      const part = readProxyHeader(all.subarray(0, length));
      if (part.state === 'incomplete') continue;
      const same = part.state === last.state && (part.state === 'invalid' || length >= part.length);
      if (!same) throw new Error(`${part.state} after ${length} bytes, ${last.state} after ${all.length}`);
    }
  });
});
