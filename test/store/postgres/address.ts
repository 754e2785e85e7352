import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { addressText, parseDatabaseAddress, withoutPassword } from '../../../lib/store/postgres/address.js';

t.test('hosts, ports, user, password and name', async (t) => {
  t.same(parseDatabaseAddress('postgres://chat:s%3Acret@localhost:5433/club'), {
    ...{ hosts: [{ host: 'localhost', port: 5433 }], user: 'chat', password: 's:cret', database: 'club' },
  });
  t.match(parseDatabaseAddress('postgresql://chat@a.example,b.example:6000,[::1]:7/club'), {
    hosts: [
      { host: 'a.example', port: 5432 },
      { host: 'b.example', port: 6000 },
      { host: '::1', port: 7 },
    ],
  });
  const socket = parseDatabaseAddress('postgres://chat@/club?host=/run/postgresql');
  t.same(socket.hosts, [{ host: '/run/postgresql', port: 5432 }]);
  const { username } = userInfo();
  t.match(parseDatabaseAddress('postgres://'), {
    ...{ user: username, database: username, hosts: [{ host: 'localhost', port: 5432 }] },
  });
});

t.test(
  'TLS is on and checked, unless all hosts are this machine or the address says otherwise',
  async (t) => {
    const tlsOf = (text: string) => parseDatabaseAddress(text).tls;
    t.same(tlsOf('postgres://db.example/club'), { verify: true });
    t.same(tlsOf('postgres://localhost,db.example/club'), { verify: true });
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      t.equal(tlsOf(`postgres://${host}/club`), undefined);
    t.equal(tlsOf('postgres://db.example/club?sslmode=disable'), undefined);
    t.same(tlsOf('postgres://localhost/club?sslmode=require'), { verify: false });
    const folder = mkdtempSync(join(tmpdir(), 'secure-chat-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, 'an authority');
    t.same(tlsOf(`postgres://db.example/club?sslrootcert=${file}`), { verify: true, ca: 'an authority' });
    t.throws(() => tlsOf('postgres://db.example/club?sslrootcert=/nowhere'), { message: /can't be read/ });
  },
);

t.test('what cannot be read is refused, and no sentence has the password', async (t) => {
  for (const text of [
    'mysql://chat:secret@host/club',
    'postgres://chat:secret@host:port/club',
    'postgres://chat:secret@host:70000/club',
    'postgres://chat:secret@a,,b/club?sslmode=maybe',
    'postgres://chat:secret@host/club?sslmod=disable',
    'postgres://chat:%zzsecret@host/club',
  ]) {
    t.throws(() => parseDatabaseAddress(text), { name: 'RangeError', message: /^(?!.*secret).*\.$/ }, text);
  }
  const address = parseDatabaseAddress('postgres://chat:secret@a,b:6000/club');
  t.equal(addressText(address), 'postgres://a,b:6000/club');
});

t.test('an address is shown as it was given, without the password', async (t) => {
  for (const [given, shown] of [
    ['postgres://ada:pa55@db/chat?sslmode=require', 'postgres://ada@db/chat?sslmode=require'],
    ['postgresql://ada:p:a$&@db:5433,db2/chat', 'postgresql://ada@db:5433,db2/chat'],
    ['postgres://ada:@db/chat', 'postgres://ada@db/chat'],
    ['postgres://ada@db/chat', 'postgres://ada@db/chat'],
    ['postgres://db:5433/chat', 'postgres://db:5433/chat'],
    ['postgres:///chat?host=/run/postgresql&user=a:b@c', 'postgres:///chat?host=/run/postgresql&user=a:b@c'],
  ] as const)
    t.equal(withoutPassword(given), shown);
});
