/** A talk of five people, and pictures of the screens that show it. Knows what is said, not by which program it is shown. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { PseudoTerminal } from './pseudo-terminal.js';
import { drawSvg } from './svg.js';

/** The two whose screens are drawn. */
export const sizes: Readonly<Record<string, { cols: number; rows: number }>> = {
  ana: { cols: 120, rows: 40 },
  ben: { cols: 80, rows: 24 },
};

/** Alt-Enter. */
export const newLine = '\x1b\r';

/** Who posts what, in order; `seen` is how the viewers know it has arrived. */
export const talk: readonly { by: string; say: string; seen?: RegExp }[] = [
  { by: 'ana', say: 'welcome, everyone! This is our own server, in my kitchen 🏠', seen: /kitchen/ },
  { by: 'ben', say: "that was quick: one link, one password, and I'm in", seen: /password,/ },
  { by: 'mei', say: '大家好! 我也来了 👋', seen: /大家好/ },
  { by: 'tom', say: 'is the history kept? I was away on Thursday', seen: /Thursday/ },
  { by: 'ana', say: 'all of it: a message is on disk before anyone sees it', seen: /on disk/ },
  { by: 'ana', say: 'PgUp scrolls back as far as you like', seen: /PgUp/ },
  { by: 'sofia', say: '/me puts the kettle on', seen: /kettle/ },
  { by: 'tom', say: 'who else can read it?', seen: /else/ },
  { by: 'ana', say: "only me, since it's my server. TLS 1.3 on the way", seen: /only me/ },
  { by: 'ben', say: "/reply fine by me, I've seen your kitchen", seen: /fine/ },
  { by: 'mei', say: 'now, the picnic', seen: /picnic/ },
  {
    by: 'mei',
    say: "the list is at https://example.org/saturday, add what you'll bring",
    seen: /example\.org/,
  },
  { by: 'mei', say: 'rain or shine ☔', seen: /shine/ },
  { by: 'sofia', say: "I'll make salad, and bread if the oven is free: I have 2 kg of flour", seen: /flour/ },
  { by: 'ana', say: 'the oven is yours from ten, and so is the big table', seen: /ten/ },
  { by: 'tom', say: "I'll bring plates, glasses and the blue blanket", seen: /blanket/ },
  {
    by: 'tom',
    say: 'ben, ana: can one of you take the grill? Mine is too heavy for the tram',
    seen: /grill/,
  },
  { by: 'ben', say: '/reply I can, with the bike trailer 🚲', seen: /trailer/ },
  { by: 'sofia', say: '/react tada', seen: /🎉 1/ },
  { by: 'tom', say: '/react +1', seen: /👍 1/ },
  { by: 'mei', say: '/react tada', seen: /🎉 2/ },
  {
    by: 'mei',
    say: `the way:${newLine}\`\`\`${newLine}for stop in park lake; do${newLine}  go "$stop"${newLine}done${newLine}\`\`\``,
    seen: /done/,
  },
  { by: 'mei', say: '/msg ben shall we surprise ana with a cake? 🎂' },
  { by: 'tom', say: 'ben: thank you! See you on Saturday', seen: /thank/ },
  { by: 'sofia', say: 'a domani! 🥗', seen: /domani/ },
  { by: 'ana', say: 'see you there 🎉', seen: /there/ },
];

/** Draws the screen into a file once it rests, and prints it as text. @param usualTitle of a window that was given none */
export async function savePicture(terminal: PseudoTerminal, file: string, usualTitle: string): Promise<void> {
  await rest(terminal);
  const title = terminal.title || usualTitle;
  await writeFile(file, drawSvg({ cells: terminal.cells(), cursor: terminal.cursor, title }));
  process.stdout.write(`${file}\n${terminal.screen()}\n`);
}

/** Resolves once nothing was drawn for half a second. */
export async function rest(terminal: PseudoTerminal): Promise<void> {
  for (let before = -1; before !== terminal.output().length; ) {
    before = terminal.output().length;
    await pause(500);
  }
}
