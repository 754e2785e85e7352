/**
 * Hooks: commands on this computer that run for messages of others, as --on-mention and --on-message say. Knows events and
 * processes, no front end.
 */
import { mentions } from '../protocol/mentions.js';
import { printable, printableJson } from '../protocol/printable.js';
import type { Message } from '../protocol/records.js';
import type { Clock } from '../system/clock.js';
import { startCommand } from './run-command.js';
import type { Session, SessionEvent } from './session/session.js';

export interface Hook {
  /** The option that set it, for people. */
  readonly option: string;
  readonly on: 'mention' | 'message';
  /** The program and its arguments. */
  readonly command: readonly string[];
}

export interface Hooks {
  /** Must see everything that happens, but messages that are not shown. */
  notice(event: SessionEvent): void;
  /** Starts nothing more. Resolves when what runs has ended, within a second. */
  close(): Promise<void>;
}

/** Creates the hooks of a session. @param report shows a sentence to the person */
export type OpenHooks = (
  session: Pick<Session, 'name' | 'blocked'>,
  report: (words: string) => void,
) => Hooks;

interface HooksOptions {
  readonly hooks: readonly Hook[];
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

interface Run {
  readonly hook: Hook;
  readonly message: Message;
}

// A command is a notification or a line in a file; a busy room must not fill the machine with processes.
export const hookLimits = { atOnce: 4, waiting: 100, ms: 10_000, closingMs: 1_000 } as const;

export function createHooks(
  { hooks, env, clock }: HooksOptions,
  session: Parameters<OpenHooks>[0],
  report: Parameters<OpenHooks>[1],
): Hooks {
  const waiting: Run[] = [];
  const running = new Map<Run, () => void>();
  const told = new Set<Hook>();
  let caughtUp = false;
  let phase: 'open' | 'closing' | 'closed' = 'open';
  let idle = () => {};
  const isClosed = (): boolean => phase === 'closed';

  function tell(hook: Hook, trouble: string): void {
    if (told.has(hook)) return;
    told.add(hook);
    const program = printable(hook.command[0] ?? '');
    report(`${hook.option}: ${program} ${trouble}. This is shown only once.`);
  }

  function add(run: Run): void {
    if (waiting.length < hookLimits.waiting) waiting.push(run);
    else tell(run.hook, 'runs too slowly for so many messages; some were left out');
    startNext();
  }

  function startNext(): void {
    while (phase === 'open' && running.size < hookLimits.atOnce) {
      const run = waiting.shift();
      if (run === undefined) return;
      running.set(run, () => {});
      void start(run).finally(() => {
        running.delete(run);
        if (running.size === 0) idle();
        startNext();
      });
    }
  }

  async function start(run: Run): Promise<void> {
    const { hook, message } = run;
    const blocked = await session.blocked();
    if (isClosed() || blocked === undefined || blocked.has(message.from)) return;
    const { ended, end } = startCommand(hook.command, {
      env,
      clock,
      line: `${printableJson(message)}\n`,
      output: 'ignore',
      ms: hookLimits.ms,
    });
    running.set(run, end);
    const trouble = await ended;
    if (trouble !== undefined && !isClosed()) tell(hook, trouble);
  }

  return {
    notice(event) {
      if (event.kind === 'synced') {
        caughtUp = true;
        void session.blocked();
      }
      if (!caughtUp || event.kind !== 'event' || event.event.type !== 'message') return;
      const message = event.event;
      for (const hook of hooks) if (concerns(message, hook, session.name)) add({ hook, message });
    },
    async close() {
      phase = 'closing';
      let cancel = () => {};
      const timeUp = new Promise<void>((resolve) => {
        cancel = clock.after(hookLimits.closingMs, resolve);
      });
      const over = new Promise<void>((resolve) => {
        idle = resolve;
        if (running.size === 0) resolve();
      });
      await Promise.race([over, timeUp]);
      cancel();
      phase = 'closed';
      for (const end of running.values()) end();
    },
  };
}

function concerns({ from, room, text, removed }: Message, { on }: Hook, me: string): boolean {
  if (from === me || removed !== undefined) return false;
  return on === 'message' || room === undefined || mentions(text, me);
}
