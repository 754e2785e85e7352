/** Commands that change what is shown here. */
import { noArguments } from './arguments.js';
import { command, type NotifyChoice, notifyChoices, type SlashCommand } from './command.js';
import { CommandRefused } from './refusal.js';

export const displayCommands = [
  command({
    name: 'window',
    aliases: ['win', 'buffer'],
    group: 'display',
    usage: 'NUMBER|NAME',
    help: 'go to a conversation, by its number or name',
    opensConversation: true,
    parse: (rest) => (rest.trim() === '' ? '' : { which: rest.trim().toLowerCase() }),
    run({ which }, { findConversation, open }) {
      const found = findConversation(which);
      if (found === undefined) {
        throw new CommandRefused(
          `There is no conversation "${which}" here. Try /window #lobby, /join #ROOM or /query NAME.`,
        );
      }
      open(found);
    },
  }),
  screenCommand('close', 'close this direct message'),
  screenCommand('clear', 'clear the screen; no message is removed'),
  screenCommand('compose', 'write a message in $EDITOR (Ctrl-X Ctrl-E)'),
  screenCommand('retry', 'send failed messages again'),
  command<{ choice?: NotifyChoice }>({
    name: 'notify',
    group: 'display',
    usage: '[off|mention|all]',
    help: 'set when this conversation rings the bell',
    screenOnly: true,
    parse(rest) {
      const word = rest.trim().toLowerCase();
      if (word === '') return {};
      const choice = notifyChoices.find((each) => each === word);
      return choice === undefined ? '' : { choice };
    },
    run: ({ choice }, { screen }) => screen?.notify(choice),
  }),
];

function screenCommand(name: 'close' | 'clear' | 'compose' | 'retry', help: string): SlashCommand {
  return command({
    ...{ name, group: 'display', usage: '', help, screenOnly: true, parse: noArguments },
    run: (_, { screen }) => screen?.[name](),
  });
}
