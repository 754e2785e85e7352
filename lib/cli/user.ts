/** `secure-chat user`: accounts, by the operator's hand. Knows options and prompts; what is done is in operate.ts. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { createClackPrompter } from '../client/sign-in/clack-prompter.js';
import { askNewPassword } from '../client/sign-in/sign-in-questions.js';
import { parseDuration } from '../protocol/duration.js';
import type { RawFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { dataFolder, dataOption } from './data-folder.js';
import { Exit, exitCode } from './exit.js';
import { failureExit } from './failure.js';
import { printLinks } from './invite.js';
import type { Io } from './io.js';
import { operate } from './operate.js';
import { readPasswordFile } from './password-file.js';
import { watchSignals } from './stop.js';

interface Flags {
  readonly data?: string;
  readonly role?: string;
  readonly passwordFile?: string;
  readonly link?: true;
  readonly json?: true;
  readonly yes?: true;
  readonly for?: number;
  readonly reason?: string;
}

const roles = ['admin', 'moderator', 'member', 'bot'];

export function addUser(program: Command, io: Io): void {
  const user = program
    .command('user')
    .summary('make, list and look after accounts')
    .description('Accounts, on the machine of the server, whether it runs or not.')
    .addHelpText(
      'after',
      `
Passwords are asked for, or are the first line of --password-file or of standard input; they are never
arguments. What is done here is in the audit log, as done by the operator.`,
    );
  const add = (name: string, summary: string): Command => {
    const command = user
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
    return command.addOption(dataOption());
  };
  const role = (text: string) => new Option('--role <ROLE>', text).choices(roles).default('member');
  const passwordFile = () =>
    new Option('--password-file <FILE>', 'its first line; only you may read the file');
  const done = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      throw failureExit(error);
    });

  add('add', 'make an account')
    .argument('<NAME>', 'what it is called')
    .addOption(role('what it is'))
    .addOption(passwordFile())
    .addHelpText('after', '\nA bot has no password: secure-chat user token NAME makes what it signs in with.')
    .action((name: string, flags: Flags) => done(addAccount(name, flags, io)));
  add('list', 'list all accounts')
    .option('--json', 'one JSON object a line')
    .action((flags: Flags) => done(listAccounts(flags, io)));
  add('passwd', 'set a password; everything that the account is signed in with ends')
    .argument('<NAME>', 'whose')
    .addOption(passwordFile())
    .addOption(
      new Option('--link', 'print a link with which they set it themselves, once, within a day').conflicts(
        'passwordFile',
      ),
    )
    .action((name: string, flags: Flags) => done(setPassword(name, flags, io)));
  add('role', 'make somebody something else')
    .argument('<NAME>', 'who')
    .argument('<ROLE>', roles.join(', '))
    .action((name: string, to: string, flags: Flags) =>
      done(act({ flags, io }, 'user-role', { name, role: to }, `${name} is ${to} now.`)),
    );
  add('token', 'make a token that signs in as this account for ten years, and print it alone on stdout')
    .argument('<NAME>', 'whose; make an account of its own for a bot')
    .addHelpText(
      'after',
      '\nGive it to a program as SECURE_CHAT_TOKEN or --token-file. A ban or a new password ends it.',
    )
    .action((name: string, flags: Flags) => done(makeToken(name, flags, io)));
  add('remove', 'remove an account; what it said stays, and its name stays taken')
    .argument('<NAME>', 'whose')
    .option('--yes', 'ask nothing')
    .action((name: string, flags: Flags) => done(removeAccount(name, flags, io)));
  add('ban', 'keep somebody out; everything that they are signed in with ends')
    .argument('<NAME|ADDRESS>', 'an account, or an address such as 192.0.2.7 or 192.0.2.0/24')
    .addOption(new Option('--for <TIME>', 'how long: 30m, 12h, 7d; default: for good').argParser(banArgument))
    .option('--reason <TEXT>', 'what they are told')
    .action((who: string, flags: Flags) => done(ban(who, flags, io)));
  add('unban', 'let somebody in again')
    .argument('<NAME|ADDRESS>', 'as it was banned')
    .action((who: string, flags: Flags) =>
      done(act({ flags, io }, 'user-unban', subject(who), `${printable(who)} may come again.`)),
    );
}

interface Given {
  readonly flags: Flags;
  readonly io: Io;
}

async function act({ flags, io }: Given, command: string, args: RawFrame, told: string): Promise<void> {
  await operate({ data: dataFolder(flags.data, io), io }, command, args);
  io.stderr.write(`${told}\n`);
}

async function addAccount(name: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const bot = flags.role === 'bot';
  if (bot && flags.passwordFile !== undefined)
    throw new Exit(exitCode.usage, 'A bot has no password: leave --password-file out.');
  const password = bot ? {} : { password: await newPassword(name, flags, io) };
  const { recovery } = await operate({ data, io }, 'user-add', { name, role: flags.role, ...password });
  io.stderr.write(`${name} has an account.\n`);
  if (recovery === undefined || io.stdout.isTTY !== true) return;
  io.stderr.write('With this code a new password can be set when that one is lost; it is not shown again:\n');
  io.stdout.write(`${recovery}\n`);
}

interface Listed {
  readonly name: string;
  readonly role: string;
  readonly at: number;
  readonly used?: number;
  readonly factor: boolean;
  readonly removed: boolean;
  readonly banned: boolean;
  readonly online: number;
}

async function listAccounts(flags: Flags, io: Io): Promise<void> {
  const { users } = await operate({ data: dataFolder(flags.data, io), io }, 'user-list');
  const listed = users as Listed[];
  if (flags.json) {
    for (const { at, used, ...user } of listed) {
      const times = {
        at: new Date(at).toISOString(),
        ...(used !== undefined && { used: new Date(used).toISOString() }),
      };
      io.stdout.write(`${JSON.stringify({ ...user, ...times })}\n`);
    }
    return;
  }
  const day = (at: number | undefined) =>
    at === undefined ? 'never' : new Date(at).toISOString().slice(0, 10);
  const rows = listed.map((user) => [user.name, user.role, day(user.at), day(user.used), states(user)]);
  const table = [['NAME', 'ROLE', 'SINCE', 'LAST SEEN', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    io.stdout.write(`${line.trimEnd()}\n`);
  }
}

function states({ removed, banned, factor, online }: Listed): string {
  const words = [
    removed ? 'removed' : '',
    banned ? 'banned' : '',
    factor ? 'second factor' : '',
    online > 0 ? 'here now' : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}

async function setPassword(name: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  if (flags.link) return printLinks(await operate({ data, io }, 'user-reset', { name }), io, 'once');
  const password = await newPassword(name, flags, io);
  await operate({ data, io }, 'user-passwd', { name, password });
  io.stderr.write(`${name} has a new password, and is signed in nowhere.\n`);
}

async function makeToken(name: string, flags: Flags, io: Io): Promise<void> {
  const { token } = await operate({ data: dataFolder(flags.data, io), io }, 'user-token', { name });
  io.stdout.write(`${token}\n`);
}

async function removeAccount(name: string, flags: Flags, io: Io): Promise<void> {
  if (!flags.yes) {
    if (io.stdin.isTTY !== true) throw new Exit(exitCode.usage, 'Nobody can be asked: add --yes.');
    const message = `Remove the account of ${printable(name)} for good? Its name stays taken`;
    const sure = await asking(io, (prompter) => prompter.confirm({ message }));
    if (!sure) throw new Exit(exitCode.ok);
  }
  await act({ flags, io }, 'user-remove', { name }, `${name} has no account any more.`);
}

async function ban(who: string, { for: ms, reason, ...flags }: Flags, io: Io): Promise<void> {
  const terms = { ...(ms !== undefined && { ms }), ...(reason !== undefined && { reason }) };
  await act({ flags, io }, 'user-ban', { ...subject(who), ...terms }, `${printable(who)} is banned.`);
}

function subject(who: string): { name: string } | { address: string } {
  return /[:/]|^\d+(\.\d+){3}$/.test(who) ? { address: who } : { name: who };
}

function banArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= limits.banMs) return ms;
  throw new InvalidArgumentError(
    'It takes a time such as 30m, 12h or 7d, up to ten years; leave it out for good.',
  );
}

/** Asked for twice on a terminal; elsewhere the first line of the file or of standard input. */
async function newPassword(name: string, { passwordFile }: Flags, io: Io): Promise<string> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile);
  if (io.stdin.isTTY === true) {
    return asking(io, (prompter) => askNewPassword(prompter, { name, passwordMin: limits.passwordMin }));
  }
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 2 * limits.passwordMaxBytes) break;
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw new Exit(
      exitCode.usage,
      'No password: standard input is empty. Write it there, or use --password-file.',
    );
  return line;
}

async function asking<T>(
  io: Io,
  ask: (prompter: ReturnType<typeof createClackPrompter>) => Promise<T>,
): Promise<T> {
  const stop = watchSignals(io.signals);
  try {
    return await ask(createClackPrompter({ ...io, stop: stop.signal }));
  } finally {
    stop.release();
  }
}
