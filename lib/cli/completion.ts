/** `secure-chat completion`: shell completion, generated from the commands themselves. */
import { Argument, type Command, type Option } from 'commander';
import { shellWord } from '../system/shell-words.js';
import { addCommand, type Io } from './command.js';
import { namesPath } from './option-values.js';

export function addCompletion(program: Command, io: Io): void {
  addCommand(program, 'completion', {
    description: 'Prints a script that makes your shell complete commands, options and files.',
    examples: [
      '~/.bashrc:           source <(secure-chat completion bash)',
      '~/.zshrc, at end:    source <(secure-chat completion zsh)',
      'fish, run once:      secure-chat completion fish \\',
      '                       > ~/.config/fish/completions/secure-chat.fish',
    ],
    exits: [],
  })
    .addArgument(new Argument('<SHELL>', 'your shell').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => void io.stdout.write(scripts[shell](completionLevels(program))));
}

/** The program and each command below it. */
function completionLevels(command: Command, path: readonly string[] = []): Level[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const options = help.visibleOptions(command);
  const level: Level = {
    path,
    commands: subcommands.map((sub) => ({ word: sub.name(), about: help.subcommandDescription(sub) })),
    options: options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      about: option.description,
      value: valueAfter(option),
    })),
    argument: argumentOf(command),
  };
  const below = subcommands
    .filter((sub) => command.commands.includes(sub))
    .flatMap((sub) => completionLevels(sub, [...path, sub.name()]));
  return [level, ...below];
}

function valueAfter({ flags, argChoices, required, optional }: Option): Value | undefined {
  if (argChoices !== undefined) return argChoices;
  if (!required && !optional) return undefined;
  return namesPath(flags) ? 'file' : 'any';
}

function argumentOf({ registeredArguments: [first] }: Command): Value | undefined {
  if (first === undefined) return undefined;
  return first.argChoices ?? (namesPath(first.name()) ? 'file' : 'any');
}

/** What a word can be: one of these, a file or folder, or anything. */
type Value = readonly string[] | 'file' | 'any';

interface Named {
  readonly word: string;
  readonly about: string;
}

/** What can be typed after the program, or after one of its commands. */
interface Level {
  /** The commands that lead there; none for the program alone. */
  readonly path: readonly string[];
  readonly commands: readonly Named[];
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly about: string;
    /** Undefined for an option that is a switch. */
    readonly value: Value | undefined;
  }[];
  /** The first argument; undefined where there is none. */
  readonly argument: Value | undefined;
}

const scripts = { bash, zsh, fish } as const;

function bash(levels: readonly Level[]): string {
  const words = (list: readonly string[]) =>
    `COMPREPLY=($(compgen -W ${shellWord(list.join(' '))} -- "$current"))`;
  const values = (value: Value) =>
    value === 'file' ? 'compopt -o default' : value === 'any' ? ':' : words(value);
  return `# For ~/.bashrc: source <(secure-chat completion bash)
_secure_chat() {
  local word place= current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${commandPaths(levels)}) place="$place $word" ;;
    esac
  done
  case "$place $previous" in
${valueCases(levels, values)}
  esac
  case "$place" in
${levels
  .map(({ path, commands, options, argument }) => {
    const flags = words(options.flatMap(({ flags }) => flags));
    const first =
      commands.length > 0 ? words(commands.map(({ word }) => word)) : argument && values(argument);
    return levelCase(shellWord(joined(path)), first, flags, '$current');
  })
  .join('\n')}
  esac
}
complete -F _secure_chat secure-chat
`;
}

function zsh(levels: readonly Level[]): string {
  const list = (items: readonly Named[]) =>
    `items=(${items.map(({ word, about }) => shellWord(`${word}:${about}`)).join(' ')}); _describe secure-chat items`;
  const values = (value: Value) =>
    value === 'file' ? '_files' : value === 'any' ? ':' : `compadd -- ${value.join(' ')}`;
  return `# For ~/.zshrc: source <(secure-chat completion zsh)
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_secure_chat() {
  local word place=
  local -a items
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
      (${commandPaths(levels)}) place="$place $word" ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${valueCases(levels, values, '(')}
  esac
  case "$place" in
${levels
  .map(({ path, commands, options, argument }) => {
    const flags = list(options.flatMap(({ flags, about }) => flags.map((word) => ({ word, about }))));
    const first = commands.length > 0 ? list(commands) : argument && values(argument);
    return levelCase(`(${shellWord(joined(path))}`, first, flags, '$PREFIX');
  })
  .join('\n')}
  esac
}
compdef _secure_chat secure-chat
`;
}

function fish(levels: readonly Level[]): string {
  const word = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const paths = levels.filter(({ path }) => path.length > 0).map(({ path }) => word(path.join(' ')));
  const lines = levels.flatMap(({ path, commands, options, argument }) => {
    const start = `complete -c secure-chat -n ${word(`__secure_chat_at ${word(path.join(' '))}`)}`;
    const values = (value: Value) =>
      value === 'file' ? ' -r -F' : value === 'any' ? ' -x' : ` -x -a ${word(value.join(' '))}`;
    return [
      ...commands.map(({ word: name, about }) => `${start} -a ${name} -d ${word(about)}`),
      ...options.map(({ flags, about, value }) => {
        const named = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        return `${start} ${named.join(' ')}${value === undefined ? '' : values(value)} -d ${word(about)}`;
      }),
      ...(argument === 'file' ? [`${start} -F`] : []),
      ...(Array.isArray(argument) ? [`${start} -a ${word(argument.join(' '))}`] : []),
    ];
  });
  return `# For fish: secure-chat completion fish > ~/.config/fish/completions/secure-chat.fish
function __secure_chat_at
  set -l place
  for word in (commandline -opc)[2..]
    contains -- (string join ' ' -- $place $word) ${paths.join(' ')}
    and set -a place $word
  end
  test "$place" = "$argv"
end
complete -c secure-chat -f
${lines.join('\n')}
`;
}

/** The variable `place` of the scripts: each command with a space before it. */
function joined(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join('');
}

function commandPaths(levels: readonly Level[]): string {
  return levels
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => shellWord(joined(path)))
    .join(' | ');
}

/** Options where a word begins like one, or where nothing else can stand. */
function levelCase(pattern: string, first: string | undefined, flags: string, current: string): string {
  const act = first === undefined ? flags : `if [[ ${current} == -* ]]; then ${flags}; else ${first}; fi`;
  return `    ${pattern})\n      ${act}\n      ;;`;
}

/** A case for each kind of value, of all options that have it. */
function valueCases(levels: readonly Level[], act: (value: Value) => string, open = ''): string {
  const flagsOf = new Map<string, string[]>();
  for (const { path, options } of levels) {
    for (const { flags, value } of options) {
      if (value === undefined) continue;
      const action = act(value);
      const known = flagsOf.get(action) ?? [];
      flagsOf.set(action, [...known, ...flags.map((flag) => shellWord(`${joined(path)} ${flag}`))]);
    }
  }
  return [...flagsOf]
    .map(([action, flags]) => `    ${open}${flags.join(' | ')})\n      ${action}\n      return\n      ;;`)
    .join('\n');
}
