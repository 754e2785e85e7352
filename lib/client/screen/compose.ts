/** /compose: writes a message in $EDITOR. Knows programs and files, not how the terminal is lent to them. */
import { spawn } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../protocol/printable.js';
import { errorCode } from '../../system/disk-errors.js';
import { childEnvironment } from '../../system/process-secrets.js';
import { current } from './state/conversations.js';
import { edit } from './state/editor.js';
import type { ScreenStore } from './state/store.js';

export interface ComposeDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder for temporary files, such as /tmp. */
  readonly temporary: string;
  /** Lends the terminal to a program until the promise settles. */
  readonly run: <T>(program: () => Promise<T>) => Promise<T>;
  /** Ends the editor. */
  readonly stop?: AbortSignal;
}

export type Composed =
  /** Line ends are \n, none at the end; not yet made printable. */
  | { readonly outcome: 'text'; readonly text: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'empty' }
  /** `message` is a sentence for the person. */
  | { readonly outcome: 'failed'; readonly message: string };

// More than any message.
const bytesMax = 1024 * 1024;
/** In the order of Debian's sensible-editor. */
const fallbacks = ['editor', 'nano', 'vi'];

/**
 * Opens VISUAL, else EDITOR, else one of the usual editors, on a file that only this user can read, and removes it afterwards.
 * The variable may have arguments. As with git, it runs without a shell, unless it has quotes, variables or other
 * characters that a shell interprets.
 */
export async function compose(text: string, deps: ComposeDeps): Promise<Composed> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(deps.temporary, 'secure-chat-'));
    const file = join(folder, 'message.md');
    await writeFile(file, text === '' ? '' : `${text}\n`, { mode: 0o600, flag: 'wx' });
    const trouble = await deps.run(() => openEditor(file, deps));
    if (trouble !== undefined) return { outcome: 'failed', message: trouble };
    const edited = await read(file);
    if (edited === undefined) return { outcome: 'failed', message: 'The text is too long for a message.' };
    if (edited === text.replace(/\n+$/, '')) return { outcome: 'unchanged' };
    return edited.trim() === '' ? { outcome: 'empty' } : { outcome: 'text', text: edited };
  } catch (error) {
    const why = error instanceof Error ? printable(error.message) : '';
    return { outcome: 'failed', message: `Couldn't open the editor: ${why}.` };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Writes the draft of the current conversation. Never rejects. */
export async function composeDraft(store: ScreenStore, deps: ComposeDeps): Promise<void> {
  const { id, draft } = current(store.state);
  const written = await compose(draft.text, deps);
  if (written.outcome === 'failed') store.notice(written.message, 'bad');
  if (written.outcome !== 'text' && written.outcome !== 'empty') return;
  const text = written.outcome === 'text' ? printable(written.text, { newlines: true }) : '';
  store.change(id, (conversation) => ({
    ...conversation,
    draft: edit(conversation.draft, { edit: 'set', text }),
  }));
}

/** @returns what went wrong, as a sentence */
async function openEditor(file: string, deps: ComposeDeps): Promise<string | undefined> {
  const chosen = [deps.env.VISUAL, deps.env.EDITOR].find(
    (value) => value !== undefined && value.trim() !== '',
  );
  for (const editor of chosen === undefined ? fallbacks : [chosen]) {
    const ended = await runEditor(editor, file, deps);
    if (ended.how === 'done') return undefined;
    if (ended.how === 'failed') return `${printable(editor)} ${ended.why}. Your text is unchanged.`;
  }
  if (chosen === undefined) return 'No editor found. Set EDITOR, as in EDITOR=nano.';
  return `Can't run the editor ${printable(chosen)}. Set EDITOR to another one, as in EDITOR=nano.`;
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
      env: childEnvironment(env),
      ...(stop !== undefined && { signal: stop }),
    });
    child.on('error', (error) => {
      const missing = ['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error));
      // Ended by `stop`, it still reports its exit.
      if (missing) resolve({ how: 'missing' });
      else if (child.pid === undefined) resolve({ how: 'failed', why: "can't be run" });
    });
    child.on('exit', (code, signal) => {
      if (code === 0) resolve({ how: 'done' });
      // The exit codes of a shell for a program it can't find, or can't run.
      else if (program === shell && (code === 127 || code === 126)) resolve({ how: 'missing' });
      else
        resolve({ how: 'failed', why: signal === null ? `exited with ${code}` : `was killed by ${signal}` });
    });
  });
}

const shell = '/bin/sh';

function commandLine(editor: string, file: string): [string, ...string[]] {
  if (/[|&;<>()$`\\"'*?[#~=%\n]/.test(editor)) return [shell, '-c', `${editor} "$@"`, editor, file];
  const [program = '', ...args] = editor.trim().split(/\s+/);
  return [program, ...args, file];
}

/** Undefined if it is too large. */
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
