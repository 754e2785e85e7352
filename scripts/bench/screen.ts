/**
 * What the full screen costs under a flood of messages while someone types. Build, then run on Linux:
 *
 *     node dist/scripts/bench/screen.js [seconds, default 20] [messages a second, default 300]
 *
 * Server and client are the built program; those who write are bare TLS sockets in this process.
 */
import { measureFlood } from '../screen/flood.js';

const [seconds = 20, rate = 300] = process.argv.slice(2).map(Number);
const { frames, lost, cpu, rssStart, rssEnd, messages, took } = await measureFlood({
  messages: seconds * rate,
  rate,
});
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
process.stdout.write(
  [
    `messages     ${messages} in ${took.toFixed(1)} s, ${Math.round(messages / took)}/s`,
    `frames       ${(frames / took).toFixed(1)}/s`,
    `lost keys    ${lost}`,
    `client CPU   ${(cpu * 100).toFixed(0)} % of a core`,
    `client RSS   ${mib(rssStart)} at first, ${mib(rssEnd)} at the end`,
    '',
  ].join('\n'),
);
