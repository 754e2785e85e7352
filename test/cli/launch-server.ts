import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import t from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { launchServer } from '../../lib/cli/launch-server.js';
import { folder } from '../support/running-server.js';

t.test('a start that fails before the database is opened ends the thread for it', async (t) => {
  const file = join(await folder(t), 'not a folder');
  await writeFile(file, '');
  const threads: string[] = [];
  process.once('worker', (worker: Worker) => {
    threads.push('started');
    worker.once('exit', () => threads.push('ended'));
  });
  await t.rejects(launchServer({ data: file }), { code: exitCode.io });
  t.same(threads, ['started', 'ended']);
});
