/**
 * What a flood of wrong passwords costs everyone else. Build, then run on an otherwise idle Linux machine:
 *
 *     npm run build && node dist/scripts/bench/sign-in-flood.js [seconds, default 60] [one|many|new]
 *
 * 50 connections from 127.0.0.2 to 127.0.0.5 try wrong passwords as fast as the server lets them: for `one` account, for
 * `many` names (default), or for many names with a `new` connection each time. Meanwhile someone chats, and people sign
 * in over new connections: from another address, from an attacker's address where they have been before, and from there
 * for the first time. The server is the built program in a process of its own. Absolute figures depend on the machine:
 * compare with those of the same run before the flood.
 */
import { once, setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RawFrame } from '../../lib/protocol/frame.js';
import { createPoster, enter, seed, startProgram } from './program.js';
import { addAccounts, dial, signIn } from './sign-in.js';

type Kind = 'one' | 'many' | 'new';

const attackers = 50;
const attackerAddresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
/** People who sign in take a break in between. */
const pauseMs = 1_000;
const messageMs = 50;

let names = 0;
let newcomers = 0;

/** Tries wrong passwords until `signal` aborts. @returns the codes it got, counted in `codes` */
async function attack(port: number, address: string, { kind, signal, codes }: Attack): Promise<void> {
  while (!signal.aborted) {
    const client = await dial(port, address).catch(() => undefined);
    if (client === undefined) continue;
    const leave = () => client.destroy();
    signal.addEventListener('abort', leave);
    for (let reply: RawFrame | undefined = {}; reply !== undefined && !signal.aborted; ) {
      const name = kind === 'one' ? 'victim' : `name-${names++}x`;
      reply = await client.ask({ type: 'sign-in', name, password: `wrong password ${names}` });
      const code = String(reply?.code ?? 'closed');
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (kind === 'new') break;
    }
    signal.removeEventListener('abort', leave);
    leave();
  }
}

interface Attack {
  readonly kind: Kind;
  readonly signal: AbortSignal;
  readonly codes: Map<string, number>;
}

type Poster = ReturnType<typeof createPoster>;

interface Measured {
  readonly chat: number[];
  readonly elsewhere: number[];
  readonly same: number[];
  readonly first: number[];
}

async function measure(port: number, poster: Poster, ms: number): Promise<Measured> {
  const measured: Measured = { chat: [], elsewhere: [], same: [], first: [] };
  const end = performance.now() + ms;
  const repeat = async (times: number[], pause: number, work: () => Promise<number>) => {
    while (performance.now() < end) {
      times.push(await work());
      await setTimeout(pause);
    }
  };
  await Promise.all([
    repeat(measured.chat, messageMs, poster.say),
    repeat(measured.elsewhere, pauseMs, () => signIn(port, '127.0.0.9', 'near')),
    repeat(measured.same, pauseMs, () => signIn(port, '127.0.0.2', 'far')),
    repeat(measured.first, pauseMs, () => signIn(port, '127.0.0.3', `newcomer-${newcomers++}x`)),
  ]);
  return measured;
}

function report(title: string, { chat, elsewhere, same, first }: Measured): void {
  const at = (times: number[], share: number) =>
    Math.round(times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? Number.NaN);
  const figures = [at(chat, 0.5), at(chat, 0.99)];
  for (const times of [elsewhere, same, first]) figures.push(at(times, 0.5), at(times, 1));
  process.stdout.write(`${title.padEnd(8)}${figures.map((ms) => String(ms).padStart(12)).join('')}\n`);
}

async function main(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 60);
  const kind = (process.argv[3] ?? 'many') as Kind;
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const [token = ''] = await seed(folder, 1);
  const others = Array.from({ length: 500 }, (_, n) => `newcomer-${n}x`);
  await addAccounts(folder, ['victim', 'near', 'far', ...others]);
  const { server, port } = await startProgram(folder, []);
  const over = new AbortController();
  setMaxListeners(attackers, over.signal);
  try {
    const socket = await enter(port, token);
    const poster = createPoster(socket);
    process.stdout.write(
      'ms          chat p50         p99   elsewhere         max   been here         max  first time         max\n',
    );
    report('idle', await measure(port, poster, (seconds * 1_000) / 4));
    const codes = new Map<string, number>();
    const attacks = Array.from({ length: attackers }, (_, n) => {
      const address = attackerAddresses[n % attackerAddresses.length] ?? '';
      return attack(port, address, { kind, signal: over.signal, codes });
    });
    report('flood', await measure(port, poster, seconds * 1_000));
    over.abort();
    await Promise.all(attacks);
    socket.destroy();
    process.stdout.write(`answers: ${[...codes].map(([code, count]) => `${count} ${code}`).join(', ')}\n`);
  } finally {
    over.abort();
    server.kill('SIGTERM');
    await once(server, 'exit');
    await rm(folder, { recursive: true });
  }
}

await main();
