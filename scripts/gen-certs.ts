/** `npm run gen-certs`: creates or renews a server certificate. Parses options and prints the result. */
import { realpathSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import picocolors from 'picocolors';
import { shellWord } from '../lib/system/shell-words.js';
import { daysMax } from '../lib/trust/certificate.js';
import { canonicalHost } from '../lib/trust/endpoint.js';
import { formatPin } from '../lib/trust/key.js';
import { CertificateError } from '../lib/trust/key-pair.js';
import { type Machine, machineHosts } from '../lib/trust/machine-addresses.js';
import { defaultDays, type Renewed, renewKeyPair } from '../lib/trust/renewal.js';

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface ScriptContext {
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

/** @returns the exit code: 0, 64 for invalid options, 74 for files that cannot be read, used or written */
export async function main(argv: readonly string[], context: ScriptContext): Promise<number> {
  const command = createCommand(context);
  try {
    command.parse(argv, { from: 'user' });
    const options = command.opts<Options>();
    const hosts = options.host ?? machineHosts(context.machine);
    const renewed = await renewKeyPair({
      cert: join(resolve(context.cwd, options.out), 'server.pem'),
      hosts,
      days: options.days,
      now: context.now,
      kind: options.rsa ? 'rsa' : undefined,
      newKey: options.newKey,
    });
    context.stdout.write(summary(renewed, context));
    return exits.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
    if (!(error instanceof CertificateError)) throw error;
    context.stderr.write(`gen-certs: ${error.message}\n`);
    return error.code === 'other-kind' ? exits.usage : exits.io;
  }
}

function createCommand({ stdout, stderr }: ScriptContext): Command {
  return new Command('gen-certs')
    .description(
      'Creates server.pem and server-key.pem. If there is a key already, renews its certificate; ' +
        'clients keep trusting the server.',
    )
    .addOption(
      new Option(
        '--host <name>',
        'a host name or address of the server; repeatable (default: all of this machine)',
      ).argParser(addHost),
    )
    .option('--days <n>', `validity in days, 1 to ${daysMax}`, parseDays, defaultDays)
    .option('--rsa', 'create an RSA-2048 key instead of P-256')
    .option('--new-key', 'replace the key; clients that know the old one will refuse the server')
    .option('--out <folder>', 'folder for both files', 'certs')
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
  if (host === undefined) throw new InvalidArgumentError('Use a host name or an IP address.');
  return [...new Set([...hosts, host])];
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > daysMax) {
    throw new InvalidArgumentError(`Use a whole number from 1 to ${daysMax}.`);
  }
  return days;
}

function summary(renewed: Renewed, { stdout, env, cwd, now }: ScriptContext): string {
  const { bold, cyan, dim, green } = picocolors.createColors(isColourful(stdout, env));
  const cert = shownPath(cwd, renewed.certFile);
  const [pinStart, pinEnd] = formatPin(renewed.pin).split('\n');
  const days = Math.round((renewed.validTo.getTime() - now) / 86_400_000);
  const rows = [
    ['certificate', cert],
    ['key', `${shownPath(cwd, renewed.keyFile)} ${dim(renewed.isNewKey ? '(new)' : '(unchanged)')}`],
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
  return `${green('✔')} ${renewed.isNewKey ? 'Created a new key and certificate' : 'Renewed the certificate'}\n\n${body}\nNext: ${cyan(next)}\n`;
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
function isColourful(stdout: Output, env: ScriptContext['env']): boolean {
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
