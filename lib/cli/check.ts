/** `secure-chat check`: whether a server's data, keys and settings are sound. Changes nothing. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { ControlError, callControl } from '../server/operator/control-socket.js';
import { shellWord } from '../system/shell-word.js';
import { keyFileOf, loadKeyPair, readKeyPair } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { blobPath } from './archive.js';
import {
  controlSocket,
  databaseFile,
  dataFolder,
  dataOption,
  filesFolder,
  requireData,
  type Where,
} from './data-folder.js';
import { Exit, type ExitCode, exitCode } from './exit.js';
import type { Io } from './io.js';
import { readMotd } from './motd.js';
import { operate } from './operate.js';
import { leftovers } from './pack.js';
import { environmentSettings } from './server-options.js';

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly cert?: string;
  readonly key?: string;
}

interface Finding {
  readonly about: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was found and, unless it is ok, what to do. */
  readonly says: string;
  /** What it ends with, for a problem. */
  readonly code?: ExitCode;
}

const dayMs = 24 * 60 * 60_000;
const warnDays = 14;
const leastBytes = 1024 ** 3;
const leastPercent = 5;
/** A backup that still runs is not left behind. */
const leftMs = 60 * 60_000;

export function addCheck(program: Command, io: Io): void {
  program
    .command('check')
    .summary("whether a server's data, keys and settings are sound")
    .description('Looks at settings, certificate, file modes, disk, database and files, and changes nothing.')
    .addOption(dataOption())
    .addOption(new Option('--cert <FILE>', 'certificate that the server is given').env('SECURE_CHAT_CERT'))
    .addOption(new Option('--key <FILE>', 'its key').env('SECURE_CHAT_KEY'))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nOf a running server it looks at the certificate that it serves. Exits with 0 where nothing is wrong (warnings\n' +
        'are no more than that), 69 for a server that does not answer, 74 for damage or what cannot be read, 78 for a\nconfiguration that cannot work.',
    )
    .action((flags: Flags) => check(flags, io));
}

async function check({ json, ...flags }: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const server = await lookedAt(data);
  const served = typeof server === 'object' ? server : undefined;
  const foreign = await requireData(data).then(() => undefined, problemOf);
  const always = [() => checkServer(data, server), () => checkSettings(io.env)];
  const ofData = [
    () => checkCertificate(given(flags, data, served), served),
    () => checkModes(data),
    () => checkDisk(data),
    () => checkDatabase(server, { data, io }),
  ];
  // What to do about the modes of a folder that is not a server's would be bad advice.
  const checks = [...always, ...(foreign === undefined ? ofData : [() => [foreign]])];
  const codes: ExitCode[] = [];
  for (const run of checks) {
    for (const { code = exitCode.configuration, ...finding } of await run()) {
      const { state, about, says } = finding;
      if (state === 'problem') codes.push(code);
      io.stdout.write(`${json ? JSON.stringify(finding) : `${state.padEnd(8)} ${about}: ${says}`}\n`);
    }
  }
  const worst = codes.find((code) => code === exitCode.io) ?? codes[0];
  if (worst !== undefined) throw new Exit(worst);
}

interface Certificate {
  readonly cert: string;
  readonly key?: string | undefined;
  /** The server makes and renews it. */
  readonly own: boolean;
}

interface Served {
  readonly certFile: string;
  readonly keyFile: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

/** The server on the data, by the certificate that it serves. */
type Server = Served | 'silent' | 'none';

async function lookedAt(data: string): Promise<Server> {
  try {
    return (await callControl(controlSocket(data), 'certificate', {})) as unknown as Served;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return error.code === 'not-running' || error.code === 'closed' ? 'none' : 'silent';
  }
}

function problemOf(error: unknown): Finding {
  if (!(error instanceof Exit)) throw error;
  return { about: 'database', state: 'problem', says: error.message, code: error.code };
}

/** That of the running server; else of one that is started with this environment. */
function given({ cert, key }: Flags, data: string, served: Served | undefined): Certificate {
  const own = ownCertificate(data);
  if (served !== undefined)
    return { cert: served.certFile, key: served.keyFile, own: served.certFile === own };
  return cert === undefined ? { cert: own, own: true } : { cert, key, own: false };
}

const silent = 'runs and does not answer: look at its log and its processor time, then restart it';

async function checkServer(data: string, server: Server): Promise<Finding[]> {
  const about = 'server';
  const left = await leftovers(data, leftMs).catch(() => []);
  return [
    server === 'silent'
      ? { about, state: 'problem', says: silent, code: exitCode.unavailable }
      : { about, state: 'ok', says: server === 'none' ? 'does not run' : 'runs' },
    ...left.map((name): Finding => {
      const says = `${join(data, name)} was left by a backup or restore that was broken off: remove it`;
      return { about, state: 'warning', says };
    }),
  ];
}

async function checkCertificate(
  { cert, key, own }: Certificate,
  served: Served | undefined,
): Promise<Finding[]> {
  const about = 'certificate';
  try {
    const { validTo, hosts } = await (own ? readKeyPair(cert) : loadKeyPair({ cert, key, now: Date.now() }));
    if (served !== undefined && served.validTo !== validTo.getTime()) {
      const says = `${cert} was renewed, the server still has the one until ${day(served.validTo)}: send it SIGHUP`;
      return [{ about, state: 'warning', says }];
    }
    const names = hosts.length === 0 ? '' : `, for ${hosts.join(', ')}`;
    const until = `good until ${day(validTo.getTime())}${names}`;
    if (validTo.getTime() - Date.now() >= warnDays * dayMs) return [{ about, state: 'ok', says: until }];
    const start = served === undefined ? 'start' : 'restart';
    const what = own ? `${start} the server, which renews it` : 'renew it, then send the server SIGHUP';
    // Nobody gets in with one that ended; a server that starts has a new one for the same key.
    const state = served !== undefined && validTo.getTime() <= Date.now() ? 'problem' : 'warning';
    return [{ about, state, says: `${until}: ${what}` }];
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return [{ about, state: 'problem', says }];
  }
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

async function checkModes(data: string): Promise<Finding[]> {
  const about = 'modes';
  const file = databaseFile(data);
  const places: [path: string, mode: number][] = [
    [data, 0o700],
    ...[file, `${file}-wal`, `${file}-shm`, `${file}-lock`].map((path): [string, number] => [path, 0o600]),
    [filesFolder(data), 0o700],
    [keyFileOf(ownCertificate(data)), 0o600],
    [controlSocket(data), 0o600],
  ];
  const findings = places.map(async ([path, mode]): Promise<Finding[]> => {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (found.mode & 0o777 & ~mode) === 0) return [];
    const says = `${path} is open to others: chmod ${mode.toString(8)} ${shellWord(path)}`;
    return [{ about, state: 'problem', says }];
  });
  const open = (await Promise.all(findings)).flat();
  return open.length > 0 ? open : [{ about, state: 'ok', says: 'data and keys are for their owner alone' }];
}

async function checkDisk(data: string): Promise<Finding[]> {
  const about = 'disk';
  const found = await statfs(data).catch(() => undefined);
  if (found === undefined) return [{ about, state: 'problem', says: `${data} cannot be read` }];
  const free = found.bavail * found.bsize;
  const percent = (100 * found.bavail) / Math.max(1, found.blocks);
  const says = `${(free / 1024 ** 3).toFixed(1)} GiB free (${Math.floor(percent)} %)`;
  if (free >= leastBytes && percent >= leastPercent) return [{ about, state: 'ok', says }];
  return [{ about, state: 'warning', says: `${says}: make room, or have less kept with --keep and --quota` }];
}

async function checkDatabase(server: Server, where: Where): Promise<Finding[]> {
  const about = 'database';
  // Beside a server that does not answer, the file itself can be read.
  const ask = server === 'silent' ? (await import('./operate-alone.js')).operateAlone : operate;
  try {
    const found = await ask(where, 'damage', {});
    const damage = found.damage as readonly string[];
    if (damage.length > 0) {
      const says = `${damage.slice(0, 3).join('; ')}: stop the server and restore a backup`;
      return [{ about, state: 'problem', says, code: exitCode.io }];
    }
    const { hashes } = (await ask(where, 'file-hashes', {})) as { hashes: string[] };
    const sound: Finding =
      found.outdated === true
        ? { about, state: 'warning', says: outdated }
        : { about, state: 'ok', says: 'sound' };
    return [sound, await checkFiles(where.data, hashes)];
  } catch (error) {
    return [problemOf(error)];
  }
}

const outdated =
  'sound, of an older version: make a backup, then start the server, which brings it up to date';

async function checkFiles(data: string, hashes: readonly string[]): Promise<Finding> {
  const about = 'files';
  const there = await filesIn(data);
  const missing = hashes.map(blobPath).filter((path) => !there.delete(path));
  // Some at any time: they are cleared away within the hour.
  const more = there.size === 0 ? '' : `; ${there.size} that nothing names any more will be cleared away`;
  if (missing.length === 0) return { about, state: 'ok', says: `all ${hashes.length} are there${more}` };
  const [first = ''] = missing;
  const says = `${missing.length} of ${hashes.length} are missing, such as ${first}: put them back from a backup`;
  return { about, state: 'problem', says: `${says}${more}`, code: exitCode.io };
}

async function filesIn(data: string): Promise<Set<string>> {
  const there = new Set<string>();
  const shelves = await readdir(filesFolder(data)).catch(() => []);
  for (const shelf of shelves.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    for (const name of await readdir(join(filesFolder(data), shelf))) there.add(`files/${shelf}/${name}`);
  }
  return there;
}

/** Variables that only clients read. */
const clientVariables = ['NAME', 'LINK', 'PASSWORD', 'TOKEN', 'DOWNLOADS'].map(
  (name) => `SECURE_CHAT_${name}`,
);

async function checkSettings(env: Io['env']): Promise<Finding[]> {
  const about = 'settings';
  const { values, faults, variables } = environmentSettings(env);
  const motd = await readMotd(values.motd).then(
    () => [],
    (error: Error) => [error.message],
  );
  const known = new Set([...variables, ...clientVariables]);
  const unknown = Object.keys(env).filter((name) => name.startsWith('SECURE_CHAT_') && !known.has(name));
  const findings = [
    ...faults.map(({ variable, message }): Finding => {
      return { about, state: 'problem', says: `${variable}: ${message}` };
    }),
    ...motd.map((message): Finding => ({ about, state: 'problem', says: `SECURE_CHAT_MOTD: ${message}` })),
    ...unknown.map((name): Finding => {
      return { about, state: 'warning', says: `nothing reads ${name}: is it misspelt?` };
    }),
  ];
  return findings.length > 0
    ? findings
    : [{ about, state: 'ok', says: 'nothing misspelt in the environment' }];
}
