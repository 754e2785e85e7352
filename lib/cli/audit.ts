/** `secure-chat audit`: prints the audit log. */
import { type Command, Option } from 'commander';
import { limits } from '../protocol/limits.js';
import { printable, printableJson } from '../protocol/printable.js';
import type { AuditEntry } from '../protocol/records.js';
import type { Io } from './command.js';
import { operate, operateExits } from './operate.js';
import { addOperatorCommand, type DataFlags, operatorContext } from './operator-context.js';
import { countArgument } from './option-values.js';
import { sinceOption } from './since-option.js';

interface Flags extends DataFlags {
  readonly json?: true;
  readonly limit: number;
  readonly since?: number;
}

export function addAudit(program: Command, io: Io): void {
  addOperatorCommand(program, io, 'audit', {
    description: 'Prints the audit log, oldest first: who did what to whom, also in private rooms.',
    examples: ['secure-chat audit --since 2w'],
    exits: operateExits,
  })
    .option('--json', 'print one JSON object per line')
    .addOption(
      new Option('--limit <NUMBER>', 'at most this many entries, the newest')
        .default(1_000)
        .argParser(countArgument(1, 1_000_000)),
    )
    .addOption(sinceOption())
    .action((flags: Flags) => audit(flags, io));
}

async function audit({ json, limit, since = 0, ...flags }: Flags, io: Io): Promise<void> {
  const where = await operatorContext(flags, io);
  const entries: AuditEntry[] = [];
  for (let before: number | undefined; entries.length < limit; ) {
    const page = Math.min(limits.auditPage, limit - entries.length);
    const request = { limit: page, ...(before !== undefined && { before }) };
    const { audit: found } = (await operate(where, 'audit', request)) as { audit: AuditEntry[] };
    const wanted = found.filter(({ at }) => Date.parse(at) >= since);
    entries.push(...wanted);
    before = found.at(-1)?.id;
    if (wanted.length < page) break;
  }
  for (const entry of entries.toReversed()) io.stdout.write(`${json ? printableJson(entry) : line(entry)}\n`);
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
