/** The links in a text, and where they really lead. Knows URLs, not how they are shown. */

export interface Link extends Range {
  /** Absolute, http or https, in printable ASCII. */
  readonly href: string;
  /** Where it leads, when that is not what the text shows: a look-alike, `user@`, a number for an address. */
  readonly host: string | undefined;
}

const candidate =
  /(?<![\p{L}\p{N}])https?:\/\/[^\s\u00a0\u3000<>"`\u00ab\u00bb\u201c\u201d\u3001\u3002\u300c\u300d\uff08\uff09]+/giu;
// What ends a sentence rather than a link.
const trailing = /[.,;:!?'*_~\u2019\u2026]$/;
const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
// Longer ones are cut or ignored by terminals (VTE: 2,083).
const longest = 2000;

/** From left to right, apart from each other. */
export function findLinks(text: string): Link[] {
  if (!/https?:\/\//i.test(text)) return [];
  return Array.from(text.matchAll(candidate)).flatMap((match) => {
    const shown = withoutTrailing(match[0]);
    const url = parse(shown);
    if (url === undefined) return [];
    const start = match.index;
    const host = authorityOf(shown) === url.host ? undefined : url.host;
    return [{ start, end: start + shown.length, href: url.href, host }];
  });
}

function parse(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^[\x21-\x7e]+$/.test(url.href) && url.href.length <= longest ? url : undefined;
}

/** What a reader takes for the host: all between the slashes. */
function authorityOf(text: string): string {
  return /^https?:\/\/([^/?#\\]*)/i.exec(text)?.[1]?.toLowerCase() ?? '';
}

function withoutTrailing(text: string): string {
  // How many of each closing bracket have no opening one; counted once, for a text can be all brackets.
  const unopened = new Map<string, number>();
  for (const [close, open] of Object.entries(pairs))
    unopened.set(close, count(text, close) - count(text, open));
  let end = text.length;
  for (;;) {
    const last = text[end - 1] ?? '';
    const closes = unopened.get(last) ?? 0;
    if (closes <= 0 && !trailing.test(last)) return text.slice(0, end);
    if (closes > 0) unopened.set(last, closes - 1);
    end--;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}
