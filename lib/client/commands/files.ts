/** Commands that send and download files. */
import { parseRoomOrPerson, type Recipient, recipientOf } from '../../protocol/names.js';
import { fileLines } from '../text/lists.js';
import { transferWords } from '../text/wording.js';
import { firstWord, parseId } from './arguments.js';
import { CommandRefused, command, type UsageError } from './command.js';

interface SendArguments {
  readonly path: string;
  readonly to?: Recipient;
}

export const fileCommands = [
  command({
    name: 'send',
    usage: 'PATH [to NAME|#ROOM]',
    help: 'send a file here, or to another person or room',
    parse: parseSend,
    run({ path, to }, { transfers, conversation }) {
      transfers.send(path, to ?? recipientOf(conversation));
    },
  }),
  command({
    name: 'files',
    help: 'list the files that were sent here',
    async run(_, { ask, answer, conversation, time }) {
      const { messages = [], more } = await ask({ type: 'files', ...conversation });
      answer(fileLines(messages, { more: more === true, time }));
    },
  }),
  command<{ seq: number; path?: string }>({
    name: 'get',
    usage: 'ID [PATH]',
    help: 'download a file; it never overwrites or opens one',
    parse(rest) {
      const [word, more] = firstWord(rest);
      const [seq, path] = [parseId(word), more.trim()];
      if (seq === undefined) return '';
      return path === '' ? { seq } : { seq, path };
    },
    run({ seq, path }, { transfers }) {
      transfers.get(seq, path);
    },
  }),
  command<{ seq: number }>({
    name: 'view',
    usage: 'ID',
    help: 'show a PNG or JPEG of at most 5 MiB that was sent here; Esc closes it',
    screenOnly: true,
    parse(rest) {
      const seq = parseId(rest.trim());
      return seq === undefined ? '' : { seq };
    },
    run: ({ seq }, { screen }) => screen?.view(seq),
  }),
  command<{ transfer?: number }>({
    name: 'cancel',
    usage: '[NUMBER]',
    help: 'cancel the last transfer, or the one with that number',
    parse(rest) {
      const typed = rest.trim();
      const transfer = parseId(typed);
      if (typed === '') return {};
      return transfer === undefined ? '' : { transfer };
    },
    run({ transfer }, { transfers }) {
      if (transfers.cancel(transfer) === undefined) {
        throw new CommandRefused('There is no such transfer. List them with /transfers.');
      }
    },
  }),
  command({
    name: 'transfers',
    help: 'list the transfers in progress',
    run(_, { transfers, answer }) {
      const lines = transfers.current.map((transfer) => `${transfer.id}  ${transferWords(transfer)}`);
      answer(lines.length === 0 ? ['No transfers in progress.'] : lines);
    },
  }),
];

/** `PATH`, `PATH to NAME`, `PATH to #ROOM`; a path in quotes may contain " to ". */
function parseSend(rest: string): SendArguments | UsageError {
  const quoted = /^\s*("[^"]+"|'[^']+')(?:\s+to\s+(\S+))?\s*$/i.exec(rest);
  const [, path = '', to] = quoted ?? /^\s*(.+?)(?:\s+to\s+([#@]?\S+))?\s*$/i.exec(rest) ?? [];
  if (path === '') return '';
  if (to === undefined) return { path };
  const parsed = parseRoomOrPerson(to, 'person');
  return parsed.ok ? { path, to: recipientOf(parsed.conversation) } : parsed.message;
}
