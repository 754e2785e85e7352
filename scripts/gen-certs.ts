/** `npm run gen-certs`: makes or renews the certificate of a server. Knows options and how to show a result. */
import { realpathSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import picocolors from 'picocolors';
import { shellWord } from '../lib/system/shell-word.js';
import { CertificateError, daysMax } from '../lib/trust/certificate.js';
import { canonicalHost } from '../lib/trust/endpoint.js';
import { type Machine, machineHosts } from '../lib/trust/hosts.js';
import { formatPin } from '../lib/trust/pin.js';
import { defaultDays, type Renewed, renewKeyPair } from '../lib/trust/renewal.js';

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly machine: Machine;
}

interface Options {
  readonly host?: readonly string[];
  readonly days: number;
  readonly out: string;
  readonly rsa?: true;
  readonly newKey?: true;
}

// sysexits(3)
const exits = { ok: 0, usage: 64, io: 74 } as const;

/** @returns the exit code: 0, 64 for wrong options, 74 for files that cannot be read, used or written */
export async function main(argv: readonly string[], around: Surroundings): Promise<number> {
  const command = describe(around);
  try {
    command.parse(argv, { from: 'user' });
    const options = command.opts<Options>();
    const hosts = options.host ?? machineHosts(around.machine);
    const renewed = await renewKeyPair({
      cert: join(resolve(around.cwd, options.out), 'server.pem'),
      hosts,
      days: options.days,
      now: around.now,
      kind: options.rsa ? 'rsa' : undefined,
      newKey: options.newKey,
    });
    around.stdout.write(summary(renewed, around));
    return exits.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
    if (!(error instanceof CertificateError)) throw error;
    around.stderr.write(`gen-certs: ${error.message}\n`);
    return error.code === 'other-kind' ? exits.usage : exits.io;
  }
}

function describe({ stdout, stderr }: Surroundings): Command {
  return new Command('gen-certs')
    .description(
      'Makes server.pem and server-key.pem, or renews the certificate of the key that is there, ' +
        'so that clients go on knowing the server.',
    )
    .addOption(
      new Option(
        '--host <name>',
        'a name or address of the server; repeatable (default: all of this machine)',
      ).argParser(addHost),
    )
    .option('--days <n>', `how long it is valid, 1 to ${daysMax}`, parseDays, defaultDays)
    .option('--rsa', 'an RSA-2048 key instead of P-256')
    .option('--new-key', 'replace the key: clients that know the old one will refuse the server')
    .option('--out <folder>', 'where both files go', 'certs')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error/, 'gen-certs')),
    })
    .showHelpAfterError('See: npm run gen-certs -- --help');
}

function addHost(text: string, hosts: readonly string[] = []): readonly string[] {
  const host = canonicalHost(text);
  if (host === undefined) throw new InvalidArgumentError('It must be a host name or an IP address.');
  return [...new Set([...hosts, host])];
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > daysMax) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${daysMax}.`);
  }
  return days;
}

function summary(renewed: Renewed, { stdout, env, cwd, now }: Surroundings): string {
  const { bold, cyan, dim, green } = picocolors.createColors(isColourful(stdout, env));
  const cert = shownPath(cwd, renewed.certFile);
  const [pinStart, pinEnd] = formatPin(renewed.pin).split('\n');
  const days = Math.round((renewed.validTo.getTime() - now) / 86_400_000);
  const rows = [
    ['certificate', cert],
    ['key', `${shownPath(cwd, renewed.keyFile)} ${dim(renewed.madeKey ? '(new)' : '(kept)')}`],
    [
      'valid until',
      `${renewed.validTo.toISOString().slice(0, 10)} ${dim(days === 1 ? '(1 day)' : `(${days} days)`)}`,
    ],
    ['hosts', hostLines(renewed.hosts)],
    ['pin', bold(renewed.pin)],
    ['as digits', `${dim(pinStart ?? '')}\n${dim(pinEnd ?? '')}`],
  ] as const;
  const body = rows.map(([label, value]) => row(dim(label.padEnd(labelWidth)), value)).join('');
  const next = `npx secure-chat server --cert ${shellWord(cert)}`;
  return `${green('✔')} ${renewed.madeKey ? 'New key and certificate' : 'Certificate renewed'}\n\n${body}\nNext: ${cyan(next)}\n`;
}

const labelWidth = 12;

function row(label: string, value: string): string {
  return `  ${label} ${value.replaceAll('\n', `\n${' '.repeat(labelWidth + 3)}`)}\n`;
}

function hostLines(hosts: readonly string[]): string {
  const lines: string[] = [];
  for (const host of hosts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + host.length < 60) lines[lines.length - 1] = `${last}, ${host}`;
    else lines.push(host);
  }
  return lines.join(',\n');
}

function shownPath(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

// no-color.org; a pipe or a dumb terminal gets plain text.
function isColourful(stdout: Output, env: Surroundings['env']): boolean {
  return stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: Date.now(),
    machine: { interfaces: networkInterfaces(), hostname: hostname() },
  });
}
