import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import t from 'tap';
import { canonicalHost } from '../../lib/trust/endpoint.js';
import { machineHosts, usableAddresses } from '../../lib/trust/machine-addresses.js';

function at(address: string, internal = false): NetworkInterfaceInfo {
  const rest = { address, internal, mac: '00:00:00:00:00:00', cidr: null, netmask: '' };
  return address.includes(':') ? { ...rest, family: 'IPv6', scopeid: 0 } : { ...rest, family: 'IPv4' };
}

const lo = [at('127.0.0.1', true), at('::1', true)];

t.test('a laptop offers its LAN address first and no container bridges', async (t) => {
  const machine = {
    hostname: 'Laptop',
    interfaces: {
      lo,
      docker0: [at('172.17.0.1'), at('fe80::42')],
      'br-0123456789ab': [at('172.18.0.1')],
      virbr0: [at('192.168.122.1')],
      wlan0: [at('2001:db8::5'), at('fd00::5'), at('fe80::5'), at('192.168.1.20')],
    },
  };
  t.strictSame(usableAddresses(machine), ['192.168.1.20', '2001:db8::5', 'fd00::5', 'laptop', '127.0.0.1']);
  t.equal(usableAddresses(machine)[0], '192.168.1.20');
});

t.test('public addresses come before private ones and tunnels', async (t) => {
  const interfaces = {
    lo,
    tailscale0: [at('100.101.102.103')],
    wg0: [at('10.9.0.1')],
    eth1: [at('10.0.0.2'), at('100.64.0.9')],
    eth0: [at('203.0.113.7'), at('100.128.0.1'), at('172.32.0.1')],
  };
  t.strictSame(usableAddresses({ interfaces, hostname: 'vps' }), [
    '203.0.113.7',
    '100.128.0.1',
    '172.32.0.1',
    '10.0.0.2',
    '100.101.102.103',
    '10.9.0.1',
    '100.64.0.9',
    'vps',
    '127.0.0.1',
  ]);
});

t.test("a bridge with the machine's own network is usable", async (t) => {
  const interfaces = { vmbr0: [at('192.168.1.2')], br0: [at('192.168.2.2')] };
  t.strictSame(usableAddresses({ interfaces, hostname: 'h' }).slice(0, 2), ['192.168.1.2', '192.168.2.2']);
});

t.test('without another network, a container bridge comes before the name', async (t) => {
  const interfaces = { lo, docker0: [at('172.17.0.1')] };
  t.strictSame(usableAddresses({ interfaces, hostname: 'h' }), ['172.17.0.1', 'h', '127.0.0.1']);
});

t.test('without a network, the name comes first, then loopback', async (t) => {
  const interfaces = { lo, gone: undefined, eth0: [at('169.254.3.4'), at('fe80::1')] };
  t.strictSame(usableAddresses({ interfaces, hostname: 'box' }), ['box', '127.0.0.1']);
  t.strictSame(usableAddresses({ interfaces, hostname: '(none)' }), ['127.0.0.1']);
  t.strictSame(usableAddresses({ interfaces: {}, hostname: 'localhost' }), ['127.0.0.1']);
});

t.test('a certificate names every host once, except link-local addresses', async (t) => {
  const interfaces = {
    lo,
    docker0: [at('172.17.0.1')],
    eth0: [at('192.0.2.1'), at('fe80::1'), at('2001:DB8::1')],
  };
  t.strictSame(machineHosts({ interfaces, hostname: 'Box.Example' }), [
    'localhost',
    '127.0.0.1',
    '::1',
    'box.example',
    '172.17.0.1',
    '192.0.2.1',
    '2001:db8::1',
  ]);
});

t.test('this machine has usable addresses', async (t) => {
  const machine = { interfaces: networkInterfaces(), hostname: hostname() };
  for (const host of [...usableAddresses(machine), ...machineHosts(machine)])
    t.equal(canonicalHost(host), host);
});
