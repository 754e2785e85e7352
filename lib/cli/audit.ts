/** `secure-chat audit`: who did what to whom, for the operator. */
import { type Command, Option } from 'commander';
import { momentForms } from '../client/commands/moment.js';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import type { AuditEntry } from '../protocol/records.js';
import { countArgument, momentArgument } from './arguments.js';
import { dataFolder, dataOption } from './data-folder.js';
import type { Io } from './io.js';
import { operate } from './operate.js';

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly limit: number;
  readonly since?: number;
}

export function addAudit(program: Command, io: Io): void {
  program
    .command('audit')
    .summary('who did what to whom')
    .description('Prints the audit log, the oldest first: what was done in private rooms too.')
    .addOption(dataOption())
    .option('--json', 'one JSON object a line')
    .addOption(
      new Option('--limit <NUMBER>', 'the newest so many')
        .default(1_000)
        .argParser(countArgument(1, 1_000_000)),
    )
    .addOption(new Option('--since <DATE>', `from then on: ${momentForms}`).argParser(momentArgument))
    .action((flags: Flags) => audit(flags, io));
}

async function audit({ json, limit, since = 0, ...flags }: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const entries: AuditEntry[] = [];
  for (let before: number | undefined; entries.length < limit; ) {
    const page = Math.min(limits.auditPage, limit - entries.length);
    const asked = { limit: page, ...(before !== undefined && { before }) };
    const { audit: found } = (await operate({ data, io }, 'audit', asked)) as { audit: AuditEntry[] };
    const wanted = found.filter(({ at }) => Date.parse(at) >= since);
    entries.push(...wanted);
    before = found.at(-1)?.id;
    if (wanted.length < page) break;
  }
  for (const entry of entries.toReversed())
    io.stdout.write(`${json ? JSON.stringify(entry) : line(entry)}\n`);
}

function line({ at, by, action, on, room, detail, reason }: AuditEntry): string {
  const words = [
    at,
    by,
    action,
    on ?? '',
    room === undefined ? '' : `#${room}`,
    detail === undefined ? '' : `(${detail})`,
  ];
  const text = words.filter((word) => word !== '').join(' ');
  return printable(reason === undefined ? text : `${text}: ${reason}`);
}
