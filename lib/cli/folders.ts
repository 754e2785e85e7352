/**
 * Where a person's files are: the XDG Base Directory folders. Knows the environment it is given, not what
 * the files hold.
 */
import { mkdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Exit, exitCode } from './exit.js';

const application = 'secure-chat';

export interface Folders {
  readonly config: string;
  readonly data: string;
  readonly state: string;
}

/**
 * The folders of whoever has this environment, none of them made yet. As the specification says, a variable
 * that holds a relative path counts as unset.
 * @throws Exit 78 where HOME is needed and is missing
 */
export function folders(env: Readonly<Record<string, string | undefined>>): Folders {
  const place = (variable: string, ...below: string[]): string => {
    const set = env[variable];
    if (set !== undefined && isAbsolute(set)) return join(set, application);
    const home = env.HOME ?? env.USERPROFILE;
    if (home === undefined || !isAbsolute(home)) {
      throw new Exit(
        exitCode.configuration,
        `No place for files: HOME is not set. Set HOME or ${variable} to a full path.`,
      );
    }
    return join(home, ...below, application);
  };
  return {
    config: place('XDG_CONFIG_HOME', '.config'),
    data: place('XDG_DATA_HOME', '.local', 'share'),
    state: place('XDG_STATE_HOME', '.local', 'state'),
  };
}

/**
 * Makes the folder, readable by its owner alone, where it does not exist. One that exists keeps its mode.
 * @throws Exit 74 where it cannot be made or is no folder
 */
export async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (!(await stat(path)).isDirectory()) throw new Error('it is not a folder');
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Exit(exitCode.io, `Cannot make the folder ${path}: ${why}`, { cause });
  }
}
