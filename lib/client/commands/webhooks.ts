/** Commands for webhooks: what other programs send to a secret URL is posted in a room. */
import { parseName } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import { webhookLines } from '../text/lists.js';
import { withName, withRoom, wordsIn } from './arguments.js';
import { command, type UsageError } from './command.js';
import { roomHere } from './rooms.js';

type WebhookArguments =
  | { readonly act: 'add'; readonly room: string | undefined; readonly name: string }
  | { readonly act: 'list' }
  | { readonly act: 'remove'; readonly name: string };

export const webhookCommands = [
  command<WebhookArguments>({
    name: 'webhook',
    usage: 'add [#ROOM] NAME | list | remove NAME',
    help: 'let programs post in a room under a name of their own: add makes a secret URL for them',
    next([act, ...more]) {
      if (act === undefined) return ['add', 'list', 'remove'];
      return act === 'add' && more.length === 0 ? ['#ROOM'] : [];
    },
    parse: parseWebhook,
    async run(args, context) {
      const { ask, answer, time, secrets } = context;
      switch (args.act) {
        case 'add': {
          const { name, room = roomHere(context) } = args;
          const { url = '' } = await ask({ type: 'make-webhook', room, name });
          answer([
            `What is sent to this URL is posted in #${room} as ${name}. It is shown only once; keep it secret.`,
            `  ${printable(url)}`,
            `/webhook remove ${name} revokes it.`,
            ...(secrets === undefined ? [] : [secrets.copying]),
          ]);
          return;
        }
        case 'list':
          answer(webhookLines((await ask({ type: 'webhooks' })).webhooks ?? [], time));
          return;
        case 'remove':
          await ask({ type: 'remove-webhook', name: args.name });
          answer([`The webhook ${args.name} no longer works.`]);
          return;
        default:
          args satisfies never;
      }
    },
  }),
];

function parseWebhook(rest: string): WebhookArguments | UsageError {
  const [act = 'list', ...words] = wordsIn(rest.toLowerCase());
  if (act === 'list') return words.length === 0 ? { act } : '';
  if (act === 'remove' && words.length === 1) return withName(words[0] ?? '', (name) => ({ act, name }));
  if (act !== 'add' || words.length === 0 || words.length > 2) return '';
  const [name = '', typed] = words.toReversed();
  // Not `withName`, whose advice is for a name that exists.
  const parsed = parseName(name.replace(/^@/, ''));
  if (!parsed.ok) return parsed.message;
  const made = { act, name: parsed.name } as const;
  return typed === undefined ? { ...made, room: typed } : withRoom(typed, (room) => ({ ...made, room }));
}
