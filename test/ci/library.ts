/** The built package as a program sees it that imports it by its name, and the reference that is made from its sources. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { makeHome } from '../support/program.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

const consumer = `
import { type ChatSession, connect, type Message, ProtocolError, startServer } from 'secure-chat';

const server = await startServer({ data: 'data', host: '127.0.0.1', port: 0 });
const { host, port } = server.address;
const options = { server: server.firstLink ?? '', name: 'ana', password: 'a rather long password' };
{
  await using chat: ChatSession = await connect({ ...options, server: options.server.replace(/\\/\\/[^/]+/, \`//\${host}:\${port}\`) });
  const messages: AsyncIterable<Message> = chat.messages({ room: 'lobby' });
  chat.on('joined', ({ room, name }) => console.log(room.length + name.length));
  // @ts-expect-error no event of that name
  chat.on('mesage', () => {});
  // @ts-expect-error a number is no text
  const wrong = () => chat.say({ room: 'lobby' }, 7);
  const { seq } = await chat.say({ room: 'lobby' }, 'hello');
  for await (const { text, seq: same } of messages) {
    console.log(text, seq === same);
    break;
  }
  await chat.say({ to: 'zoe' }, typeof wrong).catch((error: unknown) => {
    if (error instanceof ProtocolError) console.log(error.code satisfies string);
  });
}
await server.close();
`;

t.test('programs in TypeScript import it by its name and are checked; one runs', async (t) => {
  const home = await makeHome();
  t.teardown(home.remove);
  const { folder } = home;
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/secure-chat'));
  for (const types of ['@types/node', 'undici-types'])
    await symlink(join(root, 'node_modules', types), join(folder, 'node_modules', types));
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', lib: ['es2023', 'esnext.disposable'], types: ['node'] },
    ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, preserveSymlinks: true },
  };
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const page = await readFile(join(root, 'docs/bots.md'), 'utf8');
  const [, documented = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
  t.match(documented, 'await connect(');
  await writeFile(join(folder, 'documented.ts'), documented);
  const files = ['consumer.ts', 'documented.ts'];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await writeFile(join(folder, 'consumer.ts'), consumer);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = await run(process.execPath, [compiler], { cwd: folder }).catch((error) => error);
  t.equal(compiled.stdout, '', 'no error');
  const { stdout } = await run(process.execPath, ['consumer.js'], { cwd: folder, env: home.env });
  t.equal(stdout, 'hello true\nno-such-name\n');
});

t.test('the reference has no warning, and all that the package exports', async (t) => {
  const out = await mkdtemp(join(tmpdir(), 'secure-chat-api-'));
  t.teardown(() => rm(out, { recursive: true }));
  const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
  // Warnings are errors: see package.json.
  await run(process.execPath, [typedoc, '--out', out], { cwd: root });
  for (const page of [
    'functions/connect',
    'interfaces/ChatSession',
    'functions/startServer',
    'classes/ProtocolError',
  ])
    t.match(await readFile(join(out, `${page}.html`), 'utf8'), '<!DOCTYPE html>', page);
});
