import t from 'tap';
import { logFrom, logLevels } from '../../lib/cli/log-level.js';
import type { Log } from '../../lib/server/log.js';

t.test('a log has what is at least as important as its level', async (t) => {
  const written = logLevels.map((least) => {
    const events: string[] = [];
    const all: Log = {
      info: (event) => events.push(event),
      warn: (event) => events.push(event),
      error: (event) => events.push(event),
    };
    const log = logFrom(() => least, all);
    log.info('signed in');
    log.warn('connection refused');
    log.error('storage failed', new Error('full'));
    return [least, events];
  });
  t.same(Object.fromEntries(written), {
    error: ['storage failed'],
    warn: ['connection refused', 'storage failed'],
    info: ['signed in', 'connection refused', 'storage failed'],
  });
});
