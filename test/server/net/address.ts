import t from 'tap';
import { addressKey } from '../../../lib/server/net/address.js';

t.test('an IPv4 address counts as itself, mapped into IPv6 or not', async (t) => {
  t.equal(addressKey('192.0.2.7'), '192.0.2.7');
  for (const mapped of ['::ffff:192.0.2.7', '::FFFF:192.0.2.7']) {
    t.equal(addressKey(mapped), '192.0.2.7', mapped);
  }
});

t.test('an IPv6 address counts as its /64, in every spelling', async (t) => {
  const spellings = [
    '2001:db8:0:42::1',
    '2001:db8:0:42::',
    '2001:DB8:0:42:ffff:ffff:ffff:ffff',
    '2001:0db8:0000:0042:0000:0000:0000:0001',
    '2001:db8::42:0:0:0:1',
    '2001:db8:0:42::192.0.2.7',
  ];
  for (const spelling of spellings) t.equal(addressKey(spelling), '2001:db8:0:42::/64', spelling);
});

t.test('short forms are distinct', async (t) => {
  t.equal(addressKey('::1'), '0:0:0:0::/64');
  t.equal(addressKey('::'), '0:0:0:0::/64');
  t.equal(addressKey('1::'), '1:0:0:0::/64');
  t.equal(addressKey('1::2:3:4:5:6'), '1:0:0:2::/64');
  t.equal(addressKey('::5:4:3:2:1'), '0:0:0:5::/64');
  t.not(addressKey('2001:db8:0:42::1'), addressKey('2001:db8:0:43::1'), 'the next network');
});

t.test('a zone is ignored', async (t) => {
  t.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
  t.equal(addressKey('fe80::2%wlan0'), 'fe80:0:0:0::/64');
});

t.test('anything else is a key of its own', async (t) => {
  t.equal(addressKey(''), '');
});
