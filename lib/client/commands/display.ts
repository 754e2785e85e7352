/** What only a full screen has, but for /window. */
import { type Command, named, nothing } from './command-row.js';

export const screenCommands: readonly Command[] = [
  {
    group: 'screen',
    turns: true,
    name: 'window',
    aliases: ['win', 'buffer'],
    usage: 'NUMBER|NAME',
    help: 'go to a conversation, as Alt-1 does',
    parse(rest) {
      const which = rest.trim();
      if (which === '') return '';
      return { do: 'window', which: /^\d{1,3}$/.test(which) ? Number(which) : which.toLowerCase() };
    },
  },
  screenCommand('close', 'put a direct conversation away'),
  screenCommand('clear', 'empty the screen; nothing is lost'),
  screenCommand('compose', 'write in $EDITOR, as Ctrl-X Ctrl-E does'),
  screenCommand('retry', 'send again what failed here'),
  {
    group: 'screen',
    screen: true,
    name: 'notify',
    aliases: [],
    usage: '[off|mention|all]',
    help: 'when this conversation rings',
    parse(rest) {
      const what = rest.trim().toLowerCase();
      if (what === '') return { do: 'notify' };
      return what === 'off' || what === 'mention' || what === 'all' ? { do: 'notify', what } : '';
    },
  },
  {
    group: 'screen',
    screen: true,
    name: 'ignore',
    aliases: [],
    usage: '[NAME]',
    help: 'hide what somebody says, here',
    parse: (rest) =>
      rest.trim() === '' ? { do: 'ignore' } : named(rest.trim(), (name) => ({ do: 'ignore', name })),
  },
  {
    group: 'screen',
    screen: true,
    name: 'unignore',
    aliases: [],
    usage: 'NAME',
    help: 'show it again',
    parse: (rest) => named(rest.trim(), (name) => ({ do: 'unignore', name })),
  },
];

function screenCommand(name: 'close' | 'clear' | 'compose' | 'retry', help: string): Command {
  return { group: 'screen', screen: true, name, aliases: [], usage: '', help, parse: nothing({ do: name }) };
}
