import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { startFailure } from '../../lib/cli/start-failure.js';
import { folder, runServer } from '../support/running-server.js';

t.test('a port in use for webhooks is named, and leaves nothing open', async (t) => {
  const server = await runServer(t, {});
  const data = await folder(t);
  const webhooks = { host: '127.0.0.1', port: server.port };
  const error = await runServer(t, { data, webhooks }).catch((error: unknown) => error);
  for (const port of [1, server.port]) {
    t.match(startFailure(error, { port, data, webhooks }), {
      code: exitCode.configuration,
      message: `Cannot take webhooks on 127.0.0.1:${server.port}: the port is in use. Choose another address or port with --webhooks.`,
    });
  }
  const strange = { host: 'no-such-host.invalid', port: 1 };
  const unknown = await runServer(t, { data, webhooks: strange }).catch((error: unknown) => error);
  t.match(startFailure(unknown, { port: 1, data, webhooks: strange }), {
    code: exitCode.configuration,
    message: /^Cannot take webhooks on no-such-host\.invalid:1: .*--webhooks\.$/,
  });
  await runServer(t, { data, webhooks: { host: '127.0.0.1', port: 0 } });
});

t.test('too few open files end a start with what to do', async (t) => {
  const error = Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });
  t.match(startFailure(error, { data: '/srv' }), { code: exitCode.io, message: /ulimit -n/ });
});

t.test('a files folder that is not a folder fails the start', async (t) => {
  const data = await folder(t);
  await writeFile(join(data, 'files'), 'no folder');
  const error = await runServer(t, { data }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.match(startFailure(error, { data }), { code: exitCode.io, message: /files/ });
});
