/** Every slash command, one row each, in the order of /help. Knows which groups there are, not what is in them. */

import { accountCommands } from './account.js';
import type { Command } from './command-row.js';
import { screenCommands } from './display.js';
import { fileCommands } from './files.js';
import { linkCommands } from './links.js';
import { talkCommands } from './messages.js';
import { moreCommands } from './more.js';
import { peopleCommands } from './people.js';
import { readingCommands } from './reading.js';
import { roomCommands } from './rooms.js';
import { ruleCommands } from './rules.js';

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
