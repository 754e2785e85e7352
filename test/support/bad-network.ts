/**
 * Two network namespaces of Linux with a cable between them that can lose packets, be slow or silent. Needs root, `ip` and
 * `tc`; loss is made by a classic BPF filter, because many kernels lack netem.
 */
import { execFileSync } from 'node:child_process';
import { type Home, makeHome } from './program.js';

export interface BadNetwork {
  /** The names of the two namespaces. */
  readonly namespaces: readonly [near: string, far: string];
  /** Programs run in one namespace, and in the other. */
  readonly near: Home;
  readonly far: Home;
  /** Of the near one, and of the far one. */
  readonly address: string;
  readonly farAddress: string;
  /** Loses so many of 100 packets, in each direction. 100 is a cut that neither side notices. */
  lose(percent: number): void;
  slow(kilobitsPerSecond: number): void;
  /** Ends loss and slowness. */
  heal(): void;
  /** TCP segments that were sent again so far. */
  resent(): number;
  remove(): Promise<void>;
}

const address = '10.211.55.1';
const farAddress = '10.211.55.2';

/** @returns why there is none, if this machine cannot have it */
export async function openBadNetwork(): Promise<BadNetwork | string> {
  const [near, far] = [`scn${process.pid}`, `scf${process.pid}`] as const;
  const ends = [near, far] as const;
  const each = (command: (end: string) => string) => ends.forEach((end) => void inside(end, command(end)));
  const cut = (end: string) => {
    try {
      run(`ip netns del ${end}`);
    } catch {
      // It was never made.
    }
  };
  // The cable and its filters go with the namespaces.
  const removeNamespaces = () => ends.forEach(cut);
  try {
    ends.forEach((end) => void run(`ip netns add ${end}`));
    run(`ip link add ${near} netns ${near} type veth peer name ${far} netns ${far}`);
    inside(near, `ip addr add ${address}/24 dev ${near}`);
    inside(far, `ip addr add ${farAddress}/24 dev ${far}`);
    each(() => 'ip link set lo up');
    each((end) => `ip link set ${end} up`);
    each((end) => `tc qdisc add dev ${end} clsact`);
    inside(near, filter(near, 50));
    inside(near, `tc qdisc add dev ${near} root tbf ${rate(100)}`);
  } catch (error) {
    removeNamespaces();
    return String((error as Error).message)
      .trim()
      .replaceAll('\n', ': ');
  }

  const network = await networkOf(ends);
  network.heal();
  return { ...network, remove };

  async function remove(): Promise<void> {
    removeNamespaces();
    await network.near.remove();
    await network.far.remove();
  }
}

/** A network that is there already, for a program inside of it. */
export async function networkOf(namespaces: BadNetwork['namespaces']): Promise<Omit<BadNetwork, 'remove'>> {
  const [near, far] = namespaces;
  const each = (command: (end: string) => string) =>
    namespaces.forEach((end) => void inside(end, command(end)));
  return {
    ...{ namespaces, address, farAddress },
    near: await homeIn(near),
    far: await homeIn(far),
    lose: (percent) => each((end) => filter(end, percent)),
    slow: (kilobits) => each((end) => `tc qdisc add dev ${end} root tbf ${rate(kilobits)}`),
    heal() {
      for (const end of namespaces) {
        inside(end, `tc filter del dev ${end} ingress`);
        if (inside(end, `tc qdisc show dev ${end}`).includes('tbf'))
          inside(end, `tc qdisc del dev ${end} root`);
      }
    },
    resent: () => namespaces.map(resentIn).reduce((sum, each) => sum + each),
  };
}

function resentIn(end: string): number {
  const [names = [], values = []] = inside(end, 'cat /proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('RetransSegs')]);
}

async function homeIn(namespace: string): Promise<Home> {
  const home = await makeHome();
  return { ...home, run: (args, env) => home.run(args, env, ['ip', 'netns', 'exec', namespace]) };
}

const rate = (kilobits: number) => `rate ${kilobits}kbit burst 4kb latency 400ms`;

/**
 * Drops (2 is TC_ACT_SHOT) where a random number of 32 bits, which is at that offset, is low enough. On arrival, because a
 * sender would learn of its own drops, and not ARP, whose failure it would learn of, too.
 */
function filter(end: string, percent: number): string {
  const below = Math.round((percent / 100) * (2 ** 32 - 1));
  const program = `4,32 0 0 4294963256,37 1 0 ${below},6 0 0 2,6 0 0 4294967295`;
  return `tc filter add dev ${end} ingress protocol ip bpf direct-action bytecode ${program.replaceAll(' ', '\u00a0')}`;
}

function inside(end: string, command: string): string {
  return run(`ip netns exec ${end} ${command}`);
}

function run(command: string): string {
  const [program = '', ...args] = command.split(' ').map((word) => word.replaceAll('\u00a0', ' '));
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
}
