/** Commands of the screen: which conversation it shows, what is on it, its settings. */
import { CommandRefused, command, type SlashCommand } from './command.js';
import { notifyCommand } from './notify.js';
import { parseSetting, type SettingChange, settingRows } from './settings.js';

export const displayCommands = [
  command({
    name: 'window',
    aliases: ['win', 'buffer'],
    usage: 'NUMBER|#ROOM|@NAME',
    help: 'go to a conversation, by its number or name',
    opensConversation: true,
    parse: (rest) => (rest.trim() === '' ? '' : { which: rest.trim().toLowerCase() }),
    run({ which }, { goTo }) {
      if (goTo(which)) return;
      throw new CommandRefused(
        `There is no conversation "${which}" here. Try /window #lobby, /join #ROOM or /query NAME.`,
      );
    },
  }),
  screenCommand('close', 'close this direct message; /list and Alt-K find it again'),
  screenCommand('clear', 'clear the screen; no message is deleted'),
  screenCommand('compose', 'write a message in $EDITOR (Ctrl-X Ctrl-E)'),
  screenCommand('retry', 'send failed messages again'),
  notifyCommand,
  command<SettingChange>({
    name: 'set',
    usage: `[${settingRows.map(({ name }) => name).join('|')} [VALUE]]`,
    help: 'list the settings of the screen, or change one',
    screenOnly: true,
    next: ([name, ...more]) => (more.length > 0 ? [] : settingRows.find((row) => row.name === name)?.values),
    parse: parseSetting,
    run: (change, { screen }) => screen?.set(change),
  }),
];

function screenCommand(name: 'close' | 'clear' | 'compose' | 'retry', help: string): SlashCommand {
  return command({
    ...{ name, help, screenOnly: true },
    run: (_, { screen }) => screen?.[name](),
  });
}
