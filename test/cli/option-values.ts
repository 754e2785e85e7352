import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import {
  commandArgument,
  endpointsArgument,
  keepArgument,
  listenArgument,
  localEndpointArgument,
  readMotd,
  readPasswordFile,
  sizeArgument,
} from '../../lib/cli/option-values.js';
import { pushHostsArgument, rangesArgument } from '../../lib/cli/server-options.js';
import { limits } from '../../lib/protocol/limits.js';
import { ok, runServer } from '../support/running-server.js';

t.test('a size is a number with or without a unit of 1024', async (t) => {
  const kib = 1024;
  t.same(['500', '500K', '1.5m', '100M', '2GiB', '1T', '10KB'].map(sizeArgument), [
    500,
    500 * kib,
    1.5 * kib ** 2,
    100 * kib ** 2,
    2 * kib ** 3,
    kib ** 4,
    10 * kib,
  ]);
});

t.test('a list of addresses has commas between them, and a limit', async (t) => {
  const parse = endpointsArgument(2);
  t.same(parse('b.example, [::1]:7000,b.example:6697'), [
    { host: 'b.example', port: 6697 },
    { host: '::1', port: 7000 },
  ]);
  for (const [text, message] of [
    ['', /No address given/],
    ['a,', /comma/],
    ['a,b:x', /"x" is not a valid port/],
    ['a,b,c', /These are 3 hosts. Name at most 2/],
  ] as const) {
    t.throws(() => parse(text), { code: 'commander.invalidArgument', message }, text);
  }
});

t.test('where metrics are served is this machine only, unless another host is given', async (t) => {
  const here = { host: '127.0.0.1', port: 9464 };
  for (const text of ['9464', ':9464', '127.0.0.1:9464']) t.same(localEndpointArgument(text), here, text);
  t.same(localEndpointArgument('[::1]:0'), { host: '::1', port: 0 });
  t.same(localEndpointArgument('0.0.0.0:80'), { host: '0.0.0.0', port: 80 });
  for (const bad of ['', 'localhost', '::1', 'host:', '70000', '1.2:80', 'a b:80', '-1'])
    t.throws(() => localEndpointArgument(bad), { code: 'commander.invalidArgument' }, bad);
});

t.test('balancers are addresses and ranges, none so wide that it takes in the whole internet', async (t) => {
  t.same(rangesArgument('192.0.2.7, 10.1.2.3/16,2001:DB8::/32'), [
    '192.0.2.7',
    '10.1.0.0/16',
    '2001:db8::/32',
  ]);
  for (const bad of [
    '',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/7',
    'haproxy.example',
    '192.0.2.7,',
    '192.0.2.7 192.0.2.8',
  ])
    t.throws(() => rangesArgument(bad), { code: 'commander.invalidArgument' }, bad);
});

t.test('a command is a program and its arguments', async (t) => {
  t.same(commandArgument(`notify-send -t 5 'new message'`), ['notify-send', '-t', '5', 'new message']);
  for (const [text, message] of [
    ['', /Give a command/],
    ["'' x", /Give a command/],
    ["say 'hi", /not closed/],
  ] as const) {
    t.throws(() => commandArgument(text), { code: 'commander.invalidArgument', message }, text);
  }
});

t.test('an invalid size is refused with an example', async (t) => {
  for (const text of [
    '',
    '0',
    '-1',
    'M',
    '1e3',
    '10X',
    '1,5M',
    '0.0001K',
    '9999999999999',
    '1 000',
    '10 M',
  ]) {
    t.throws(() => sizeArgument(text), { code: 'commander.invalidArgument', message: /100M/ }, text);
  }
});

t.test('--keep takes an age or a number of messages', async (t) => {
  const day = 24 * 60 * 60_000;
  t.same(['90d', '12h', '2w', '10000'].map(keepArgument), [
    { ms: 90 * day },
    { ms: day / 2 },
    { ms: 14 * day },
    { messages: 10_000 },
  ]);
  for (const text of ['', '0', '0d', '-5', '1.5d', 'forever', '90 d']) {
    t.throws(() => keepArgument(text), { code: 'commander.invalidArgument', message: /90d/ }, text);
  }
});

let folder = '';
t.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
});
t.teardown(() => rm(folder, { recursive: true }));

async function passwordFile(text: string, mode = 0o600): Promise<string> {
  const path = join(folder, 'password');
  await rm(path, { force: true });
  await writeFile(path, text, { mode });
  await chmod(path, mode);
  return path;
}

t.test('the first line is the password, including spaces', async (t) => {
  t.equal(await readPasswordFile(await passwordFile(' pass word \n')), ' pass word ');
  t.equal(await readPasswordFile(await passwordFile('pass\r\nnot this\n')), 'pass');
  t.equal(await readPasswordFile(await passwordFile('pass', 0o400)), 'pass');
  t.equal(await readPasswordFile(await passwordFile(`${'\u00e4'.repeat(256)}\n`)), '\u00e4'.repeat(256));
});

t.test('a file that others can read is refused', async (t) => {
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    await t.rejects(readPasswordFile(await passwordFile('secret\n', mode)), { code: exitCode.configuration });
  }
});

t.test('no password, or a longer one, is refused without being shown', async (t) => {
  for (const text of ['', '\nsecond', '\r\n', 'x'.repeat(513), 'secret'.repeat(100)]) {
    const rejected = readPasswordFile(await passwordFile(text)).then(
      () => 'read',
      (error) => `${error.code} ${error.message}`,
    );
    t.match(await rejected, `${exitCode.configuration} `);
    t.notMatch(await rejected, 'secret');
  }
});

t.test('a file that cannot be read is an error', async (t) => {
  const missing = {
    code: exitCode.io,
    message: /^Cannot read the password file .*: no such file or folder\.$/,
  };
  await t.rejects(readPasswordFile(join(folder, 'missing')), missing);
  for (const mode of [0o755, 0o700]) {
    await chmod(folder, mode);
    const refused = { code: exitCode.io, message: /: not a file\.$/ };
    await t.rejects(readPasswordFile(folder), refused, 'no advice to close a folder');
  }
  await t.rejects(readPasswordFile('-'), { code: exitCode.usage });
});

async function motdFile(content: string | Buffer): Promise<string> {
  const path = join(folder, 'motd.txt');
  await writeFile(path, content);
  return path;
}

t.test('the message of the day is printable text', async (t) => {
  t.equal(await readMotd(undefined), undefined);
  t.equal(await readMotd(await motdFile('Welcome!\r\nBe kind.\n')), 'Welcome!\nBe kind.\n');
  t.equal(await readMotd(await motdFile('\x1b[31mred\x07\n')), '[31mred\n');
  const most = 'ä'.repeat(limits.motdBytes / 2);
  t.equal(await readMotd(await motdFile(most)), most);
});

t.test('where webhooks are taken has an address and a port', async (t) => {
  t.same(listenArgument('0.0.0.0:8443'), { host: '0.0.0.0', port: 8443 });
  t.same(listenArgument('[::1]:0'), { host: '::1', port: 0 });
  for (const text of [
    '',
    '8443',
    'localhost',
    '::1',
    'a b:80',
    '127.0.0.1:70000',
    '127.0.0.1:',
    ':80',
    'x:80:90',
  ]) {
    t.throws(() => listenArgument(text), InvalidArgumentError, text);
  }
});

t.test('hosts for notifications are checked as a list', async (t) => {
  t.same(pushHostsArgument('ntfy.sh,http://127.0.0.1:8080'), ['ntfy.sh', 'http://127.0.0.1:8080']);
  for (const text of ['', 'ntfy.sh,', 'https://ntfy.sh/topic', '*']) {
    t.throws(() => pushHostsArgument(text), InvalidArgumentError, text);
  }
});

t.test('a message of the day that cannot be read or shown is refused by name', async (t) => {
  const missing = join(folder, 'nowhere.txt');
  await t.rejects(readMotd(missing), { code: exitCode.io, message: /nowhere\.txt: no such file/ });
  await t.rejects(readMotd(folder), { code: exitCode.io, message: /not a file/ });
  const long = await motdFile('x'.repeat(limits.motdBytes + 1));
  await t.rejects(readMotd(long), { code: exitCode.configuration, message: /larger than 4096 bytes/ });
  const image = await motdFile(Buffer.of(0x89, 0x50, 0xff));
  await t.rejects(readMotd(image), { code: exitCode.configuration, message: /not UTF-8 text/ });
});

t.test(
  'the message of the day is sent at sign-in; a reload reads it again, unless the file is bad',
  async (t) => {
    const motd = await motdFile('first\n');
    const server = await runServer(t, { people: ['ada'], motd });
    const told = async () => {
      const client = await server.dial();
      return ok(await client.ask({ type: 'resume', token: server.token('ada'), mode: 'attach' })).motd;
    };
    t.equal(await told(), 'first\n');
    await motdFile('second\n');
    t.equal(await told(), 'first\n', 'until it is reloaded');
    await server.running.reload();
    t.equal(await told(), 'second\n');
    await rm(motd);
    await t.rejects(server.running.reload(), { code: exitCode.io });
    t.equal(await told(), 'second\n');
  },
);
