/** `secure-chat check`: checks a server's data, keys and settings. Changes nothing. */
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { printable, printableJson } from '../protocol/printable.js';
import { ControlError, callControl } from '../server/operator/control-socket.js';
import { lossesOf } from '../store/sqlite/last-entry.js';
import { shellWord } from '../system/shell-words.js';
import { keyFileOf, loadKeyPair, readKeyPair } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { blobPath } from './archive.js';
import { Exit, type ExitName, type Io } from './command.js';
import { type ConfigFile, examineConfigFile } from './config-file.js';
import {
  configVariable,
  controlSocket,
  databaseFile,
  filesFolder,
  refuseLost,
  requireData,
  sentFiles,
} from './folders.js';
import { leftovers } from './leftovers.js';
import { operate } from './operate.js';
import { addOperatorCommand, contextWith, type DataFlags, type OperatorContext } from './operator-context.js';
import { readMotd } from './option-values.js';
import { environmentSettings } from './server-options.js';

interface Flags extends DataFlags {
  readonly json?: true;
  readonly running?: true;
  readonly cert?: string;
  readonly key?: string;
}

interface Finding {
  readonly about: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was found and, unless ok, what to do. */
  readonly says: string;
  /** The exit code, for a problem. */
  readonly code?: ExitName;
}

const dayMs = 24 * 60 * 60_000;
const warnDays = 14;
const leastBytes = 1024 ** 3;
const leastPercent = 5;
/** A younger one may belong to a running backup. */
const leftMs = 60 * 60_000;

export function addCheck(program: Command, io: Io): void {
  addOperatorCommand(program, io, 'check', {
    description: 'Checks settings, certificate, file modes, disk, database and files. Changes nothing.',
    text: 'For a running server, the certificate in use is checked.',
    examples: [
      'secure-chat check',
      'secure-chat check --data /srv/chat --json',
      'secure-chat check --running',
    ],
    exits: [
      ['ok', 'no problems (there may be warnings)'],
      ['unavailable', 'the server does not respond, or with --running there is none'],
      ['io', 'the data is damaged or cannot be read'],
      'configuration',
    ],
  })
    .addOption(new Option('--cert <FILE>', "the server's certificate").env('SECURE_CHAT_CERT'))
    .addOption(new Option('--key <FILE>', 'its key').env('SECURE_CHAT_KEY'))
    .option('--running', 'only check that a server runs and responds, which is quick')
    .option('--json', 'print one JSON object per line')
    .action((flags: Flags) => check(flags, io));
}

async function check({ json, running, config, ...flags }: Flags, io: Io): Promise<void> {
  const file = config === undefined ? undefined : await examineConfigFile(config);
  const where = contextWith(file?.values ?? {}, flags, io);
  const server = await findServer(where.data);
  const checks = running
    ? [async () => [runningServer(server)]]
    : await allChecks(flags, { server, where, file });
  const codes: ExitName[] = [];
  for (const run of checks) {
    for (const { code = 'configuration', ...finding } of await run()) {
      const { state, about, says } = finding;
      if (state === 'problem') codes.push(code);
      const line = json ? printableJson(finding) : printable(`${state.padEnd(8)} ${about}: ${says}`);
      io.stdout.write(`${line}\n`);
    }
  }
  const worst = codes.find((code) => code === 'io') ?? codes[0];
  if (worst !== undefined) throw new Exit(worst);
}

type Check = () => Promise<Finding[]>;

async function allChecks(
  flags: Flags,
  { server, where, file }: { server: Server; where: OperatorContext; file: ConfigFile | undefined },
): Promise<Check[]> {
  const { data, settings, io } = where;
  const served = typeof server === 'object' ? server : undefined;
  const foreign = await requireData(where).then(() => undefined, problemOf);
  const always = [() => checkServer(data, server), () => checkSettings(io.env, file)];
  // Advice about the modes of a folder that is not a server's would be wrong.
  if (foreign !== undefined) return [...always, async () => [foreign]];
  return [
    ...always,
    () => checkCertificate(certificateOf({ ...settings, ...flags }, data, served), served),
    () => checkModes(data),
    () => checkDisk(data),
    () => checkDatabase(server, where),
  ];
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
  /** Why no one can come in now. */
  readonly unready?: string;
}

/** The server that uses the data, by its certificate in use. */
type Server = Served | 'silent' | 'none';

async function findServer(data: string): Promise<Server> {
  try {
    return (await callControl(controlSocket(data), 'certificate', {})) as unknown as Served;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return error.code === 'not-running' || error.code === 'closed' ? 'none' : 'silent';
  }
}

function problemOf(error: unknown): Finding {
  if (!(error instanceof Exit)) throw error;
  return { about: 'database', state: 'problem', says: error.message, code: error.how };
}

/** Of the running server, or of one started with these settings. */
function certificateOf(
  { cert, key }: Pick<Flags, 'cert' | 'key'>,
  data: string,
  served: Served | undefined,
): Certificate {
  const own = ownCertificate(data);
  if (served !== undefined)
    return { cert: served.certFile, key: served.keyFile, own: served.certFile === own };
  return cert === undefined ? { cert: own, own: true } : { cert, key, own: false };
}

const silent = 'runs but does not respond: check its log and CPU usage, then restart it';

function runningServer(server: Server): Finding {
  const about = 'server';
  if (typeof server === 'object') {
    const { unready } = server;
    // No problem of the server's own: that it runs is what a restart depends on.
    return unready === undefined
      ? { about, state: 'ok', says: 'running' }
      : { about, state: 'warning', says: `running, but no one can sign in now (${unready}): see its log` };
  }
  const says = server === 'silent' ? silent : 'not running';
  return { about, state: 'problem', says, code: 'unavailable' };
}

async function checkServer(data: string, server: Server): Promise<Finding[]> {
  const about = 'server';
  const left = await leftovers(data, leftMs).catch(() => []);
  return [
    server === 'none' ? { about, state: 'ok', says: 'not running' } : runningServer(server),
    ...left.map((name): Finding => {
      const says = `${join(data, name)} is left over from an interrupted backup or restore: remove it`;
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
      const says = `${cert} was renewed, but the server still uses the one valid until ${day(served.validTo)}: send it SIGHUP`;
      return [{ about, state: 'warning', says }];
    }
    const names = hosts.length === 0 ? '' : `, for ${hosts.join(', ')}`;
    const until = `valid until ${day(validTo.getTime())}${names}`;
    if (validTo.getTime() - Date.now() >= warnDays * dayMs) return [{ about, state: 'ok', says: until }];
    const start = served === undefined ? 'start' : 'restart';
    const what = own ? `${start} the server, which renews it` : 'renew it, then send the server SIGHUP';
    // With an expired one no client can connect; a server that starts renews it for the same key.
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
    ...[file, `${file}-wal`, `${file}-shm`, `${file}-lock`, `${file}-last`].map((path): [string, number] => [
      path,
      0o600,
    ]),
    [filesFolder(data), 0o700],
    [keyFileOf(ownCertificate(data)), 0o600],
    [controlSocket(data), 0o600],
  ];
  const findings = places.map(async ([path, mode]): Promise<Finding[]> => {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (found.mode & 0o777 & ~mode) === 0) return [];
    const says = `${path} is accessible to others: chmod ${mode.toString(8)} ${shellWord(path)}`;
    return [{ about, state: 'problem', says }];
  });
  const open = (await Promise.all(findings)).flat();
  return open.length > 0 ? open : [{ about, state: 'ok', says: 'data and keys are private' }];
}

async function checkDisk(data: string): Promise<Finding[]> {
  const about = 'disk';
  const found = await statfs(data).catch(() => undefined);
  if (found === undefined) return [{ about, state: 'problem', says: `cannot read ${data}` }];
  const free = found.bavail * found.bsize;
  const percent = (100 * found.bavail) / Math.max(1, found.blocks);
  const says = `${(free / 1024 ** 3).toFixed(1)} GiB free (${Math.floor(percent)} %)`;
  if (free >= leastBytes && percent >= leastPercent) return [{ about, state: 'ok', says }];
  return [{ about, state: 'warning', says: `${says}: free space, or keep less with --keep and --quota` }];
}

async function checkDatabase(server: Server, where: OperatorContext): Promise<Finding[]> {
  const about = 'database';
  // While the server does not respond, the file itself can be read.
  const ask = server === 'silent' ? (await import('./operate-offline.js')).operateOffline : operate;
  const problem = (says: string): Finding => ({ about, state: 'problem', says, code: 'io' });
  const lost = where.database === undefined ? lossesOf(databaseFile(where.data)).map(problem) : [];
  try {
    const found = await ask(where, 'damage', {});
    const damage = found.damage as readonly string[];
    if (damage.length > 0) {
      return [...lost, problem(`damaged (${damage.slice(0, 3).join('; ')}): ${restore}`)];
    }
    if (typeof found.missing === 'string') return [...lost, problem(found.missing)];
    if (found.accounts === 0 && where.database === undefined) await refuseLost(where.data);
    const { hashes } = (await ask(where, 'file-hashes', {})) as { hashes: string[] };
    const sound: Finding =
      found.outdated === true
        ? { about, state: 'warning', says: outdated }
        : { about, state: 'ok', says: 'ok' };
    return [...(lost.length > 0 ? lost : [sound]), await checkFiles(where, hashes)];
  } catch (error) {
    return [...lost, problemOf(error)];
  }
}

const restore =
  'stop the server, restore the last backup into a new folder (secure-chat restore), start with that --data';
const outdated = 'ok, but from an older version: make a backup, then start the server, which upgrades it';

async function checkFiles(
  { data, database }: Pick<OperatorContext, 'data' | 'database'>,
  hashes: readonly string[],
): Promise<Finding> {
  const about = 'files';
  const there = new Set(await sentFiles(data));
  const missing = hashes.map(blobPath).filter((path) => !there.delete(path));
  // Normal: they are deleted within the hour.
  const more = there.size === 0 ? '' : `; ${there.size} unused will be deleted`;
  if (missing.length === 0) return { about, state: 'ok', says: `all ${hashes.length} present${more}` };
  const [first = ''] = missing;
  const advice = database === undefined ? '' : 'start all servers of the chat with the same --files, or ';
  const says = `${missing.length} of ${hashes.length} missing, such as ${first}: ${advice}restore them from a backup`;
  return { about, state: 'problem', says: `${says}${more}`, code: 'io' };
}

/** Variables that only clients read. */
const clientVariables = ['NAME', 'LINK', 'PASSWORD', 'TOKEN', 'DOWNLOADS'].map(
  (name) => `SECURE_CHAT_${name}`,
);

async function checkSettings(env: Io['env'], file: ConfigFile | undefined): Promise<Finding[]> {
  const about = 'settings';
  const { values, faults, variables } = environmentSettings(env);
  const motds = [
    ...(await motdFaults(values.motd, 'SECURE_CHAT_MOTD')),
    ...(await motdFaults(file?.values.motd, `${file?.path}: motd`)),
  ];
  const known = new Set([...variables, configVariable, ...clientVariables]);
  const unknown = Object.keys(env).filter((name) => name.startsWith('SECURE_CHAT_') && !known.has(name));
  const problems = [
    ...faults.map(({ variable, message }) => `${variable}: ${message}`),
    ...(file?.faults ?? []),
    ...motds,
  ];
  const findings = [
    ...problems.map((says): Finding => ({ about, state: 'problem', says })),
    ...unknown.map((name): Finding => {
      return { about, state: 'warning', says: `unknown variable ${name}: check the spelling` };
    }),
  ];
  if (findings.length > 0) return findings;
  const both = file === undefined ? '' : `${file.path} and `;
  return [{ about, state: 'ok', says: `${both}environment variables are valid` }];
}

async function motdFaults(path: string | undefined, from: string): Promise<string[]> {
  return readMotd(path).then(
    () => [],
    (error: Error) => [`${from}: ${error.message}`],
  );
}
