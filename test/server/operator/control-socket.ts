import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { encodeFrame, type RawFrame } from '../../../lib/protocol/frame.js';
import {
  type ControlCommand,
  ControlError,
  callControl,
  openControl,
  socketPathBytes,
} from '../../../lib/server/operator/control-socket.js';

async function place(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-control-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, 'control.sock');
}

async function open(t: Test, path: string, commands: Record<string, ControlCommand> = {}) {
  const control = await openControl(path, new Map(Object.entries(commands)));
  t.teardown(() => control.close());
  return control;
}

const echo = async (args: RawFrame) => ({ args });

t.test('a command gets its arguments and returns fields', async (t) => {
  const path = await place(t);
  await open(t, path, { echo });
  t.same(await callControl(path, 'echo', { uses: 3, text: 'käse' }), { args: { uses: 3, text: 'käse' } });
  const several = [1, 2, 3].map((n) => callControl(path, 'echo', { n }));
  t.same(await Promise.all(several), [{ args: { n: 1 } }, { args: { n: 2 } }, { args: { n: 3 } }]);
});

t.test('only the owner can use the socket, and the umask is restored', async (t) => {
  const path = await place(t);
  const mask = process.umask();
  await open(t, path);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.equal(process.umask(), mask);
});

t.test('the socket of a killed server is replaced', async (t) => {
  const path = await place(t);
  // A plain file behaves the same: nothing listens on it.
  await writeFile(path, '');
  await open(t, path, { echo });
  t.same(await callControl(path, 'echo', {}), { args: {} });
});

t.test('the socket of a server that runs is left to it', async (t) => {
  const path = await place(t);
  await open(t, path, { echo });
  await t.rejects(openControl(path, new Map()), { code: 'refused', message: /Another server is using/ });
  t.same(await callControl(path, 'echo', {}), { args: {} });
});

t.test('closing removes the socket and ends its connections', async (t) => {
  const path = await place(t);
  const control = await open(t, path, { never: () => new Promise(() => {}) });
  const call = callControl(path, 'never', {});
  // The call is there once another one after it was answered.
  await t.rejects(callControl(path, 'unknown', {}), { code: 'refused' });
  const ended = t.rejects(call, { name: 'ControlError', code: 'unanswered' });
  await control.close();
  await ended;
  await t.rejects(callControl(path, 'never', {}), { code: 'not-running' });
  await t.rejects(stat(path), { code: 'ENOENT' });
});

t.test('a path too long for a socket is refused and named', async (t) => {
  const path = join(tmpdir(), 'x'.repeat(socketPathBytes), 'control.sock');
  await t.rejects(openControl(path, new Map()), { name: 'ControlError', code: 'refused', message: path });
});

t.test('an error of a command reaches the caller, and the server goes on', async (t) => {
  const path = await place(t);
  const wrong = async () => {
    throw new ControlError('refused', 'no more than 10');
  };
  const odd = async () => {
    throw 'no error object';
  };
  await open(t, path, { wrong, odd, echo });
  await t.rejects(callControl(path, 'wrong', {}), { code: 'refused', message: 'no more than 10' });
  await t.rejects(callControl(path, 'odd', {}), { code: 'failed', message: 'no error object' });
  await t.rejects(callControl(path, 'unknown', {}), { code: 'refused' });
  t.same(await callControl(path, 'echo', {}), { args: {} });
});

t.test('invalid bytes do not stop the server', async (t) => {
  const path = await place(t);
  await open(t, path, { echo });
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0, 0, 0, 2, 0x7b, 0x7b]),
    Buffer.from([255, 255, 255, 255]),
    encodeFrame({ command: { toString: 1 } }),
    encodeFrame({ command: ['echo'] }),
    encodeFrame({}),
    Buffer.of(0),
  ];
  for (const bytes of garbage) {
    const socket = connect(path);
    socket.on('error', () => {});
    socket.end(bytes);
    socket.resume();
    await once(socket, 'close');
  }
  t.same(await callControl(path, 'echo', {}), { args: {} });
});

t.test('a caller can disconnect before the answer', async (t) => {
  const path = await place(t);
  let answer = (_fields: object) => {};
  let called = () => {};
  const asked = new Promise<void>((resolve) => {
    called = resolve;
  });
  const slow = () =>
    new Promise<object>((resolve) => {
      answer = resolve;
      called();
    });
  await open(t, path, { slow, echo });
  const socket = connect(path);
  socket.write(encodeFrame({ command: 'slow' }));
  await asked;
  socket.destroy();
  await once(socket, 'close');
  answer({});
  t.same(await callControl(path, 'echo', {}), { args: {} });
});

t.test('without a server the call fails with not-running', async (t) => {
  const path = await place(t);
  await t.rejects(callControl(path, 'echo', {}), { name: 'ControlError', code: 'not-running' }, 'no socket');
  await writeFile(path, '');
  await t.rejects(callControl(path, 'echo', {}), { code: 'not-running' }, 'a socket without a server');
});

t.test('an invalid answer is an error of the call', async (t) => {
  const path = await place(t);
  const server = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  await t.rejects(callControl(path, 'echo', {}), { name: 'ControlError', code: 'refused' });
});

t.test('a call has a timeout, or none if it is 0', async (t) => {
  const path = await place(t);
  const answers: ((fields: object) => void)[] = [];
  let called = () => {};
  const asked = new Promise<void>((resolve) => {
    called = resolve;
  });
  const slow = () =>
    new Promise<object>((resolve) => {
      answers.push(resolve);
      called();
    });
  await open(t, path, { slow });
  const patient = callControl(path, 'slow', {}, 0);
  await asked;
  await t.rejects(callControl(path, 'slow', {}, 20), { code: 'unanswered', message: /does not answer/ });
  for (const answer of answers) answer({ done: true });
  t.same(await patient, { done: true });
});
