/**
 * `npm run man`: writes the manual pages, secure-chat(1) and one for each command, from the same table as --help. Knows
 * man(7), no command.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { exitsOf, helpOf, type Io } from '../lib/cli/command.js';
import { createWholeProgram, programExamples } from '../lib/cli/main.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** By the file's name. The same program makes the same text. */
export async function manPages(): Promise<Map<string, string>> {
  // Of the process, only the environment is read while commands are added.
  const program = await createWholeProgram({ env: {} } as Io, version);
  const pages = program.commands.map((command): [string, string] => [
    `${pageOf(command)}.1`,
    commandPage(command),
  ]);
  return new Map([['secure-chat.1', programPage(program)], ...pages]);
}

const pageOf = (command: Command): string => `secure-chat-${command.name()}`;

function programPage(program: Command): string {
  return page('secure-chat', 'private group chat in the terminal', [
    section('SYNOPSIS', `\\fBsecure\\-chat\\fR ${roff(program.usage())}`),
    section('DESCRIPTION', roff(program.description())),
    section('OPTIONS', ...options(program)),
    section(
      'COMMANDS',
      ...program.commands.map((command) => item(`\\fB${roff(pageOf(command))}\\fR(1)`, command.summary())),
    ),
    section('EXAMPLES', verbatim(programExamples.join('\n'))),
    section('FILES', ...files.map(([path, about]) => item(`\\fI${roff(path)}\\fR`, about))),
  ]);
}

const files = [
  ['~/.local/state/secure-chat', 'saved sessions, and what you chose on the screen ($XDG_STATE_HOME)'],
  ['~/.local/share/secure-chat/known_hosts', 'the servers that you trust ($XDG_DATA_HOME)'],
  ['~/.local/share/secure-chat/server', "a server's data, without --data ($XDG_DATA_HOME)"],
] as const;

function commandPage(command: Command): string {
  const below = command.commands.filter((each) => helpOf(each) !== undefined);
  return page(pageOf(command), command.summary(), [
    section('SYNOPSIS', synopsis(command)),
    section('DESCRIPTION', ...about(command)),
    section('OPTIONS', ...options(command)),
    ...(below.length === 0 ? [] : [section('COMMANDS', ...below.flatMap(subcommand))]),
    section('EXAMPLES', verbatim((helpOf(command)?.examples ?? []).join('\n'))),
    section('EXIT STATUS', ...exits(command)),
    section('SEE ALSO', '\\fBsecure\\-chat\\fR(1)'),
  ]);
}

function subcommand(command: Command): string[] {
  const examples = helpOf(command)?.examples ?? [];
  return [
    `.SS ${synopsis(command)}`,
    ...about(command),
    ...options(command),
    `.PP\nFor example:\n${verbatim(examples.join('\n'))}`,
  ];
}

function page(name: string, summary: string, sections: readonly string[]): string {
  const head = `.TH ${roff(name.toUpperCase())} 1 "" "${roff(`secure-chat ${version}`)}"\n.nh\n.ad l`;
  return `${[head, section('NAME', `${roff(name)} \\- ${roff(summary)}`), ...sections].join('\n')}\n`;
}

function section(title: string, ...parts: readonly string[]): string {
  return [`.SH ${title}`, ...parts].join('\n');
}

function synopsis(command: Command): string {
  const help = command.createHelp();
  return `\\fB${roff(help.commandUsage(command).replace(command.usage(), '').trim())}\\fR ${roff(command.usage())}`;
}

function about(command: Command): string[] {
  const text = helpOf(command)?.text;
  return [roff(command.description()), ...(text === undefined ? [] : [verbatim(text)])];
}

function options(command: Command): string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .map((option) => item(`\\fB${roff(help.optionTerm(option))}\\fR`, help.optionDescription(option)));
}

function exits(command: Command): string[] {
  const help = helpOf(command);
  return help === undefined ? [] : exitsOf(help).map(([code, meaning]) => item(String(code), meaning));
}

/** @param term in roff */
function item(term: string, text: string): string {
  return `.TP\n${term}\n${roff(text)}`;
}

/** Lines as they are. */
function verbatim(text: string): string {
  return `.PP\n.nf\n${roff(text)}\n.fi`;
}

/** Text that roff shows as it is; lines must not begin like a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/^[.']/gm, '\\&$&')
    .replace(
      /[^\0-\x7f]/gu,
      (char) => `\\[u${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = join(root, 'dist/man');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of await manPages()) writeFileSync(join(folder, name), text);
}
