/** A server's settings as a `--config` file, for `--print-config`: each with where it comes from, none with a secret. */
import { resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { escapeUnprintable, printable } from '../protocol/printable.js';
import { withoutPassword } from '../store/postgres/address.js';
import type { Io } from './command.js';
import type { ConfigFile } from './config-file.js';
import { dataFolder, holdsPassword } from './folders.js';
import { namesPath } from './option-values.js';
import { type SettingTexts, serverOptions, takesList } from './server-options.js';
import { readAddress } from './server-store.js';

interface Sources {
  /** What the command line has. */
  readonly typed: SettingTexts;
  readonly file: ConfigFile | undefined;
}

interface Setting {
  readonly text: string;
  /** Where it comes from. */
  readonly from: string;
}

/** @throws Exit 78 for an invalid address of a database, which may hide a password anywhere */
export async function configText(command: Command, sources: Sources, io: Io): Promise<string> {
  const { stringify } = await import('smol-toml');
  const lines: string[] = [
    '# Options override variables, which override the file, which overrides defaults.',
  ];
  const unset: string[] = [];
  for (const option of serverOptions(io)) {
    const name = option.name();
    const setting = settingOf(option, { ...sources, command, io });
    if (setting === undefined) {
      unset.push(name);
      continue;
    }
    const isSecret = name === 'database' && holdsPassword(setting.text);
    if (name === 'database') await readAddress(setting.text);
    const text = name === 'database' ? withoutPassword(setting.text) : setting.text;
    const toml = stringify({ [name]: tomlValue(option, text) }).trimEnd();
    const from = printable(isSecret ? `${setting.from}; its password is not shown` : setting.from);
    lines.push(`${escapeUnprintable(toml, tomlEscapes).padEnd(commentColumn)} # ${from}`);
  }
  if (unset.length > 0) lines.push(`# Not set: ${unset.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

const commentColumn = 32;

/** What is in force; undefined where nothing is. */
function settingOf(
  option: Option,
  { command, typed, file, io }: Sources & { command: Command; io: Io },
): Setting | undefined {
  const [name, { envVar = '', long }] = [option.name(), option];
  switch (command.getOptionValueSource(option.attributeName())) {
    case 'cli':
      return { text: typed.get(name) ?? '', from: long ?? '' };
    case 'env':
      return { text: io.env[envVar] ?? '', from: envVar };
    case 'config':
      return { text: file?.texts.get(name) ?? '', from: file?.path ?? '' };
    case 'default':
      return { text: option.defaultValueDescription ?? String(option.defaultValue), from: 'default' };
    default:
      return name === 'data' ? { text: dataFolder(undefined, io), from: 'default' } : undefined;
  }
}

function tomlValue(option: Option, text: string): string | number | readonly string[] {
  if (takesList(option)) return text.split(',').map((item) => item.trim());
  if (namesPath(option.flags)) return resolve(text);
  return option.parseArg !== undefined && /^(?:0|[1-9]\d{0,8})(?:\.\d{1,6})?$/.test(text)
    ? Number(text)
    : text;
}

function tomlEscapes(found: string): string {
  return [...found].map((char) => `\\U${(char.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`).join('');
}
