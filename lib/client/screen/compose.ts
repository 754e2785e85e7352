/**
 * A text written in the editor of one's choice. Knows the environment it is given, programs and files; neither
 * how the terminal is handed over nor what the text is for.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../protocol/printable.js';
import { errorCode } from '../../system/atomic-file.js';

export interface ComposeDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files of the moment go, such as /tmp. */
  readonly temporary: string;
  /** Gives the terminal to a program until the promise is settled. */
  readonly run: <T>(program: () => Promise<T>) => Promise<T>;
  /** Ends the editor. */
  readonly stop?: AbortSignal;
}

export type Composed =
  /** Line ends are \n, none at the end. Not yet made printable. */
  | { readonly outcome: 'text'; readonly text: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'empty' }
  /** `message` is one sentence for the person. */
  | { readonly outcome: 'failed'; readonly message: string };

// More than any message; a file as large was not meant.
const bytesMax = 1024 * 1024;
const fallbacks = ['vi', 'nano'];

/**
 * Opens VISUAL, else EDITOR, else vi or nano, on a file that only this person can read, and that is removed
 * afterwards. The variable may have arguments. As with git, no shell is asked, unless it has quotes, variables
 * or other characters that mean something to one.
 */
export async function compose(text: string, deps: ComposeDeps): Promise<Composed> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(deps.temporary, 'secure-chat-'));
    const file = join(folder, 'message.md');
    await writeFile(file, text === '' ? '' : `${text}\n`, { mode: 0o600, flag: 'wx' });
    const trouble = await deps.run(() => edit(file, deps));
    if (trouble !== undefined) return { outcome: 'failed', message: trouble };
    const edited = await read(file);
    if (edited === undefined) return { outcome: 'failed', message: 'The text is longer than any message.' };
    if (edited === text.replace(/\n+$/, '')) return { outcome: 'unchanged' };
    return edited.trim() === '' ? { outcome: 'empty' } : { outcome: 'text', text: edited };
  } catch (error) {
    const why = error instanceof Error ? printable(error.message) : '';
    return { outcome: 'failed', message: `The text cannot be edited: ${why}.` };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** What went wrong, as a sentence. */
async function edit(file: string, deps: ComposeDeps): Promise<string | undefined> {
  const chosen = [deps.env.VISUAL, deps.env.EDITOR].find(
    (value) => value !== undefined && value.trim() !== '',
  );
  for (const editor of chosen === undefined ? fallbacks : [chosen]) {
    const ended = await runEditor(editor, file, deps);
    if (ended.how === 'done') return undefined;
    if (ended.how === 'failed') return `${printable(editor)} ${ended.why}; the text is as it was.`;
  }
  if (chosen === undefined) return 'There is no editor: set EDITOR to one, as in EDITOR=nano.';
  return `The editor ${printable(chosen)} cannot be run: set EDITOR to one that is there, as in EDITOR=nano.`;
}

type Ended =
  | { readonly how: 'done' }
  | { readonly how: 'missing' }
  | { readonly how: 'failed'; readonly why: string };

function runEditor(editor: string, file: string, { env, stop }: ComposeDeps): Promise<Ended> {
  const [program, ...args] = commandLine(editor, file);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: 'inherit',
      env: { ...env },
      ...(stop !== undefined && { signal: stop }),
    });
    child.on('error', (error) => {
      const missing = ['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error));
      // Ended by `stop`, it is waited for.
      if (missing) resolve({ how: 'missing' });
      else if (child.pid === undefined) resolve({ how: 'failed', why: 'cannot be run' });
    });
    child.on('exit', (code, signal) => {
      if (code === 0) resolve({ how: 'done' });
      // What a shell says of a program that it does not find, or cannot run.
      else if (program === shell && (code === 127 || code === 126)) resolve({ how: 'missing' });
      else resolve({ how: 'failed', why: signal === null ? `ended with ${code}` : `was ended by ${signal}` });
    });
  });
}

const shell = '/bin/sh';

function commandLine(editor: string, file: string): [string, ...string[]] {
  if (/[|&;<>()$`\\"'*?[#~=%\n]/.test(editor)) return [shell, '-c', `${editor} "$@"`, editor, file];
  const [program = '', ...args] = editor.trim().split(/\s+/);
  return [program, ...args, file];
}

/** Undefined where there is too much of it. */
async function read(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    if ((await handle.stat()).size > bytesMax) return undefined;
    const text = await handle.readFile('utf8');
    return text
      .replace(/^\ufeff/, '')
      .replace(/\r\n?/g, '\n')
      .replace(/\n+$/, '');
  } finally {
    await handle.close();
  }
}
