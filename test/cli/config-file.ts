import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import t, { type Test } from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { examineConfigFile, readConfigFile, useConfig } from '../../lib/cli/config-file.js';
import { configOption } from '../../lib/cli/folders.js';
import { serverOptions } from '../../lib/cli/server-options.js';

async function fileOf(
  t: Test,
  text: string | Buffer,
  mode = 0o600,
): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'chat.toml');
  await writeFile(path, text);
  await chmod(path, mode);
  return { folder, path };
}

t.test('every option of the server can be in the file, by its name', async (t) => {
  const examples: Record<string, [toml: string, value: unknown]> = {
    cert: ['"certs/a.pem"', '/certs/a.pem'],
    key: ['"../key.pem"', '/../key.pem'],
    host: ['"127.0.0.1"', '127.0.0.1'],
    port: ['7_000', 7000],
    'public-host': ['"chat.example:443"', 'chat.example:443'],
    'peer-hosts': [
      '["b.example", "[::1]:7000"]',
      [
        { host: 'b.example', port: 6697 },
        { host: '::1', port: 7000 },
      ],
    ],
    data: ["'data'", '/data'],
    database: ['"postgres://chat:secret@db/chat"', 'postgres://chat:secret@db/chat'],
    files: ['"/srv/files"', undefined],
    registration: ['"open"', 'open'],
    rooms: ['"admins"', 'admins'],
    keep: ['10000', { messages: 10_000 }],
    'max-file': ['"50M"', 50 * 1024 ** 2],
    quota: ['1048576', 1024 ** 2],
    name: ['"Friday \\u00e4"', 'Friday ä'],
    motd: ['"motd.txt"', '/motd.txt'],
    'max-clients': ['50', 50],
    rate: ['2.5', 2.5],
    'per-address': ['0x10', 16],
    'log-level': ['"warn"', 'warn'],
  };
  const paths = new Set(['cert', 'key', 'data', 'motd']);
  for (const option of serverOptions({ env: {} })) {
    const name = option.name();
    t.ok(option.required && option.envVar?.startsWith('SECURE_CHAT_'), `${name} has a value and a variable`);
    // One without an example here is at least a known key.
    const [toml, value] = examples[name] ?? [undefined, undefined];
    const { folder, path } = await fileOf(t, toml === undefined ? '' : `${name} = ${toml}\n`);
    const { values, faults } = await examineConfigFile(path);
    t.same(faults, [], name);
    const wanted = name === 'files' ? '/srv/files' : paths.has(name) ? join(folder, String(value)) : value;
    if (toml !== undefined) t.same(values, { [option.attributeName()]: wanted }, name);
  }
});

t.test('each fault names the file and the key, and says what to do', async (t) => {
  for (const [toml, sentence] of [
    ['prot = 1', /^prot: unknown option\. Did you mean port\?$/],
    ['public_host = "a"', /^public_host: .*public-host\?$/],
    ['maxFile = "1M"', /^maxFile: .*max-file\?$/],
    ['"--port" = 1', /^--port: unknown option/],
    ['"host=a" = 1', /^host=a: unknown option/],
    ['help = 1', /^help: unknown option/],
    ['config = "b.toml"', /^config: unknown option/],
    ['zzzzzzzzz = 1', /^zzzzzzzzz: unknown option\. secure-chat server --help/],
    ['[listener]\nport = 1', /^listener: unknown table/],
    ['port = 70000', /^port: Give a port from 0 to 65535\.$/],
    ['port = 6697.5', /^port: Give a port/],
    ['port = -1', /^port: Give a port/],
    ['port = true', /^port: give one value: a number, or a string in quotes\.$/],
    ['port = [1]', /^port: give one value/],
    ['keep = 2026-01-01', /^keep: give one value/],
    ['keep = "long"', /^keep: Give an age/],
    ['rate = nan', /^rate: Give a number/],
    ['rate = inf', /^rate: Give a number/],
    ['peer-hosts = [1, 2]', /^peer-hosts: give a list of strings/],
    ['peer-hosts = ["a", ["b"]]', /^peer-hosts: give a list/],
    ['peer-hosts = ["a:x"]', /^peer-hosts: "x" is not a valid port/],
    ['registration = "maybe"', /^registration: Allowed choices are invite, open, closed\.$/],
    ['max-file = "big"', /^max-file: Give a size/],
    ['data = ""', /^data: Give the name of a folder/],
    ['database = "mysql://a"', /^database: The address of a database begins with postgres/],
  ] as const) {
    const { path } = await fileOf(t, `${toml}\n`);
    const { faults, values } = await examineConfigFile(path);
    t.equal(faults.length, 1, toml);
    t.match(faults[0], `${path}: `);
    t.match(faults[0]?.slice(path.length + 2), sentence, toml);
    t.same(values, {}, toml);
  }
});

t.test('all faults are listed at once', async (t) => {
  const { path } = await fileOf(t, 'prot = 1\nport = 70000\nname = "a"\n');
  await t.rejects(readConfigFile(path), {
    code: exitCode.configuration,
    message: `${path}: prot: unknown option. Did you mean port?\n${path}: port: Give a port from 0 to 65535.`,
  });
  t.same((await examineConfigFile(path)).values, { name: 'a' });
});

t.test('what is not TOML is named by line, and nothing of the file is repeated', async (t) => {
  for (const [toml, where] of [
    ['database = "postgres://a:secret@b/c"\nhost = 127.0.0.1\n', 'line 2, column 13'],
    ['name = secret\n', 'line 1, column 8'],
    ['port = 1\nport = 2\n', 'line 2'],
    ['name = "secret\n', 'line 1'],
  ] as const) {
    const { path } = await fileOf(t, toml);
    const { faults } = await examineConfigFile(path);
    t.match(faults, [/: not TOML: .*Strings need quotes/]);
    t.match(faults[0], `${path}: ${where}`);
    t.notMatch(faults[0], /secret/);
  }
});

t.test('a file that can’t be read is refused', async (t) => {
  const { folder, path } = await fileOf(t, Buffer.of(0x6e, 0xff));
  t.match(await examineConfigFile(path), { faults: [`file ${path}: not UTF-8 text.`] });
  for (const mode of [0o700, 0o777]) {
    await chmod(folder, mode);
    t.match(
      await examineConfigFile(folder),
      { faults: [`file ${folder}: not a file.`] },
      'no advice to close it',
    );
  }
  t.match(await examineConfigFile(join(folder, 'none')), { faults: [/no such file or folder\.$/] });
  await writeFile(path, `# ${'x'.repeat(64 * 1024)}`);
  t.match(await examineConfigFile(path), { faults: [/larger than 65536 bytes\.$/] });
  await writeFile(path, `#${'x'.repeat(64 * 1024 - 1)}`);
  t.match(await examineConfigFile(path), { faults: [] });
});

t.test('a file that others can change is refused', async (t) => {
  for (const mode of [0o622, 0o602, 0o620, 0o666]) {
    const { path } = await fileOf(t, 'port = 1', mode);
    const { faults, values } = await examineConfigFile(path);
    t.match(faults, [`(run: chmod go-w ${path}).`]);
    t.same(values, {});
  }
});

t.test('the password of a database is accepted only in a file that others can’t read', async (t) => {
  const withPassword = 'database = "postgres://chat:secret@db/chat"';
  for (const mode of [0o644, 0o640, 0o604]) {
    const { path } = await fileOf(t, withPassword, mode);
    const { faults } = await examineConfigFile(path);
    t.match(faults, [`${path}: database: others can read its password. Run: chmod 600 ${path}`]);
    t.notMatch(faults[0], /secret/);
    const open = await fileOf(t, 'database = "postgres://chat@db/chat"', mode);
    t.same((await examineConfigFile(open.path)).faults, []);
  }
  for (const mode of [0o600, 0o400]) {
    const { path } = await fileOf(t, withPassword, mode);
    t.same((await examineConfigFile(path)).faults, []);
  }
});

t.test('a command uses the file only for what is not given otherwise', async (t) => {
  const { path } = await fileOf(t, 'port = 1\nhost = "::1"\nrooms = "admins"\nrate = 2\n');
  const variables = { SECURE_CHAT_TEST_HOST: '127.0.0.2', SECURE_CHAT_TEST_PORT: '3' };
  Object.assign(process.env, variables);
  t.teardown(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
  const command = new Command()
    .addOption(configOption())
    .addOption(new Option('--host <ADDRESS>').env('SECURE_CHAT_TEST_HOST'))
    .addOption(new Option('--port <PORT>').env('SECURE_CHAT_TEST_PORT').default(6697))
    .addOption(new Option('--rooms <WHO>').default('members'))
    .addOption(new Option('--name <TEXT>'))
    .action(() => {});
  command.parse(['--config', path, '--port', '2'], { from: 'user' });
  const file = await useConfig(command);
  t.equal(file?.path, path);
  t.match(command.opts(), { port: '2', host: '127.0.0.2', rooms: 'admins', rate: 2 });
  t.equal(command.getOptionValueSource('rooms'), 'config');
  t.equal(command.opts().name, undefined);
});
