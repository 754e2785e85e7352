import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openDesk } from '../support/run-main.js';

t.test(
  'SIGHUP is a reload from the start on, not the end of a server that still opens its data',
  async (t) => {
    const desk = await openDesk(t);
    const data = join(desk.home, 'data');
    const server = desk.start(['server', '--data', data, '--host', '127.0.0.1', '--port', '0']);
    await new Promise<void>((resolve) => {
      server.signals.on('newListener', (name) => {
        if (name === 'SIGHUP') resolve();
      });
    });
    t.notOk(existsSync(join(data, 'secure-chat.db')), 'nothing is open yet');
    server.signals.emit('SIGHUP');
    await server.prints('join link');
    server.signals.emit('SIGTERM');
    t.equal((await server.done).code, 0);
  },
);
