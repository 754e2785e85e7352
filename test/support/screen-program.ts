/**
 * A program on a full screen, for tests of the terminal. It shows its process id, what was typed, and how often it drew
 * on a blank screen; some letters are commands.
 */
import { spawn } from 'node:child_process';
import { createFrames, paint } from '../../lib/client/screen/picture.js';
import type { Frame } from '../../lib/client/screen/render/render.js';
import { openTerminal, type Terminal } from '../../lib/client/screen/terminal/terminal.js';
import { systemClock } from '../../lib/system/clock.js';

let typed = '';
let blank = 0;
let busy = 0;
let drawn = 0;
let shown: Frame | undefined;

const frames = createFrames({
  clock: systemClock,
  draw() {
    const next = render();
    const text = paint(shown, next);
    if (text === '' || terminal.draw(text)) shown = next;
  },
});

const terminal: Terminal = openTerminal({
  stdin: process.stdin,
  stdout: process.stdout,
  process,
  env: process.env,
  clock: systemClock,
  keys: (onKey) => ({
    push: (bytes) => onKey({ kind: 'text', text: bytes.toString() }),
    end: () => onKey({ kind: 'end' }),
  }),
  onKey(key) {
    if (key.kind === 'text') for (const letter of key.text) take(letter);
    if (key.kind === 'end') process.exit(3);
  },
  onResize: redraw,
  onBlank() {
    blank++;
    redraw();
  },
  onReady: () => frames.soon(),
  onCrash(error) {
    process.stderr.write(`crashed: ${error instanceof Error ? error.message : error}\n`);
    process.exit(70);
  },
});
terminal.title('a title');
terminal.mouse(true);
redraw();

function render(): Frame {
  const lines = Array.from({ length: terminal.rows }, (_, row) => `${'.'.repeat(busy % 70)}row ${row}`);
  lines[0] = `pid ${process.pid} size ${terminal.columns}x${terminal.rows}`;
  lines[1] = `typed [${typed}] blank ${blank} turns ${drawn > 0 ? 'on' : 'none'}`;
  return { lines, cursor: { row: 1, column: 7 + typed.length } };
}

function redraw(): void {
  shown = undefined;
  frames.now();
}

function take(letter: string): void {
  const command = commands[letter];
  if (command !== undefined) command();
  else typed += letter;
  frames.soon();
}

const commands: Readonly<Record<string, () => void>> = {
  /** Closes the terminal; the process ends by itself. */
  q() {
    frames.stop();
    terminal.close();
  },
  x() {
    setImmediate(() => {
      throw new Error('nothing caught this');
    });
  },
  r: () => void Promise.reject(new Error('nothing handled this')),
  e: () => process.exit(5),
  z: () => void terminal.suspend(),
  '\x1a': () => void terminal.suspend(),
  /** Runs another program until it is interrupted. */
  p: () => void terminal.run(runProgram),
  /** Draws large frames without end, and reports each turn of the event loop on stderr. */
  f: flood,
};

function runProgram(): Promise<void> {
  return new Promise((resolve) => {
    const script =
      'trap "echo interrupted; exit" INT; stty -a | grep -o -e -*icanon; echo other program; read line';
    const child = spawn('/bin/sh', ['-c', script], { stdio: 'inherit' });
    child.on('exit', () => resolve());
  });
}

function flood(): void {
  drawn++;
  setInterval(() => {
    busy++;
    redraw();
    process.stderr.write('turn\n');
  }, 5);
}
