/** Finds the links in a text and where they really lead. Knows URLs, not how they are displayed. */

export interface Link extends TextRange {
  /** Absolute, http or https, in printable ASCII. */
  readonly href: string;
  /** The real host if the text shows another one: a look-alike, `user@`, a numeric address. */
  readonly host: string | undefined;
}

const candidate =
  /(?<![\p{L}\p{N}])https?:\/\/[^\s\u00a0\u3000<>"`\u00ab\u00bb\u201c\u201d\u3001\u3002\u300c\u300d\uff08\uff09]+/giu;
// Punctuation that ends a sentence, not a link.
const trailing = /[.,;:!?'*_~\u2019\u2026]$/;
const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
// Terminals cut or ignore longer ones (VTE: 2,083).
const longest = 2000;

/** In order, not overlapping. */
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

/** What a reader takes for the host: everything between the slashes. */
function authorityOf(text: string): string {
  return /^https?:\/\/([^/?#\\]*)/i.exec(text)?.[1]?.toLowerCase() ?? '';
}

function withoutTrailing(text: string): string {
  // Unmatched closing brackets of each kind; counted once, since a text can be all brackets.
  const unopened = new Map<string, number>();
  let end = text.length;
  for (;;) {
    const last = text[end - 1] ?? '';
    const open = pairs[last];
    const closes = open === undefined ? 0 : (unopened.get(last) ?? count(text, last) - count(text, open));
    if (closes <= 0 && !trailing.test(last)) return text.slice(0, end);
    if (closes > 0) unopened.set(last, closes - 1);
    end--;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}
