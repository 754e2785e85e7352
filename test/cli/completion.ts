import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { needs } from '../support/other-program.js';
import { openCommandLine } from '../support/run-main.js';

const exec = promisify(execFile);

async function scriptOf(t: Parameters<typeof openCommandLine>[0], shell: string): Promise<string> {
  const { home, run } = await openCommandLine(t);
  const { code, out, err } = await run(['completion', shell]);
  t.same([code, err], [0, '']);
  const path = join(home, `completion.${shell}`);
  await writeFile(path, out);
  return path;
}

/** The completions of the last word, which may be empty. */
async function inBash(script: string, words: readonly string[]): Promise<string[]> {
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]}-1))
    compopt() { COMPREPLY=(files); }; _secure_chat; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await exec('bash', ['--norc', '-c', program, 'bash', script, ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function inFish(script: string, words: readonly string[]): Promise<string[]> {
  const program = 'source $argv[1]; complete -C "$argv[2]"';
  const { stdout } = await exec('fish', ['--no-config', '-c', program, script, words.join(' ')]);
  return stdout
    .split('\n')
    .map((line) => line.replace(/\t.*/, ''))
    .filter((line) => line !== '');
}

for (const [shell, complete] of [
  ['bash', inBash],
  ['fish', inFish],
] as const) {
  t.test(`${shell} completes commands, options and what they take`, needs(shell), async (t) => {
    const script = await scriptOf(t, shell);
    const offered = (...words: string[]) => complete(script, ['secure-chat', ...words]);
    const { run } = await openCommandLine(t);
    const help = (await run(['--help'])).out;
    const commands = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(
      ([, name]) => name,
    );
    t.ok(commands.length > 9);
    t.same((await offered('')).sort(), commands.sort());
    t.same(await offered('au'), ['audit']);
    t.same((await offered('user', 'r')).sort(), ['remove', 'role']);
    t.same(await offered('user', 'add', '--ro'), ['--role']);
    t.same((await offered('user', 'add', '--role', 'm')).sort(), ['member', 'moderator']);
    t.same(await offered('user', 'add', '--data', '/x', '--role', 'b'), ['bot']);
    t.same(await offered('user', 'ban', ''), [], 'names are not guessed');
    t.same(await offered('server', '--port', ''), []);
    t.same((await offered('completion', '')).sort(), ['bash', 'fish', 'zsh']);
  });
}

t.test('bash completes files where a file is expected', needs('bash'), async (t) => {
  const script = await scriptOf(t, 'bash');
  const offered = (...words: string[]) => inBash(script, ['secure-chat', ...words]);
  t.same(await offered('backup', ''), ['files']);
  t.same(await offered('server', '--cert', ''), ['files']);
  t.same(await offered('connect', '--downloads', ''), ['files']);
  t.same(await offered('backup', '--d'), ['--data', '--database']);
});

t.test('zsh accepts its script', needs('zsh'), async (t) => {
  const { stdout } = await exec('zsh', [
    '-f',
    '-c',
    'source $1; print $_comps[secure-chat]',
    'zsh',
    await scriptOf(t, 'zsh'),
  ]);
  t.equal(stdout.trim(), '_secure_chat');
});

t.test('an unknown shell is wrong usage', async (t) => {
  const { run } = await openCommandLine(t);
  t.match(await run(['completion', 'tcsh']), { code: 64, err: /bash, zsh, fish/ });
  t.match(await run(['completion']), { code: 64, err: /SHELL/ });
});
