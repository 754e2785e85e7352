/** What the operator sees on a terminal: a summary at start, then a line for each event. Knows no server internals. */
import { log as clack, intro, note } from '@clack/prompts';
import pc from 'picocolors';
import { printable } from '../protocol/printable.js';
import { duration } from '../protocol/quantities.js';
import type { Retention } from '../server/files/cleanup.js';
import type { Log, LogFields } from '../server/log.js';
import { shellWord } from '../system/shell-words.js';
import { formatEndpoint, otherHosts } from '../trust/endpoint.js';
import { formatPin } from '../trust/key.js';
import type { OutputStream } from './command.js';
import { guestCommand, guestFile, type Installation } from './installation.js';
import type { RunningServer } from './start-server.js';

/** Commands to print: by how the program is called here and by guests, and the one that creates a join link. */
interface SummaryCommands extends Installation {
  readonly invite: string;
}

export interface ServerScreen {
  readonly log: Log;
  summary(server: RunningServer, commands: SummaryCommands): void;
  closing(signal: string): void;
  closed(): void;
}

export function createServerScreen(output: OutputStream): ServerScreen {
  const line = (text: string): void => void output.write(`${text}\n`);
  // Events during start come after the summary.
  let early: string[] | undefined = [];

  function event(mark: string, text: string): void {
    const time = new Date().toTimeString().slice(0, 5);
    const whole = `${pc.dim(time)} ${mark} ${text}`;
    if (early === undefined) line(whole);
    else early.push(whole);
  }

  return {
    log: {
      info(name, fields = {}) {
        const text = eventText(name, fields);
        if (text !== undefined) event(pc.green('●'), text);
      },
      warn(name, fields = {}) {
        event(pc.yellow('▲'), printable([name, detailsOf(fields)].filter((part) => part !== '').join(': ')));
      },
      error(name, error) {
        event(pc.red('■'), printable(`${name}: ${error instanceof Error ? error.message : String(error)}`));
      },
    },
    summary(server, commands) {
      intro(`${pc.bold('secure-chat')}  ${printable(server.name)} is running`, { output });
      const rows = factsOf(server).map(([name, value]) => `${pc.dim(name.padEnd(labelWidth))}${value}`);
      note(rows.join('\n'), 'Server', { output });
      printCommands(server, commands, output);
      line(`\n${pc.dim('Ctrl-C stops the server.')}\n`);
      for (const text of early ?? []) line(text);
      early = undefined;
    },
    closing(signal) {
      event(pc.yellow('▲'), `${signal}: closing connections. Press Ctrl-C again to stop at once.`);
    },
    closed() {
      event(pc.dim('○'), 'stopped');
    },
  };
}

const labelWidth = 13;

const signUp = {
  invite: 'with an invite',
  open: 'open to anyone with the address',
  closed: 'closed',
} as const;

function factsOf({
  address,
  certificate,
  data,
  database,
  registration,
  webhooks,
  metrics,
  keep,
}: RunningServer): [string, string][] {
  const everywhere = address.host === '::' || address.host === '0.0.0.0';
  const where = everywhere ? 'all addresses' : address.host;
  return [
    ['listening on', `${where}, port ${address.port}`],
    ['certificate', `${certificate.certFile}, until ${certificate.validTo.toISOString().slice(0, 10)}`],
    ['fingerprint', formatPin(certificate.pin).replace('\n', `\n${' '.repeat(labelWidth)}`)],
    ['data', data],
    ...only('database', database),
    ['sign-up', signUp[registration]],
    ...only('webhooks', webhooks),
    ...only('metrics', metrics && `http://${formatEndpoint(metrics)}/metrics`),
    ...only('history', keep && retentionText(keep)),
  ];
}

function only(label: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[label, value]];
}

function printCommands(
  server: RunningServer,
  { called, invite, guests }: SummaryCommands,
  output: OutputStream,
): void {
  const links = server.links();
  const [best = ''] = links;
  const others = otherHosts(links);
  const first = server.firstLink;
  clack.step(
    first === undefined
      ? 'To sign in:'
      : 'Create your own account first, in a second terminal; it becomes the admin:',
    { output },
  );
  // No frame around a command that is there to be copied whole.
  output.write(`\n${pc.cyan(`${called} connect ${shellWord(first ?? best)}`)}\n\n`);
  if (others !== undefined) clack.step(others, { output });
  clack.step(first === undefined ? 'To invite someone:' : 'Then invite others, one link per person:', {
    output,
  });
  output.write(`\n${pc.cyan(invite)}\n\n`);
  clack.step('With such a link, they run:', { output });
  output.write(`\n${pc.cyan(guestCommand(guests, 'LINK'))}\n`);
  const file = guestFile(guests);
  if (file !== undefined) output.write(`\n${pc.dim(printable(file))}\n`);
}

/** Some fields say what they are by themselves. */
function detailsOf({ code, why, address, ...others }: LogFields): string {
  const named = Object.entries(others).map(([field, value]) => value !== undefined && `${field} ${value}`);
  return [code, why, address, ...named].filter((part) => part !== undefined && part !== false).join(', ');
}

function eventText(
  event: string,
  { name, address, code, role, reason, count, options }: LogFields,
): string | undefined {
  switch (event) {
    case 'account created':
      return `${name} created an account${role === 'admin' ? ` and is ${pc.bold('admin')}` : ''}`;
    case 'signed in':
      return `${name} signed in ${pc.dim(`from ${address}`)}`;
    case 'connection ended':
    case 'connection lost': {
      const why = code === 'signed-out' ? reason : (code ?? 'connection lost');
      return name === undefined ? undefined : `${name} left ${why === undefined ? '' : pc.dim(String(why))}`;
    }
    case 'account recovered':
      return `${name} recovered the account ${pc.dim(`from ${address}`)}`;
    case 'old messages deleted':
    case 'unused files deleted':
      return `${event}: ${count}`;
    case 'settings changed':
      return `${event}: ${options}`;
    case 'certificate reloaded':
    case 'clock is trusted again':
      return event;
    default:
      return undefined;
  }
}

function retentionText({ ms, messages }: Retention): string {
  if (ms !== undefined) return `messages and files of the last ${days(ms)}`;
  return messages === undefined ? 'everything' : `the newest ${messages} messages of each conversation`;
}

function days(ms: number): string {
  const dayMs = 24 * 60 * 60_000;
  return ms % dayMs === 0 ? `${ms / dayMs} days` : duration(ms);
}
