/** Every slash command, one row each, in the order of /help. Knows which groups there are, not what is in them. */
import type { Command } from './command-row.js';
import { accountCommands } from './command-rows/account.js';
import { fileCommands } from './command-rows/files.js';
import { linkCommands } from './command-rows/links.js';
import { moreCommands } from './command-rows/more.js';
import { peopleCommands } from './command-rows/people.js';
import { readingCommands } from './command-rows/reading.js';
import { roomCommands } from './command-rows/rooms.js';
import { ruleCommands } from './command-rows/rules.js';
import { screenCommands } from './command-rows/screen.js';
import { talkCommands } from './command-rows/talk.js';

export const commands: readonly Command[] = [
  ...talkCommands,
  ...roomCommands,
  ...readingCommands,
  ...fileCommands,
  ...peopleCommands,
  ...ruleCommands,
  ...linkCommands,
  ...accountCommands,
  ...screenCommands,
  ...moreCommands,
];
