/**
 * What the full screen costs under a flood of messages while someone types. Build, then run on Linux:
 *
 *     node dist/scripts/bench/screen.js [seconds, default 20] [messages a second, default 300]
 *
 * Server and client are the built program; those who write are bare TLS sockets in this process.
 */
import { measureFlood } from '../screen/flood.js';
import { numbersOf, report } from './report.js';

const [seconds = 20, rate = 300] = numbersOf(process.argv);
const { frames, lost, cpu, rssStart, rssEnd, messages, took } = await measureFlood({
  messages: seconds * rate,
  rate,
});
const mib = 2 ** 20;
const columns = ['', 'messages/s', 'pictures/s', 'lost keys', 'CPU %', 'RSS MiB at first', 'at the end'];
const figures = [messages / took, frames / took, lost, cpu * 100, rssStart / mib, rssEnd / mib];
report({
  name: 'screen',
  tables: [
    {
      title: `the full screen at 120 columns, ${rate} messages a second for ${seconds} s while someone types`,
      columns,
      rows: [['client', ...figures]],
    },
  ],
  goals: [{ what: `keys lost at ${rate} messages/s`, figure: lost, limit: { most: 0 } }],
});
