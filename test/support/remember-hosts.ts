/** A process that remembers hosts, for races: PATH PREFIX COUNT. */
import { openKnownHosts } from '../../lib/trust/known-hosts.js';

const [path = '', prefix = '', count = '0'] = process.argv.slice(2);
const known = openKnownHosts(path);
for (let index = 0; index < Number(count); index += 1) {
  await known.remember({ host: `${prefix}${index}`, port: 6697 }, 'A'.repeat(43));
}
