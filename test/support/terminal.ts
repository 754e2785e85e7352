/** The built program on a terminal of its own: keys in, the screen as an emulator renders it out. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const script = fileURLToPath(new URL('../../bin/secure-chat.js', import.meta.url));
const patienceMs = 30_000;

export interface Terminal {
  /** What one sees, without the blank ends of lines and of the screen. */
  screen(): string;
  /** Everything that scrolled off, too. */
  all(): string;
  /** Resolves once the whole output matches; rejects with the screen after 30 s. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  enter(text: string): void;
  kill(signal?: string): void;
  /** The exit code; a signal's number plus 128. */
  readonly ended: Promise<number>;
}

export function openTerminal(
  args: readonly string[],
  { env, cols = 80, rows = 24 }: { env: NodeJS.ProcessEnv; cols?: number; rows?: number },
): Terminal {
  const emulator = new xterm.Terminal({ cols, rows, scrollback: 5_000, allowProposedApi: true });
  const environment = { ...env, TERM: 'xterm-256color' };
  const child = spawn(process.execPath, [script, ...args], { cols, rows, env: environment });
  const changed = new EventTarget();
  child.onData((data) => emulator.write(data, () => changed.dispatchEvent(new Event('changed'))));
  // What the program asks the terminal, the emulator answers.
  emulator.onData((data) => child.write(data));
  let over = false;
  const ended = new Promise<number>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      over = true;
      resolve(signal ? 128 + signal : exitCode);
    });
  });

  function text(from: number): string {
    const { active } = emulator.buffer;
    const lines: string[] = [];
    for (let row = from; row < active.length; row++) {
      const line = active.getLine(row);
      const part = line?.translateToString(true) ?? '';
      if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${part}`);
      else lines.push(part);
    }
    return lines.join('\n').trimEnd();
  }
  const all = () => text(0);

  return {
    screen: () => text(emulator.buffer.active.baseY),
    all,
    async shows(pattern) {
      const deadline = AbortSignal.timeout(patienceMs);
      for (;;) {
        const match = pattern.exec(all());
        if (match !== null) return match;
        await once(changed, 'changed', { signal: deadline }).catch(() => {
          throw new Error(`The terminal does not show ${pattern}:\n${all()}`);
        });
      }
    },
    type: (keys) => child.write(keys),
    enter: (line) => child.write(`${line}\r`),
    kill(signal) {
      // Its number may be another process's by then.
      if (!over) child.kill(signal);
    },
    ended,
  };
}
