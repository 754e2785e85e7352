/** `secure-chat user`: manages accounts. Knows options and prompts; operate.ts does the work. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClackPrompter } from '../client/sign-in/clack-prompter.js';
import { askNewPassword } from '../client/sign-in/sign-in-questions.js';
import type { RawFrame } from '../protocol/frame.js';
import { limits } from '../protocol/limits.js';
import { printable, printableJson } from '../protocol/printable.js';
import { parseDuration } from '../protocol/quantities.js';
import { failureExit } from './client-failure.js';
import { addCommand, type CommandHelp, Exit, type Io } from './command.js';
import { printLinks } from './invite.js';
import { operate, operateExits } from './operate.js';
import { addOperatorCommand, type DataFlags, operatorContext } from './operator-context.js';
import { readPasswordFile } from './option-values.js';
import { suspend, watchSignals } from './stop.js';

interface Flags extends DataFlags {
  readonly role?: string;
  readonly passwordFile?: string;
  readonly link?: true;
  readonly json?: true;
  readonly yes?: true;
  readonly for?: number;
  readonly reason?: string;
}

const roles = ['admin', 'moderator', 'member', 'bot'];
const exits: CommandHelp['exits'] = [...operateExits, 'refused'];
const asking: CommandHelp['exits'] = [...exits, 'interrupted'];

export function addUser(program: Command, io: Io): void {
  const user = addCommand(program, 'user', {
    description: "Manages accounts, on the server's machine, whether the server is running or not.",
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
  addOperatorCommand(user, io, 'add', {
    summary: 'create an account',
    description: 'Creates an account.',
    text: 'A bot has no password: secure-chat user token NAME creates its token.',
    examples: ['secure-chat user add ana --role admin', 'secure-chat user add robot --role bot'],
    exits: asking,
  })
    .argument('<NAME>', 'its name')
    .addOption(new Option('--role <ROLE>', 'its role').choices(roles).default('member'))
    .addOption(passwordFileOption())
    .action((name: string, flags: Flags) => done(addAccount(name, flags, io)));
  addOperatorCommand(user, io, 'list', {
    summary: 'list all accounts',
    description: 'Lists all accounts.',
    examples: ['secure-chat user list'],
    exits: operateExits,
  })
    .option('--json', 'print one JSON object per line')
    .action((flags: Flags) => done(listAccounts(flags, io)));
  addOperatorCommand(user, io, 'role', {
    summary: 'change a role',
    description: 'Changes the role of an account.',
    examples: ['secure-chat user role ben moderator'],
    exits,
  })
    .argument('<NAME>', 'whose role')
    .argument('<ROLE>', roles.join(', '))
    .action((name: string, to: string, flags: Flags) =>
      done(change({ flags, io }, 'user-role', { name, role: to }, `${name} is now ${to}.`)),
    );
  addOperatorCommand(user, io, 'remove', {
    summary: 'remove an account',
    description: 'Removes an account for good. Its messages stay, and its name stays reserved.',
    examples: ['secure-chat user remove ben --yes'],
    exits: asking,
  })
    .argument('<NAME>', 'which account')
    .option('--yes', 'do not ask')
    .action((name: string, flags: Flags) => done(removeAccount(name, flags, io)));
}

function addCredentials(user: Command, io: Io): void {
  addOperatorCommand(user, io, 'passwd', {
    summary: 'set a password',
    description: 'Sets a password, and ends all sessions of the account.',
    examples: ['secure-chat user passwd ana --link'],
    exits: asking,
  })
    .argument('<NAME>', 'whose password')
    .addOption(passwordFileOption())
    .addOption(
      new Option('--link', 'print a link to set it: works once, within a day').conflicts('passwordFile'),
    )
    .action((name: string, flags: Flags) => done(setPassword(name, flags, io)));
  addOperatorCommand(user, io, 'token', {
    summary: 'create a token for a bot, and the bot if it does not exist',
    description: 'Creates a token that signs in to an account for ten years, and prints only the token.',
    text: `If no account has that name, it creates a bot, which has no password.
Give the token to a program as SECURE_CHAT_TOKEN or --token-file. A ban or a new
password revokes it.`,
    examples: ['(umask 077; secure-chat user token robot > robot.token)'],
    exits,
  })
    .argument('<NAME>', 'which account')
    .action((name: string, flags: Flags) => done(makeToken(name, flags, io)));
}

function addBans(user: Command, io: Io): void {
  addOperatorCommand(user, io, 'ban', {
    summary: 'ban an account or address',
    description: 'Bans an account or an address, and ends its sessions.',
    examples: ['secure-chat user ban ben --for 7d --reason spam'],
    exits,
  })
    .argument('<NAME|ADDRESS>', 'an account, or an address such as 192.0.2.7 or 192.0.2.0/24')
    .addOption(new Option('--for <TIME>', 'how long: 30m, 12h, 7d; default: for good').argParser(banArgument))
    .option('--reason <TEXT>', 'shown to the banned person')
    .action((who: string, flags: Flags) => done(ban(who, flags, io)));
  addOperatorCommand(user, io, 'unban', {
    summary: 'lift a ban',
    description: 'Lifts the ban of an account or address.',
    examples: ['secure-chat user unban ben'],
    exits,
  })
    .argument('<NAME|ADDRESS>', 'as it was banned')
    .action((who: string, flags: Flags) =>
      done(change({ flags, io }, 'user-unban', subject(who), `Unbanned ${printable(who)}.`)),
    );
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
  await operate(await operatorContext(flags, io), command, args);
  io.stderr.write(`${text}\n`);
}

async function addAccount(name: string, flags: Flags, io: Io): Promise<void> {
  const where = await operatorContext(flags, io);
  const bot = flags.role === 'bot';
  if (bot && flags.passwordFile !== undefined)
    throw new Exit('usage', 'A bot has no password: omit --password-file.');
  const password = bot ? {} : { password: await newPassword(name, flags, io) };
  const { recovery } = await operate(where, 'user-add', { name, role: flags.role, ...password });
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
  const { users } = await operate(await operatorContext(flags, io), 'user-list');
  const listed = users as ListedAccount[];
  if (flags.json) {
    for (const { at, used, ...user } of listed) {
      const times = {
        at: new Date(at).toISOString(),
        ...(used !== undefined && { used: new Date(used).toISOString() }),
      };
      io.stdout.write(`${printableJson({ ...user, ...times })}\n`);
    }
    return;
  }
  const day = (at: number | undefined) =>
    at === undefined ? 'never' : new Date(at).toISOString().slice(0, 10);
  const rows = listed.map((user) => [
    printable(user.name),
    user.role,
    day(user.at),
    day(user.used),
    states(user),
  ]);
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
  const where = await operatorContext(flags, io);
  if (flags.link) return printLinks(await operate(where, 'user-reset', { name }), io, 'once');
  const password = await newPassword(name, flags, io);
  await operate(where, 'user-passwd', { name, password });
  io.stderr.write(`Changed the password of ${name} and ended all its sessions.\n`);
}

async function makeToken(name: string, flags: Flags, io: Io): Promise<void> {
  const { token, created } = await operate(await operatorContext(flags, io), 'user-token', { name });
  if (created) io.stderr.write(`Created the bot ${printable(name)}.\n`);
  io.stdout.write(`${token}\n`);
}

async function removeAccount(name: string, flags: Flags, io: Io): Promise<void> {
  if (!flags.yes) {
    if (io.stdin.isTTY !== true) throw new Exit('usage', 'Not a terminal: pass --yes.');
    const message = `Remove the account ${printable(name)} for good? Its name stays reserved`;
    const sure = await withPrompter(io, (prompter) => prompter.confirm({ message }));
    if (!sure) throw new Exit('ok');
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
    throw new Exit('usage', 'No password on standard input. Pipe it in, or use --password-file.');
  return line;
}

async function withPrompter<T>(io: Io, ask: (prompter: ClackPrompter) => Promise<T>): Promise<T> {
  const stop = watchSignals(io.signals);
  try {
    const { createClackPrompter } = await import('../client/sign-in/clack-prompter.js');
    return await ask(createClackPrompter({ ...io, stop: stop.signal, suspend }));
  } finally {
    stop.release();
  }
}
