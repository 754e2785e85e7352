/** What the operator sees on a terminal: a summary at the start, then a line for each thing worth knowing. */
import { log as clack, intro, note } from '@clack/prompts';
import pc from 'picocolors';
import { duration } from '../protocol/duration.js';
import { printable } from '../protocol/printable.js';
import type { Retention } from '../server/files/cleanup.js';
import type { Log, LogFields } from '../server/log.js';
import { shellWord } from '../system/shell-word.js';
import { formatPin } from '../trust/pin.js';
import type { Io, Output } from './io.js';
import type { RunningServer } from './start-server.js';

export interface ServerScreen {
  readonly log: Log;
  /** @param words how this program was called, and the command that makes a join link */
  summary(server: RunningServer, words: Pick<Io, 'called'> & { invite: string }): void;
  closing(signal: string): void;
  closed(): void;
}

const whoMayJoin = {
  invite: 'with an invite',
  open: 'anybody who knows the address',
  closed: 'nobody new',
} as const;

export function createServerScreen(output: Output): ServerScreen {
  const line = (text: string): void => void output.write(`${text}\n`);
  // The summary comes first, whatever happens while it is being made.
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
        const told = describe(name, fields);
        if (told !== undefined) event(pc.green('●'), told);
      },
      warn(name, fields = {}) {
        const details = [fields.code, fields.why, fields.address].filter((part) => part !== undefined);
        event(pc.yellow('▲'), printable(`${name}: ${details.join(', ')}`));
      },
      error(name, error) {
        event(pc.red('■'), printable(`${name}: ${error instanceof Error ? error.message : String(error)}`));
      },
    },

    summary(server, { called, invite }) {
      const { certificate, data, registration, firstLink } = server;
      intro(`${pc.bold('secure-chat')}  ${printable(server.name)} is up`, { output });
      const rows: [string, string][] = [
        ['address', listening(server)],
        ['certificate', `${certificate.certFile}, until ${certificate.validTo.toISOString().slice(0, 10)}`],
        ['pin', formatPin(certificate.pin).replace('\n', `\n${' '.repeat(13)}`)],
        ['data', data],
        ['may join', whoMayJoin[registration]],
      ];
      if (server.keep !== undefined) rows.push(['keeps', keptWords(server.keep)]);
      note(rows.map(([name, value]) => `${pc.dim(name.padEnd(13))}${value}`).join('\n'), 'Running', {
        output,
      });
      // No frame around commands: they are there to be copied whole.
      const [best = '', ...others] = server.links();
      const connect = `${called} connect ${shellWord(firstLink ?? best)}`;
      const also = (): void => {
        if (others.length === 0) return;
        const hosts = others.map(hostOf).join(', ');
        clack.step(`Other addresses that work in place of ${hostOf(best)}: ${hosts}`, { output });
      };
      if (firstLink !== undefined) {
        clack.step('Make your own account first, in a second terminal; it becomes the admin:', { output });
        line(`\n${pc.cyan(connect)}\n`);
        also();
        clack.step(`Then invite others, one link a person: ${pc.cyan(invite)}`, { output });
      } else {
        clack.step('To sign in:', { output });
        line(`\n${pc.cyan(connect)}\n`);
        also();
        clack.step(`To invite somebody: ${pc.cyan(invite)}`, { output });
      }
      line(`\n${pc.dim('Ctrl-C ends the server.')}\n`);
      for (const told of early ?? []) line(told);
      early = undefined;
    },

    closing(signal) {
      event(pc.yellow('▲'), `${signal}: telling everybody, then closing. Once more to end at once.`);
    },
    closed() {
      event(pc.dim('○'), 'closed');
    },
  };
}

function describe(event: string, { name, address, code, role, reason }: LogFields): string | undefined {
  switch (event) {
    case 'account created':
      return `${name} has an account${role === 'admin' ? ` and is ${pc.bold('admin')}` : ''}`;
    case 'signed in':
      return `${name} is here ${pc.dim(`from ${address}`)}`;
    case 'connection ended':
    case 'connection lost': {
      const why = code === 'signed-out' ? reason : (code ?? 'connection lost');
      return name === undefined ? undefined : `${name} left ${why === undefined ? '' : pc.dim(String(why))}`;
    }
    case 'certificate reloaded':
      return event;
    default:
      return undefined;
  }
}

function keptWords({ ms, messages }: Retention): string {
  if (ms !== undefined) return `what was said and sent in the last ${days(ms)}`;
  return messages === undefined ? 'everything' : `the newest ${messages} messages of each conversation`;
}

function days(ms: number): string {
  const dayMs = 24 * 60 * 60_000;
  return ms % dayMs === 0 ? `${ms / dayMs} days` : duration(ms);
}

function listening({ address }: RunningServer): string {
  const everywhere = address.host === '::' || address.host === '0.0.0.0';
  return everywhere ? `all of this machine, port ${address.port}` : `${address.host} port ${address.port}`;
}

function hostOf(link: string): string {
  return link.split('/')[2] ?? link;
}
