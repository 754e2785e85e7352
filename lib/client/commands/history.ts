/** Commands that show, search and save earlier messages. */
import { limits } from '../../protocol/limits.js';
import { parseName, parseRoomOrPerson, type RoomOrPerson, roomOrPersonOf } from '../../protocol/names.js';
import { foundLines } from '../text/lists.js';
import type { RequestBody } from '../wire/connection.js';
import { momentForms, parseId, parseMoment } from './arguments.js';
import { type CommandContext, CommandRefused, command, type HistoryRange } from './command.js';

/** Of one /history; older messages come by scrolling or with the next one. */
const historyMax = 1_000;
const searchPage = 10;

/** What /search looks for; times in milliseconds since the epoch. */
interface SearchTerms {
  readonly words: string;
  readonly room?: string;
  readonly with?: string;
  readonly from?: string;
  readonly since?: number;
  readonly until?: number;
}

export const historyCommands = [
  command<HistoryRange>({
    name: 'history',
    usage: '[NUMBER | 2h | DATE]',
    help: 'show earlier messages: the last 50, the last NUMBER, or those since then',
    parse(rest, { now }) {
      const typed = rest.trim();
      if (/^\d{1,4}$/.test(typed) || typed === '') {
        const last = Number(typed === '' ? 50 : typed);
        return last >= 1 && last <= historyMax ? { last } : `It shows 1 to ${historyMax} messages.`;
      }
      const since = parseMoment(typed, now);
      return since === undefined ? `Type a number of messages, or ${momentForms}.` : { since };
    },
    run: (range, context) => context.showHistory(range, context),
  }),
  command<{ terms?: SearchTerms }>({
    name: 'search',
    aliases: ['lastlog', 'grep'],
    usage: 'WORDS [from:NAME] [in:#ROOM] [before:DATE] [after:DATE]',
    help: 'find messages, newest first; "two words" is a phrase; /search alone continues the last search',
    parse(rest, { now }) {
      if (rest.trim() === '') return {};
      const terms = parseSearch(rest, now);
      return terms === undefined
        ? `That is too long to search for: ${limits.searchBytes} bytes at most.`
        : { terms };
    },
    run: ({ terms }, context) => search(terms, context),
  }),
  command({
    name: 'jump',
    usage: 'ID',
    help: 'show a message in its context; /search shows IDs',
    parse(rest) {
      const seq = parseId(rest.trim());
      return seq === undefined ? '' : { seq };
    },
    run({ seq }, context) {
      const { jump, memory, ask } = context;
      return jump(seq, { ask, conversation: memory.found.get(seq) ?? context.conversation });
    },
  }),
  command({
    name: 'save',
    aliases: ['savechat'],
    usage: 'FILE',
    help: 'save this conversation to a text file',
    screenOnly: true,
    parse: (rest) => (rest.trim() === '' ? '' : { path: rest.trim() }),
    run: ({ path }, { screen }) => screen?.save(path),
  }),
];

/** @param terms without them, the last search continues */
async function search(terms: SearchTerms | undefined, context: CommandContext): Promise<void> {
  const { ask, answer, memory, time } = context;
  const request = terms === undefined ? memory.nextSearchPage : searchRequest(terms);
  if (request === undefined) throw new CommandRefused('No more results. Search with /search WORDS.');
  const { found = [], more = false, reached } = await ask(request);
  memory.found = new Map([
    ...(terms === undefined ? memory.found : []),
    ...found.map((message): [number, RoomOrPerson] => [message.seq, roomOrPersonOf(message)]),
  ]);
  const last = reached?.seq ?? found.at(-1)?.seq;
  memory.nextSearchPage =
    more && last !== undefined ? ({ ...request, before: last } as RequestBody) : undefined;
  answer(foundLines(found, { more, reached: reached?.at, further: terms === undefined, time }));
}

function searchRequest({ since, until, ...terms }: SearchTerms): RequestBody {
  return {
    type: 'search',
    ...terms,
    limit: searchPage,
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}

/** Words and filters; a malformed filter is a word. Undefined if it is too long. */
function parseSearch(text: string, now: number): SearchTerms | undefined {
  const words: string[] = [];
  let filters: Omit<SearchTerms, 'words'> = {};
  for (const word of text.match(/"[^"]*"?|[^\s"]+/g) ?? []) {
    const filter = parseFilter(word, now);
    if (filter === undefined) words.push(word);
    else filters = { ...filters, ...filter };
  }
  const typed = words.join(' ');
  const fits = new TextEncoder().encode(typed).length <= limits.searchBytes;
  return fits ? { words: typed, ...filters } : undefined;
}

function parseFilter(word: string, now: number): Omit<SearchTerms, 'words'> | undefined {
  const [, key = '', value = ''] = /^(from|in|before|after):(.+)$/i.exec(word) ?? [];
  switch (key.toLowerCase()) {
    case 'from': {
      const name = parseName(value.replace(/^@/, ''));
      return name.ok ? { from: name.name } : undefined;
    }
    case 'in': {
      const parsed = parseRoomOrPerson(value, 'room');
      return parsed.ok ? parsed.conversation : undefined;
    }
    case 'before': {
      const until = parseMoment(value, now);
      return until === undefined ? undefined : { until };
    }
    case 'after': {
      const since = parseMoment(value, now);
      return since === undefined ? undefined : { since };
    }
    default:
      return undefined;
  }
}
