/** The file of `--config`: a server's options in TOML. Knows spellings and modes, not what an option is for. */
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Command, CommanderError, Option } from 'commander';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { othersCanRead, othersCanWrite } from '../system/file-modes.js';
import { shellWord } from '../system/shell-words.js';
import { Exit } from './command.js';
import { holdsPassword } from './folders.js';
import { namesPath } from './option-values.js';
import {
  parseSettings,
  type ServerFlags,
  type SettingTexts,
  serverOptions,
  takesList,
} from './server-options.js';

export interface ConfigFile {
  readonly path: string;
  /** Paths in it are absolute. */
  readonly texts: SettingTexts;
  readonly values: Partial<ServerFlags>;
  /** What is wrong in it, one line each. */
  readonly faults: readonly string[];
}

const mostBytes = 64 * 1024;

/**
 * Gives the command the options of the file that its `--config` names, unless they are on the command line or in the
 * environment. Called again, it reads the file again: what is no longer in it gets its default.
 * @returns undefined where no file is named
 * @throws Exit 78 for any fault of the file
 */
export async function useConfig(command: Command): Promise<ConfigFile | undefined> {
  const path: string | undefined = command.getOptionValue('config');
  if (path === undefined) return undefined;
  const file = await readConfigFile(path);
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) === 'config')
      command.setOptionValueWithSource(name, option.defaultValue, 'default');
  }
  for (const [name, value] of Object.entries(file.values)) {
    const source = command.getOptionValueSource(name);
    if (source === undefined || source === 'default') command.setOptionValueWithSource(name, value, 'config');
  }
  return file;
}

/** @throws Exit 78 for any fault of the file */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const file = await examineConfigFile(path);
  if (file.faults.length > 0) throw new Exit('configuration', file.faults.join('\n'));
  return file;
}

/** With its faults, and the values of options that have none. */
export async function examineConfigFile(given: string): Promise<ConfigFile> {
  const path = resolve(given);
  try {
    const { text, isPrivate } = await readOwn(path);
    return settingsIn(await parse(text, path), path, isPrivate);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { path, texts: new Map(), values: {}, faults: [error.message] };
  }
}

function settingsIn(table: Record<string, unknown>, path: string, isPrivate: boolean): ConfigFile {
  const options = serverOptions({ env: {} });
  const texts = new Map<string, string>();
  const faults: string[] = [];
  const refuse = (name: string, why: string): void => void faults.push(`${path}: ${name}: ${why}`);
  for (const [name, value] of Object.entries(table)) {
    const option = options.find((each) => each.name() === name);
    const words = option === undefined ? undefined : textOf(value, option);
    if (option === undefined) refuse(name, unknown(name, value));
    else if (words === undefined) refuse(name, valueAdvice(option));
    else texts.set(name, namesPath(option.flags) && words !== '' ? resolve(dirname(path), words) : words);
  }
  if (!isPrivate && holdsPassword(texts.get('database') ?? '')) {
    refuse('database', `others can read its password. Run: chmod 600 ${shellWord(path)}`);
  }
  const { values, faults: invalid } = parseSettings(texts);
  for (const { name, message } of invalid) refuse(name, message);
  return { path, texts, values, faults };
}

async function readOwn(path: string): Promise<{ text: string; isPrivate: boolean }> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unusable(path, diskReason(errorCode(cause)), cause);
  });
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw unusable(path, diskReason('EISDIR'));
    if (othersCanWrite(status))
      throw unusable(path, `others can change it (run: chmod go-w ${shellWord(path)})`);
    // A pipe, such as the shell's `<(command)`, works too.
    const bytes = await buffer(file.createReadStream({ end: mostBytes, autoClose: false }));
    if (bytes.length > mostBytes) throw unusable(path, `larger than ${mostBytes} bytes`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, isPrivate: !othersCanRead(status) };
  } catch (cause) {
    if (cause instanceof Exit) throw cause;
    throw unusable(path, cause instanceof TypeError ? 'not UTF-8 text' : diskReason(errorCode(cause)), cause);
  } finally {
    await file.close();
  }
}

function unusable(path: string, why: string, cause?: unknown): Exit {
  return new Exit('configuration', `Cannot use the --config file ${path}: ${why}.`, { cause });
}

async function parse(text: string, path: string): Promise<Record<string, unknown>> {
  // Only servers with a file load it.
  const toml = await import('smol-toml');
  try {
    return toml.parse(text);
  } catch (cause) {
    if (!(cause instanceof toml.TomlError)) throw cause;
    // Its next lines quote the file, which may have a password in it.
    const [why = ''] = cause.message.replace('Invalid TOML document: ', '').split('\n');
    const where = `line ${cause.line}, column ${cause.column}`;
    throw new Exit(
      'configuration',
      `${path}: ${where}: not TOML: ${why}. Strings need quotes: name = "Our chat".`,
    );
  }
}

/** As it would be typed on the command line; undefined for a kind of value that the option does not take. */
function textOf(value: unknown, option: Option): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value) || !takesList(option)) return undefined;
  return value.every((item) => typeof item === 'string') ? value.join(',') : undefined;
}

function valueAdvice(option: Option): string {
  return takesList(option)
    ? `give a list of strings: ${option.name()} = ["a.example", "b.example"].`
    : 'give one value: a number, or a string in quotes.';
}

function unknown(name: string, value: unknown): string {
  const nearest = nearestName(name);
  if (nearest !== undefined) return `unknown option. Did you mean ${nearest}?`;
  return typeof value === 'object' && !Array.isArray(value)
    ? `unknown table. Options need none: remove the line [${name}].`
    : 'unknown option. secure-chat server --help lists all; their names are the keys.';
}

/** Commander's own suggestion for a misspelt flag. */
function nearestName(name: string): string | undefined {
  const asking = new Command()
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeErr() {} });
  for (const { flags } of serverOptions({ env: {} })) asking.addOption(new Option(flags));
  try {
    asking.parse([`--${name}`], { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return /\(Did you mean (?:one of )?--([\w-]+)/.exec(error.message)?.[1];
  }
}
