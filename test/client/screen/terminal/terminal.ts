import { EventEmitter } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate, setInterval } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  enterSequence,
  leaveSequence,
  openTerminal,
  titleSequence,
} from '../../../../lib/client/screen/terminal/terminal.js';
import { createEmulator } from '../../../support/emulator.js';
import { createFakeClock } from '../../../support/fake-clock.js';
import { isAlive } from '../../../support/program.js';
import { openProgram, openShell, type Shell } from '../../../support/screen-terminal.js';
import { createStreams, settle } from '../../../support/streams.js';

const full = ['alternate', 'paste', 'focus', 'no-wrap', 'mouse'];

/** Everything that a shell would notice is as it was before. */
async function isAsBefore(t: Test, { terminal, run }: Shell, before: string): Promise<void> {
  t.strictSame(terminal.modes(), []);
  t.equal(terminal.title, '', 'the title is given back');
  t.equal(await run('stty -g'), before);
}

const endings = [
  { name: 'leaving', end: ({ terminal }: Shell) => terminal.type('q'), code: 0 },
  { name: 'process.exit', end: ({ terminal }: Shell) => terminal.type('e'), code: 5 },
  {
    name: 'an uncaught exception',
    end: ({ terminal }: Shell) => terminal.type('x'),
    code: 70,
    says: /crashed: nothing caught this/,
  },
  {
    name: 'an unhandled rejection',
    end: ({ terminal }: Shell) => terminal.type('r'),
    code: 70,
    says: /crashed: nothing handled this/,
  },
  { name: 'SIGTERM', end: (_: Shell, pid: number) => process.kill(pid, 'SIGTERM'), code: 143 },
  { name: 'SIGHUP', end: (_: Shell, pid: number) => process.kill(pid, 'SIGHUP'), code: 129 },
  { name: 'SIGINT', end: (_: Shell, pid: number) => process.kill(pid, 'SIGINT'), code: 130 },
];

for (const { name, end, code, says } of endings) {
  t.test(`after ${name} the terminal is as it was before`, async (t) => {
    const shell = await openShell(t);
    const before = await shell.run('stty -g');
    const pid = await shell.open();
    t.strictSame(shell.terminal.modes(), full);
    t.equal(shell.terminal.title, 'a title');
    end(shell, pid);
    t.equal(await shell.code(), code);
    if (says !== undefined)
      t.match(shell.terminal.screen(), says, 'the error is reported on the restored screen');
    await isAsBefore(t, shell, before);
    t.notMatch(shell.terminal.all(), /^pid/m, 'nothing of the picture is left');
  });
}

const stops = [
  { name: 'Ctrl-Z', stop: ({ terminal }: Shell) => terminal.type('\x1a') },
  { name: 'SIGTSTP from outside', stop: (_: Shell, pid: number) => process.kill(pid, 'SIGTSTP') },
];

for (const { name, stop } of stops) {
  t.test(`${name} gives the terminal to the shell, and fg takes it again`, async (t) => {
    const shell = await openShell(t);
    const { terminal } = shell;
    const before = await shell.run('stty -g');
    const pid = await shell.open();
    for (const round of [1, 2]) {
      stop(shell, pid);
      await shell.prompt();
      await isAsBefore(t, shell, before);
      t.match(await shell.run('jobs'), /(Stopped|Suspended).*screen-program/);
      shell.begin('fg');
      await terminal.shows(new RegExp(`blank ${round}`));
      t.strictSame(terminal.modes(), full);
      t.equal(terminal.title, 'a title');
      t.match(terminal.rows()[23], /^row 23 /, 'everything is drawn');
    }
    terminal.type('q');
    t.equal(await shell.code(), 0);
    await isAsBefore(t, shell, before);
  });
}

t.test('in the background it waits for the foreground', async (t) => {
  const shell = await openShell(t);
  await shell.open();
  shell.terminal.type('\x1a');
  await shell.prompt();
  await shell.run('bg');
  while (!/tty output/.test(await shell.run('jobs'))) await immediate();
  t.strictSame(shell.terminal.modes(), []);
  shell.begin('fg');
  await shell.terminal.shows(/blank [12]/);
  shell.terminal.type('q');
  t.equal(await shell.code(), 0);
  t.strictSame(shell.terminal.modes(), []);
});

t.test('after SIGSTOP, which cannot be caught, the screen is set up again', async (t) => {
  const shell = await openShell(t);
  const { terminal } = shell;
  const pid = await shell.open();
  process.kill(pid, 'SIGSTOP');
  await terminal.shows(/ready>/);
  // A terminal that is still raw makes no line feed of Enter.
  terminal.type('stty sane; fg\n');
  await terminal.shows(/blank 1/);
  terminal.type('k');
  await terminal.shows(/typed \[k\]/);
  terminal.type('q');
  t.equal(await shell.code(), 0);
  t.strictSame(terminal.modes(), []);
  t.equal(terminal.title, '');
});

t.test('without a shell to continue it, Ctrl-Z changes nothing', async (t) => {
  const terminal = openProgram(t);
  await terminal.shows(/pid/);
  terminal.type('z');
  await terminal.shows(/blank 1/);
  t.strictSame(terminal.modes(), full);
  terminal.type('q');
  t.equal(await terminal.ended, 0);
});

t.test('another program gets the terminal as a shell would lend it', async (t) => {
  const shell = await openShell(t);
  const { terminal } = shell;
  const pid = await shell.open();
  terminal.type('p');
  await terminal.shows(/(^|\n)icanon\nother program/);
  t.strictSame(terminal.modes(), []);
  terminal.type('\x03');
  await terminal.until(() => /interrupted/.test(terminal.output()), 'the interrupt');
  await terminal.shows(/blank 1/);
  t.ok(isAlive(pid), 'what interrupts the other program does not end this one');
  t.match(terminal.screen(), /typed \[\]/, 'what was typed for the other is not taken');
  t.strictSame(terminal.modes(), full);
  process.kill(pid, 'SIGINT');
  t.equal(await shell.code(), 130);
});

t.test('a new size is drawn, also if it changed while the terminal was lent', async (t) => {
  const shell = await openShell(t);
  const { terminal } = shell;
  await shell.open();
  terminal.resize(100, 30);
  await terminal.shows(/size 100x30/);
  t.match(terminal.rows()[29], /^row 29 /);
  terminal.type('\x1a');
  await shell.prompt();
  terminal.resize(60, 10);
  shell.begin('fg');
  await terminal.shows(/size 60x10/);
  await terminal.until(() => /^row 9 /.test(terminal.rows()[9] ?? ''), 'the last row');
  terminal.type('q');
  t.equal(await shell.code(), 0);
});

t.test('a blocked terminal blocks neither the program nor its exit', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'turns');
  const shell = await openShell(t);
  const { terminal } = shell;
  const pid = await shell.open(`2>${log}`);
  terminal.type('f');
  await terminal.shows(/turns on/);
  terminal.pause();
  const turns = async (): Promise<number> => (await stat(log)).size / 'turn\n'.length;
  // More pictures than a terminal keeps for later: each has 24 rows.
  const many = (await turns()) + 300;
  for await (const _ of setInterval(20)) if ((await turns()) > many) break;
  t.pass('it goes on');
  process.kill(pid, 'SIGTERM');
  for await (const _ of setInterval(20)) if (!isAlive(pid)) break;
  t.pass('it ends');
  terminal.resume();
});

t.test('a slow terminal gets the newest frame, undamaged', async (t) => {
  const shell = await openShell(t);
  const { terminal } = shell;
  await shell.open('2>/dev/null');
  terminal.type('f');
  await terminal.shows(/turns on/);
  terminal.pause();
  terminal.type('abc');
  terminal.resume();
  await terminal.shows(/typed \[abc\]/);
  terminal.type('e');
  t.equal(await shell.code(), 5);
  t.strictSame(terminal.modes(), []);
});

/** As far as can be told without any terminal. */
function scene() {
  const { stdin, stdout, out } = createStreams();
  const proc = Object.assign(new EventEmitter(), {
    pid: 7,
    killed: [] as string[],
    kill: (pid: number, signal: string) => proc.killed.push(`${pid} ${signal}`),
  });
  const clock = createFakeClock();
  const seen: string[] = [];
  const terminal = openTerminal({
    stdin,
    stdout,
    process: proc,
    env: { TERM: 'xterm' },
    clock,
    keys: (onKey) => ({
      push: (bytes) => onKey({ kind: 'text', text: String(bytes) }),
      end: () => onKey({ kind: 'end' }),
    }),
    onKey: (key) => void seen.push(key.kind === 'text' ? key.text : key.kind),
    onResize: () => void seen.push('resize'),
    onBlank: () => void seen.push('blank'),
    onReady: () => void seen.push('ready'),
    onCrash: () => void seen.push('crash'),
  });
  return { stdin, stdout, out, proc, clock, seen, terminal };
}

t.test('nothing is written while the shell has the terminal, nor after closing', async (t) => {
  const { out, clock, terminal, proc, seen } = scene();
  t.ok(terminal.draw('picture'));
  terminal.send('\x07');
  t.ok(out().endsWith('picture\x07'));
  const suspended = terminal.suspend();
  out();
  t.notOk(terminal.draw('picture'));
  terminal.send('\x07');
  terminal.send('notification');
  terminal.title('new');
  t.equal(out(), '');
  t.strictSame(proc.killed, ['0 SIGTSTP']);
  clock.advance(1_000);
  await suspended;
  t.ok(out().endsWith('\x1b]2;new\x07'), 'the title is made up for');
  t.strictSame(seen, ['focus', 'blank']);
  terminal.close();
  t.match(out(), '\x1b[?1049l');
  terminal.close();
  t.notOk(terminal.draw('picture'));
  terminal.send('notification');
  terminal.title('newer');
  await terminal.suspend();
  t.equal(out(), '');
});

t.test(
  'what has to be removed is removed whenever the terminal is given back, after any unfinished output',
  async (t) => {
    const { out, clock, terminal, proc } = scene();
    terminal.leaveWith('<erase>');
    t.notMatch(out(), 'erase');
    const suspended = terminal.suspend();
    const given = out();
    t.match(given, '\x1b\\<erase>');
    t.ok(given.indexOf('<erase>') < given.indexOf('\x1b[?1049l'), 'on the screen that it is on');
    clock.advance(1_000);
    await suspended;
    out();
    proc.emit('SIGTERM');
    t.match(out(), '<erase>');
    const closed = scene();
    closed.terminal.leaveWith('<erase>');
    closed.terminal.leaveWith('');
    closed.terminal.close();
    t.notMatch(closed.out(), 'erase');
  },
);

t.test('a terminal closed while lent is not taken back', async (t) => {
  const { out, clock, terminal, proc, seen } = scene();
  const suspended = terminal.suspend();
  out();
  terminal.close();
  clock.advance(1_000);
  await suspended;
  t.equal(out(), '');
  t.strictSame(seen, []);
  t.equal(await terminal.run(async () => 'result'), 'result');
  t.equal(out(), '');
  t.strictSame(proc.eventNames(), []);
});

t.test('an error of another program is passed on, with the terminal taken back', async (t) => {
  const { out, clock, terminal } = scene();
  const rejected = t.rejects(
    terminal.run(() => Promise.reject(new TypeError('no'))),
    TypeError,
  );
  await settle();
  clock.advance(100);
  await rejected;
  t.match(out(), /1049l.*1049h/);
});

t.test('a terminal that disappears is the last key', async (t) => {
  for (const lose of [
    ({ stdin }: ReturnType<typeof scene>) => stdin.end(),
    ({ stdin }: ReturnType<typeof scene>) => stdin.destroy(new Error('EIO')),
    ({ stdout }: ReturnType<typeof scene>) => stdout.destroy(new Error('EIO')),
  ]) {
    const lost = scene();
    lost.stdin.write('a');
    await settle();
    lose(lost);
    await settle();
    t.strictSame(lost.seen, ['a', 'end']);
    lost.terminal.close();
  }
});

t.test('a signal with a listener restores the terminal and is left to the listener', (t) => {
  const { out, proc } = scene();
  proc.on('SIGTERM', () => {});
  proc.emit('SIGTERM');
  t.match(out(), '\x1b[?1049l');
  t.strictSame(proc.killed, []);
  t.end();
});

t.test('an unknown size is 80 by 24', (t) => {
  const { terminal, stdout } = scene();
  stdout.columns = 0;
  t.equal(terminal.columns, 80);
  t.equal(terminal.rows, 24);
  t.end();
});

t.test('leaving ends any unfinished sequence and restores the screen', async (t) => {
  const unfinished = [
    '\x1b[?2026h\x1b[?25l\x1b[1;3',
    '\x1b]8;;https://example.org',
    '\x1bPtmux;',
    '\x1b[7;31mred',
    '\x1b',
  ];
  for (const start of unfinished) {
    const emulator = createEmulator(40);
    emulator.write(`before${enterSequence(false)}\x1b[2J\x1b[5;5Hpicture${start}${leaveSequence} after`);
    await emulator.drawn();
    t.strictSame(emulator.rows(), ['before after']);
  }
});

t.test('the title is saved once and restored', (t) => {
  t.match(enterSequence(false), '\x1b[22;0t');
  t.notMatch(enterSequence(true), '22;0t');
  t.match(leaveSequence, '\x1b[23;0t');
  t.end();
});

t.test('the Linux console has no title', (t) => {
  t.equal(titleSequence('x', { TERM: 'linux' }), '');
  t.equal(titleSequence('x', { TERM: 'xterm-256color' }), '\x1b]2;x\x07');
  t.end();
});
