/** `secure-chat completion`: what makes a shell complete the commands, told from the commands themselves. */
import { Argument, type Command, type Option } from 'commander';
import { type Place, scripts, type Value } from './completion-scripts.js';
import type { Io } from './io.js';

export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .summary('make a shell complete these commands')
    .description('Prints what makes a shell complete these commands, their options and files.')
    .addArgument(new Argument('<SHELL>', 'which one').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
In ~/.bashrc:              source <(secure-chat completion bash)
In ~/.zshrc, at its end:   source <(secure-chat completion zsh)
Once, for fish:            secure-chat completion fish > ~/.config/fish/completions/secure-chat.fish`,
    )
    .action((shell: keyof typeof scripts) => void io.stdout.write(scripts[shell](placesOf(program))));
}

/** The program and each command below it. */
function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const options = help.visibleOptions(command);
  const place: Place = {
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
    .flatMap((sub) => placesOf(sub, [...path, sub.name()]));
  return [place, ...below];
}

function valueAfter({ flags, argChoices, required, optional }: Option): Value | undefined {
  if (argChoices !== undefined) return argChoices;
  if (!required && !optional) return undefined;
  return isFile(flags) ? 'file' : 'any';
}

function argumentOf({ registeredArguments: [first] }: Command): Value | undefined {
  if (first === undefined) return undefined;
  return first.argChoices ?? (isFile(first.name()) ? 'file' : 'any');
}

/** By the word that stands for the value in the help. */
function isFile(words: string): boolean {
  return /\b(?:FILE|DIR|FOLDER|PATH)\b/.test(words);
}
