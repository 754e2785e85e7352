/**
 * How this copy of the program was installed: so it is called here, and so a guest gets it. Knows npm's folders, no
 * command.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { shellWord } from '../system/shell-words.js';

export interface Installation {
  /** How this program was called, for commands printed to be copied: `npx secure-chat`. */
  readonly called: string;
  readonly guests: Guests;
}

/** What people need to join who have nothing but Node. */
export interface Guests {
  /** How they call the program. */
  readonly call: string;
  /** The package file that must be sent to them; undefined where they need none. */
  readonly file?: string;
  /** What makes that file, where there may be none yet. */
  readonly madeBy?: string;
}

interface Copy {
  /** Where package.json is, without links. */
  readonly root: string;
  readonly version: string;
  /** The path that was run, as it was typed or found on the PATH. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current one. */
  readonly folder: string;
}

export async function findInstallation({ root, version, script, env, folder }: Copy): Promise<Installation> {
  const npx = 'npx secure-chat';
  const modules = dirname(root);
  if (basename(modules) !== 'node_modules') {
    // `npm link` puts it on the PATH.
    const linked = basename(script) === 'secure-chat' && env.npm_command === undefined;
    const file = join(root, `secure-chat-${version}.tgz`);
    const guests = { call: callOf(file), file, madeBy: `cd ${shellWord(root)} && npm pack` };
    return { called: linked ? 'secure-chat' : npx, guests };
  }
  const holder = dirname(modules);
  const manifest = await manifestIn(holder);
  // The folder of global packages is no package itself.
  if (manifest === undefined) return { called: 'secure-chat', guests: { call: 'secure-chat' } };
  const from = manifest.dependencies?.['secure-chat'] ?? '';
  if (manifest._npx === undefined || !from.startsWith('file:')) return { called: npx, guests: { call: npx } };
  const file = resolve(holder, from.slice('file:'.length).replaceAll('%23', '#'));
  return { called: callOf(file, folder), guests: { call: callOf(file), file } };
}

/** Without npx's question. @param folder where it is called; by default where the file is */
function callOf(file: string, folder = dirname(file)): string {
  return `npx -y ${shellWord(dirname(file) === folder ? `./${basename(file)}` : file)}`;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  /** In the folder of a package that npx installed. */
  readonly _npx?: object;
}

async function manifestIn(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** The command for guests. @param link a join link, or a word for one */
export function guestCommand({ call }: Guests, link: string): string {
  return `${call} connect ${shellWord(link)}`;
}

/** What else they need; undefined for nothing. */
export function guestFile({ file, madeBy }: Guests): string | undefined {
  if (file === undefined) return undefined;
  return madeBy === undefined
    ? `Send them that file, too: ${file}`
    : `Send them that file, too. To make it: ${madeBy}`;
}
