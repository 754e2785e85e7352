/** A shell with job control on a terminal of its own, to see what a program leaves behind. */
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { openPseudoTerminal, type PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';

const program = fileURLToPath(new URL('./screen-program.js', import.meta.url));

export interface Shell {
  readonly terminal: PseudoTerminal;
  /** Runs a command to its end; returns what it printed. */
  run(command: string): Promise<string>;
  /** Types a command line, without waiting. */
  begin(command: string): void;
  /** Resolves when the shell wants another command. */
  prompt(): Promise<void>;
  /** How the program in front ended, once it did. */
  code(): Promise<number>;
  /** Starts `screen-program.ts`; returns its process id once it has drawn. */
  open(redirection?: string): Promise<number>;
}

/** `screen-program.ts` without a shell. */
export function openProgram(t: Test): PseudoTerminal {
  const terminal = openPseudoTerminal([process.execPath, program], { env: { PATH: process.env.PATH } });
  closeAfter(t, terminal);
  return terminal;
}

export async function openShell(t: Test, more: NodeJS.ProcessEnv = {}): Promise<Shell> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', LANG: 'C.UTF-8', ...more, PS1: 'ready> ' };
  const terminal = openPseudoTerminal(['/bin/sh', '-i'], { env });
  closeAfter(t, terminal);
  const prompt = (): Promise<void> =>
    terminal.until(() => /(^|\n)ready>$/.test(terminal.screen()), 'a prompt');
  let count = 0;

  async function run(command: string): Promise<string> {
    const mark = `m${count++}`;
    // The mark that is echoed as it is typed is in two parts.
    terminal.enter(`echo ${mark}"<"; ${command}; echo ">"${mark}`);
    const [, printed = ''] = await terminal.shows(new RegExp(`${mark}<\\n([^]*?)\\n?>${mark}`));
    await prompt();
    return printed;
  }

  await prompt();
  return {
    terminal,
    run,
    begin: terminal.enter,
    prompt,
    async code() {
      await prompt();
      const mark = `m${count++}`;
      terminal.enter(`echo ${mark}"="$?`);
      const [, code] = await terminal.shows(new RegExp(`${mark}=(\\d+)\n`));
      await prompt();
      return Number(code);
    },
    async open(redirection = '') {
      terminal.enter(`${process.execPath} ${program} ${redirection}`);
      const [, pid = ''] = await terminal.shows(/^pid (\d+) size/);
      await setImmediate();
      return Number(pid);
    },
  };
}

function closeAfter(t: Test, terminal: PseudoTerminal): void {
  t.teardown(async () => {
    terminal.kill('SIGKILL');
    await terminal.ended;
  });
}
