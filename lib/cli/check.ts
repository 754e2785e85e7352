/** `secure-chat check`: whether a server's data, keys and settings are sound. Changes nothing. */
import { stat, statfs } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parseEndpoint } from '../trust/endpoint.js';
import { keyFileOf, loadKeyPair } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { blobFile } from './archive.js';
import { databaseFile, dataFolder, dataOption, filesFolder } from './data-folder.js';
import { Exit, type ExitCode, exitCode } from './exit.js';
import type { Io } from './io.js';
import { operate } from './operate.js';

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly cert?: string;
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

export function addCheck(program: Command, io: Io): void {
  program
    .command('check')
    .summary("whether a server's data, keys and settings are sound")
    .description(
      'Looks at certificate, file modes, disk, database, files and environment, and changes nothing.',
    )
    .addOption(dataOption())
    .addOption(new Option('--cert <FILE>', 'certificate that the server is given').env('SECURE_CHAT_CERT'))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExits with 0 where nothing is wrong (warnings are no more than that), 74 for damage, 78 for\na configuration that cannot work.',
    )
    .action((flags: Flags) => check(flags, io));
}

async function check({ json, cert, ...flags }: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const findings: Finding[] = [];
  const checks = [
    () => checkEnvironment(io.env),
    () => checkCertificate(cert ?? ownCertificate(data), cert === undefined),
    () => checkModes(data),
    () => checkDisk(data),
    () => checkDatabase({ data, io }),
  ];
  for (const run of checks) {
    for (const finding of await run()) {
      findings.push(finding);
      io.stdout.write(
        `${json ? JSON.stringify(finding) : `${finding.state.padEnd(8)} ${finding.about}: ${finding.says}`}\n`,
      );
    }
  }
  const codes = findings.flatMap(({ state, code }) =>
    state === 'problem' ? [code ?? exitCode.configuration] : [],
  );
  const worst = codes.find((code) => code === exitCode.io) ?? codes[0];
  if (worst !== undefined) throw new Exit(worst);
}

async function checkCertificate(cert: string, own: boolean): Promise<Finding[]> {
  const about = 'certificate';
  try {
    const { validTo, hosts } = await loadKeyPair({ cert, now: Date.now() });
    const days = Math.floor((validTo.getTime() - Date.now()) / dayMs);
    const until = `good until ${validTo.toISOString().slice(0, 10)}, for ${hosts.join(', ')}`;
    if (days >= warnDays) return [{ about, state: 'ok', says: until }];
    const what = own ? 'restart the server, which renews it' : 'renew it, then send the server SIGHUP';
    return [{ about, state: 'warning', says: `${until}: ${what}` }];
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return [{ about, state: 'problem', says }];
  }
}

async function checkModes(data: string): Promise<Finding[]> {
  const places: [path: string, mode: number][] = [
    [data, 0o700],
    [databaseFile(data), 0o600],
    [filesFolder(data), 0o700],
    [keyFileOf(ownCertificate(data)), 0o600],
  ];
  const findings = places.map(async ([path, mode]): Promise<Finding | undefined> => {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (found.mode & 0o777 & ~mode) === 0) return undefined;
    const fix = `chmod ${mode.toString(8)} ${path}`;
    return { about: 'modes', state: 'problem', says: `${path} is open to others: ${fix}` };
  });
  const open = (await Promise.all(findings)).filter((finding) => finding !== undefined);
  return open.length > 0
    ? open
    : [{ about: 'modes', state: 'ok', says: 'data and keys are for their owner alone' }];
}

async function checkDisk(data: string): Promise<Finding[]> {
  const about = 'disk';
  const found = await statfs(data).catch(() => undefined);
  if (found === undefined) return [{ about, state: 'problem', says: `${data} cannot be read` }];
  const free = found.bavail * found.bsize;
  const percent = Math.round((100 * found.bavail) / Math.max(1, found.blocks));
  const says = `${(free / 1024 ** 3).toFixed(1)} GiB free (${percent} %)`;
  if (free >= leastBytes && percent >= 5) return [{ about, state: 'ok', says }];
  return [{ about, state: 'warning', says: `${says}: make room, or have less kept with --keep and --quota` }];
}

async function checkDatabase({ data, io }: { data: string; io: Io }): Promise<Finding[]> {
  const about = 'database';
  try {
    const { damage } = (await operate({ data, io }, 'damage')) as { damage: string[] };
    if (damage.length > 0) {
      const says = `${damage.slice(0, 3).join('; ')}: stop the server and restore a backup`;
      return [{ about, state: 'problem', says, code: exitCode.io }];
    }
    const { hashes } = (await operate({ data, io }, 'file-hashes')) as { hashes: string[] };
    return [{ about, state: 'ok', says: 'sound' }, await checkFiles(data, hashes)];
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return [{ about, state: 'problem', says: error.message, code: error.code }];
  }
}

async function checkFiles(data: string, hashes: readonly string[]): Promise<Finding> {
  const about = 'files';
  let missing = 0;
  for (const hash of hashes) {
    const found = await stat(blobFile(data, hash)).catch(() => undefined);
    if (found === undefined) missing++;
  }
  if (missing === 0) return { about, state: 'ok', says: `all ${hashes.length} are there` };
  const says = `${missing} of ${hashes.length} are missing: restore ${filesFolder(data)} from a backup`;
  return { about, state: 'problem', says, code: exitCode.io };
}

/** Of the server and of the client. */
const variables: ReadonlySet<string> = new Set(
  ['CERT', 'KEY', 'HOST', 'PORT', 'PUBLIC_HOST', 'DATA', 'REGISTRATION', 'ROOMS', 'KEEP', 'MAX_FILE', 'QUOTA']
    .concat([
      'SERVER_NAME',
      'MOTD',
      'MAX_CLIENTS',
      'RATE',
      'PER_ADDRESS',
      'NAME',
      'LINK',
      'PASSWORD',
      'TOKEN',
      'DOWNLOADS',
    ])
    .map((name) => `SECURE_CHAT_${name}`),
);

function checkEnvironment(env: Io['env']): Finding[] {
  const about = 'settings';
  const unknown = Object.keys(env).filter((name) => name.startsWith('SECURE_CHAT_') && !variables.has(name));
  const findings = unknown.map((name): Finding => {
    return { about, state: 'warning', says: `nothing reads ${name}: is it misspelt?` };
  });
  const publicHost = env.SECURE_CHAT_PUBLIC_HOST;
  const parsed = publicHost === undefined ? undefined : parseEndpoint(publicHost);
  if (parsed?.ok === false)
    findings.push({ about, state: 'problem', says: `SECURE_CHAT_PUBLIC_HOST: ${parsed.message}` });
  return findings.length > 0
    ? findings
    : [{ about, state: 'ok', says: 'nothing misspelt in the environment' }];
}
