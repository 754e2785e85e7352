/** Sequences through tmux or screen to the terminal around it. Knows the environment. */

// GNU screen drops a longer string.
const screenPart = 250;

/** tmux passes it on if `allow-passthrough` is on. */
export function passedThrough(
  sequence: string,
  { TMUX: tmux, STY: screen }: Readonly<Record<string, string | undefined>>,
): string {
  if (tmux) return `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}\x1b\\`;
  if (!screen) return sequence;
  const parts = sequence.match(new RegExp(`.{1,${screenPart}}`, 'gs')) ?? [];
  return parts.map((part) => `\x1bP${part}\x1b\\`).join('');
}
