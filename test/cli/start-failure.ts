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
  t.match(error, { code: 'EADDRINUSE' });
  t.match(startFailure(error, { port: 1, data, webhooks }), {
    code: exitCode.configuration,
    message: /--webhooks/,
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
