/** `secure-chat user`: manages accounts. Knows options and prompts; operate.ts does the work. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { createClackPrompter } from '../client/sign-in/clack-prompter.js';
import { askNewPassword } from '../client/sign-in/sign-in-questions.js';
import type { RawFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import { parseDuration } from '../protocol/quantities.js';
import { failureExit } from './client-failure.js';
import { addHelpEnd, Exit, exitCode, type HelpEnd, type Io } from './command.js';
import { dataFolder, dataOption } from './folders.js';
import { printLinks } from './invite.js';
import { operate, operateExits } from './operate.js';
import { readPasswordFile } from './option-files.js';
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
const exits: HelpEnd['exits'] = [...operateExits, exitCode.refused];
const asking: HelpEnd['exits'] = [...exits, exitCode.interrupted];

export function addUser(program: Command, io: Io): void {
  const user = program
    .command('user')
    .summary('manage accounts')
    .description("Manages accounts, on the server's machine, whether the server is running or not.");
  addHelpEnd(user, {
    text: `Passwords are asked for, or read from --password-file or standard input; they
are never arguments. The audit log shows these changes as the operator's.`,
    examples: ['secure-chat user add ana', 'secure-chat user list'],
    exits: asking,
  });
  addAccounts(user, io);
  addCredentials(user, io);
  addBans(user, io);
}

function addAccounts(user: Command, io: Io): void {
  const add = subcommand(user, 'add', 'create an account', 'Creates an account.')
    .argument('<NAME>', 'its name')
    .addOption(new Option('--role <ROLE>', 'its role').choices(roles).default('member'))
    .addOption(passwordFileOption())
    .action((name: string, flags: Flags) => done(addAccount(name, flags, io)));
  addHelpEnd(add, {
    text: 'A bot has no password: secure-chat user token NAME creates its token.',
    examples: ['secure-chat user add ana --role admin', 'secure-chat user add robot --role bot'],
    exits: asking,
  });
  const list = subcommand(user, 'list', 'list all accounts', 'Lists all accounts.')
    .option('--json', 'print one JSON object per line')
    .action((flags: Flags) => done(listAccounts(flags, io)));
  addHelpEnd(list, { examples: ['secure-chat user list'], exits: operateExits });
  const role = subcommand(user, 'role', 'change a role', 'Changes the role of an account.')
    .argument('<NAME>', 'whose role')
    .argument('<ROLE>', roles.join(', '))
    .action((name: string, to: string, flags: Flags) =>
      done(change({ flags, io }, 'user-role', { name, role: to }, `${name} is now ${to}.`)),
    );
  addHelpEnd(role, { examples: ['secure-chat user role ben moderator'], exits });
  const remove = subcommand(
    user,
    'remove',
    'remove an account',
    'Removes an account for good. Its messages stay, and its name stays reserved.',
  )
    .argument('<NAME>', 'which account')
    .option('--yes', 'do not ask')
    .action((name: string, flags: Flags) => done(removeAccount(name, flags, io)));
  addHelpEnd(remove, { examples: ['secure-chat user remove ben --yes'], exits: asking });
}

function addCredentials(user: Command, io: Io): void {
  const passwd = subcommand(
    user,
    'passwd',
    'set a password',
    'Sets a password, and ends all sessions of the account.',
  )
    .argument('<NAME>', 'whose password')
    .addOption(passwordFileOption())
    .addOption(
      new Option('--link', 'print a link to set it: works once, within a day').conflicts('passwordFile'),
    )
    .action((name: string, flags: Flags) => done(setPassword(name, flags, io)));
  addHelpEnd(passwd, { examples: ['secure-chat user passwd ana --link'], exits: asking });
  const token = subcommand(
    user,
    'token',
    'create a token for a bot',
    'Creates a token that signs in to an account for ten years, and prints only the token.',
  )
    .argument('<NAME>', 'which account')
    .action((name: string, flags: Flags) => done(makeToken(name, flags, io)));
  addHelpEnd(token, {
    text: `Give it to a program as SECURE_CHAT_TOKEN or --token-file. A ban or a new
password revokes it.`,
    examples: ['secure-chat user token robot > robot.token'],
    exits,
  });
}

function addBans(user: Command, io: Io): void {
  const banned = subcommand(
    user,
    'ban',
    'ban an account or address',
    'Bans an account or an address, and ends its sessions.',
  )
    .argument('<NAME|ADDRESS>', 'an account, or an address such as 192.0.2.7 or 192.0.2.0/24')
    .addOption(new Option('--for <TIME>', 'how long: 30m, 12h, 7d; default: for good').argParser(banArgument))
    .option('--reason <TEXT>', 'shown to the banned person')
    .action((who: string, flags: Flags) => done(ban(who, flags, io)));
  addHelpEnd(banned, { examples: ['secure-chat user ban ben --for 7d --reason spam'], exits });
  const unban = subcommand(user, 'unban', 'lift a ban', 'Lifts the ban of an account or address.')
    .argument('<NAME|ADDRESS>', 'as it was banned')
    .action((who: string, flags: Flags) =>
      done(change({ flags, io }, 'user-unban', subject(who), `Unbanned ${printable(who)}.`)),
    );
  addHelpEnd(unban, { examples: ['secure-chat user unban ben'], exits });
}

function subcommand(user: Command, name: string, summary: string, description: string): Command {
  return user.command(name).summary(summary).description(description).addOption(dataOption());
}

function passwordFileOption(): Option {
  return new Option('--password-file <FILE>', 'read the password from its first line; only you may read it');
}

/** @throws Exit for the failures of the prompts as well */
function done(work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    throw failureExit(error);
  });
}

interface Given {
  readonly flags: Flags;
  readonly io: Io;
}

async function change({ flags, io }: Given, command: string, args: RawFrame, text: string): Promise<void> {
  await operate({ data: dataFolder(flags.data, io), io }, command, args);
  io.stderr.write(`${text}\n`);
}

async function addAccount(name: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  const bot = flags.role === 'bot';
  if (bot && flags.passwordFile !== undefined)
    throw new Exit(exitCode.usage, 'A bot has no password: omit --password-file.');
  const password = bot ? {} : { password: await newPassword(name, flags, io) };
  const { recovery } = await operate({ data, io }, 'user-add', { name, role: flags.role, ...password });
  io.stderr.write(`Created the account ${name}.\n`);
  if (recovery === undefined || io.stdout.isTTY !== true) return;
  io.stderr.write('Recovery code, shown only once; it sets a new password if this one is lost:\n');
  io.stdout.write(`${recovery}\n`);
}

interface ListedAccount {
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
  const listed = users as ListedAccount[];
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
  const table = [['NAME', 'ROLE', 'CREATED', 'LAST SEEN', 'STATE'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    io.stdout.write(`${line.trimEnd()}\n`);
  }
}

function states({ removed, banned, factor, online }: ListedAccount): string {
  const words = [
    removed ? 'removed' : '',
    banned ? 'banned' : '',
    factor ? 'second factor' : '',
    online > 0 ? 'online' : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}

async function setPassword(name: string, flags: Flags, io: Io): Promise<void> {
  const data = dataFolder(flags.data, io);
  if (flags.link) return printLinks(await operate({ data, io }, 'user-reset', { name }), io, 'once');
  const password = await newPassword(name, flags, io);
  await operate({ data, io }, 'user-passwd', { name, password });
  io.stderr.write(`Changed the password of ${name} and ended all its sessions.\n`);
}

async function makeToken(name: string, flags: Flags, io: Io): Promise<void> {
  const { token } = await operate({ data: dataFolder(flags.data, io), io }, 'user-token', { name });
  io.stdout.write(`${token}\n`);
}

async function removeAccount(name: string, flags: Flags, io: Io): Promise<void> {
  if (!flags.yes) {
    if (io.stdin.isTTY !== true) throw new Exit(exitCode.usage, 'Not a terminal: pass --yes.');
    const message = `Remove the account ${printable(name)} for good? Its name stays reserved`;
    const sure = await withPrompter(io, (prompter) => prompter.confirm({ message }));
    if (!sure) throw new Exit(exitCode.ok);
  }
  await change({ flags, io }, 'user-remove', { name }, `Removed the account ${name}.`);
}

async function ban(who: string, { for: ms, reason, ...flags }: Flags, io: Io): Promise<void> {
  const terms = { ...(ms !== undefined && { ms }), ...(reason !== undefined && { reason }) };
  await change({ flags, io }, 'user-ban', { ...subject(who), ...terms }, `Banned ${printable(who)}.`);
}

function subject(who: string): { name: string } | { address: string } {
  return /[:/]|^\d+(\.\d+){3}$/.test(who) ? { address: who } : { name: who };
}

function banArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= limits.banMs) return ms;
  throw new InvalidArgumentError('Give a time such as 30m, 12h or 7d, up to ten years; omit it for good.');
}

/** Asked for twice on a terminal; elsewhere the first line of the file or of standard input. */
async function newPassword(name: string, { passwordFile }: Flags, io: Io): Promise<string> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile);
  if (io.stdin.isTTY === true) {
    return withPrompter(io, (prompter) =>
      askNewPassword(prompter, { name, passwordMin: limits.passwordMin }),
    );
  }
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 2 * limits.passwordMaxBytes) break;
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw new Exit(exitCode.usage, 'No password on standard input. Pipe it in, or use --password-file.');
  return line;
}

async function withPrompter<T>(
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
