/** /notify: when a conversation rings, whom to wait for, and where to send notifications while away. */
import { limits } from '../../protocol/limits.js';
import { printable } from '../../protocol/printable.js';
import type { PushInfo } from '../../protocol/records.js';
import { withName, wordsIn } from './arguments.js';
import {
  type CommandContext,
  CommandRefused,
  command,
  type NotifyChoice,
  notifyChoices,
  type ParseContext,
  type UsageError,
} from './command.js';

interface NotifyArguments {
  readonly choice?: NotifyChoice;
  /** Whom to wait for, or no longer. */
  readonly when?: string;
  readonly cancel?: string;
  readonly push?: PushChoice;
}

/** Shows where notifications go, ends them, or sets the URL. */
type PushChoice = 'show' | 'off' | { readonly url: string; readonly text?: true };

export const notifyCommand = command<NotifyArguments>({
  name: 'notify',
  usage: '[off|mention|all|when NAME|cancel NAME|push [URL [text]|off]]',
  help: 'set when this conversation rings the bell; get one notice when a person comes online; send mentions and direct messages to a URL (ntfy) while you are away',
  next([first, ...more]) {
    if (first === undefined) return [...notifyChoices, 'when', 'cancel', 'push'];
    if (more.length > 0) return first === 'push' && more.length === 1 && more[0] !== 'off' ? ['text'] : [];
    if (first === 'push') return ['off'];
    return first === 'when' || first === 'cancel' ? ['NAME'] : [];
  },
  parse: parseNotify,
  async run({ choice, when, cancel, push }, context) {
    const { screen, session, ask, answer } = context;
    if (push !== undefined) return setPush(push, context);
    if (when !== undefined) {
      await ask({ type: 'watch', name: when });
      // If they are here already, that was told.
      if (session.watched.includes(when)) answer([`You will get a notice when ${when} comes online.`]);
    } else if (cancel !== undefined) {
      if (!session.watched.includes(cancel))
        throw new CommandRefused(`You are not waiting for ${cancel}. /notify lists the people you wait for.`);
      await ask({ type: 'unwatch', name: cancel });
      answer([`You are no longer waiting for ${cancel}.`]);
    } else {
      screen?.notify(choice);
      if (choice === undefined) answer([waitingWords(session.watched)]);
    }
  },
});

function parseNotify(rest: string, { screen }: ParseContext): NotifyArguments | UsageError {
  const [typed = '', given = '', ...more] = wordsIn(rest);
  const [word, name] = [typed.toLowerCase(), given.toLowerCase()];
  if (word === 'push') return parsePush(given, more);
  if (more.length > 0) return '';
  if (word === 'when') return withName(name, (when) => ({ when }));
  if (word === 'cancel') return withName(name, (cancel) => ({ cancel }));
  if (name !== '') return '';
  if (word === '') return {};
  const choice = notifyChoices.find((each) => each === word);
  if (choice === undefined) return '';
  return screen
    ? { choice }
    : 'Only the full screen has a bell. Here you can use /notify when NAME and /notify push URL.';
}

function parsePush(typed: string, more: readonly string[]): NotifyArguments | UsageError {
  if (typed === '') return { push: 'show' };
  const [option, ...rest] = more.map((word) => word.toLowerCase());
  if (typed.toLowerCase() === 'off') return more.length === 0 ? { push: 'off' } : '';
  if (rest.length > 0 || (option !== undefined && option !== 'text')) return '';
  const isUrl = URL.canParse(typed) && /^https?:$/.test(new URL(typed).protocol);
  if (!isUrl || new TextEncoder().encode(typed).length > limits.pushUrlBytes) {
    return `Give a URL such as https://ntfy.sh/TOPIC, of at most ${limits.pushUrlBytes} bytes.`;
  }
  return { push: { url: typed, ...(option === 'text' && { text: true }) } };
}

async function setPush(choice: PushChoice, { ask, answer }: CommandContext): Promise<void> {
  if (choice === 'show') {
    answer([pushWords((await ask({ type: 'push' })).push)]);
  } else if (choice === 'off') {
    await ask({ type: 'set-push' });
    answer(['Notifications are off.']);
  } else {
    await ask({ type: 'set-push', ...choice });
    answer([
      `While you are away or not connected, mentions and direct messages are sent there, ${withText(choice.text)}. You should get a first notification now.`,
    ]);
  }
}

function pushWords(push: PushInfo | undefined): string {
  if (push === undefined) return 'Notifications are off. /notify push URL turns them on.';
  const { url, text, paused } = push;
  const stopped = paused ? ' They failed for a day and are paused; set the URL again to resume them.' : '';
  return `Notifications are sent to ${printable(url)}, ${withText(text)}.${stopped}`;
}

function withText(text = false): string {
  return text ? 'with their text' : 'without their text';
}

function waitingWords(watched: readonly string[]): string {
  if (watched.length === 0) return 'You are not waiting for anyone. /notify when NAME waits for a person.';
  return `You are waiting for ${watched.join(', ')}. /notify cancel NAME ends that.`;
}
