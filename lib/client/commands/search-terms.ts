/** What /search is given: words, and filters among them. Knows names and moments, not what there is to find. */
import { limits } from '../../protocol/limits.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import type { SearchTerms } from './act.js';
import { parseMoment } from './moment.js';

type Filters = { -readonly [F in Exclude<keyof SearchTerms, 'words'>]?: SearchTerms[F] };

/** Words and filters; what only looks like a filter is a word. Undefined where it is too long to be asked. */
export function parseSearch(text: string, now: number): SearchTerms | undefined {
  const filters: Filters = {};
  const words = (text.match(/"[^"]*"?|[^\s"]+/g) ?? []).filter((word) => !filter(word, filters, now));
  const typed = words.join(' ');
  return new TextEncoder().encode(typed).length <= limits.searchBytes
    ? { words: typed, ...filters }
    : undefined;
}

function filter(word: string, filters: Filters, now: number): boolean {
  const [, key = '', value = ''] = /^(from|in|before|after):(.+)$/i.exec(word) ?? [];
  switch (key.toLowerCase()) {
    case 'from': {
      const name = parseName(value.replace(/^@/, ''));
      if (name.ok) filters.from = name.name;
      return name.ok;
    }
    case 'in':
      return place(value, filters);
    case 'before':
    case 'after': {
      const at = parseMoment(value, now);
      if (at !== undefined) filters[key.toLowerCase() === 'before' ? 'until' : 'since'] = at;
      return at !== undefined;
    }
    default:
      return false;
  }
}

function place(value: string, filters: Filters): boolean {
  if (value.startsWith('@')) {
    const name = parseName(value.slice(1));
    if (name.ok) filters.with = name.name;
    return name.ok;
  }
  const room = parseRoomName(value);
  if (room.ok) filters.room = room.name;
  return room.ok;
}
