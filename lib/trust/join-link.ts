/**
 * The join link, `secure-chat://HOST:PORT/PIN[/CODE]`: where a server is, which key it has, and an invite to
 * it. Knows text, not whether any of it is true.
 */
import {
  canonicalHost,
  type Endpoint,
  formatEndpoint,
  type Parsed,
  parseEndpoint,
  type Refused,
  refuse,
} from './endpoint.js';
import { isPin } from './pin.js';

export interface JoinLink extends Endpoint {
  /** Pin of the server's key; a link without it trusts whatever known hosts or an authority vouch for. */
  readonly pin?: string;
  /** An invite; 1 to 64 base64url characters. A secret until it is used. */
  readonly code?: string;
}

const scheme = 'secure-chat://';
const pinLength = 43;
const codeLength = 64;
// Several times the longest link, with room for what a mail program puts around it.
const pastedLength = 4096;

/**
 * The link in its one spelling. Needs no quotes in a shell unless the host is an IPv6 address.
 * @throws RangeError for a host, port, pin or code that no link can carry, or a code without a pin
 */
export function formatJoinLink({ host, port, pin, code }: JoinLink): string {
  const canonical = canonicalHost(host);
  if (canonical === undefined) throw new RangeError('a join link needs a host name or an IP address');
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError('a port is 1 to 65535');
  if (pin !== undefined && !isPin(pin)) throw new RangeError('a pin has 43 base64url characters');
  if (code !== undefined && pin === undefined) throw new RangeError('a code needs a pin before it');
  if (code !== undefined && codeProblem(code) !== undefined) {
    throw new RangeError('a code has 1 to 64 base64url characters');
  }
  const parts = [formatEndpoint({ host: canonical, port }), pin, code];
  return scheme + parts.filter((part) => part !== undefined).join('/');
}

/** Whether text is meant as a link, as opposed to `HOST:PORT`. */
export function looksLikeLink(text: string): boolean {
  return text.includes('://');
}

/**
 * Reads a link as people paste it: broken over lines, quoted in a mail, inside a sentence's punctuation, in
 * a frame, or with the command before it. The port defaults to 6697. Whatever is cut off is named.
 */
export function parseJoinLink(text: string): Parsed<JoinLink> {
  if (text.length > pastedLength) return refuse('too-long', 'That is far too long for a join link.');
  const link = unwrap(text);
  if (link === '') return refuse('empty', 'No join link.');
  const start = link.toLowerCase().indexOf(scheme);
  if (start < 0) return refuse('not-a-link', `A join link starts with ${scheme}`);
  const rest = link.slice(start + scheme.length);
  if (rest.toLowerCase().includes(scheme)) {
    return refuse('several-links', 'That is more than one join link: paste only one.');
  }
  const [authority = '', pin, code, ...more] = rest.split('/');
  if (authority === '') return refuse('host-missing', `The link is incomplete: no host after ${scheme}`);
  const endpoint = parseEndpoint(authority);
  if (!endpoint.ok) return endpoint;
  if (more.length > 0) {
    return refuse('too-many-parts', 'The link is damaged: nothing may follow its code.');
  }
  return (
    pinProblem(pin) ?? codeProblem(code) ?? { ok: true, value: { ...endpoint.value, ...given(pin, code) } }
  );
}

function given(pin: string | undefined, code: string | undefined): Pick<JoinLink, 'pin' | 'code'> {
  return { ...(pin !== undefined && { pin }), ...(code !== undefined && { code }) };
}

// Line ends take with them the marks that mail programs, shells and frames put beside them.
function unwrap(text: string): string {
  return text
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.replace(/^[\s>|\u2502\u2503]+/, '').replace(/[\s=\\|\u2502\u2503]+$/, ''))
    .join('')
    .replace(/[\s\u00ad\u200b-\u200d\u2060]+/g, '')
    .replace(/^[<("'`*\u00ab\u2018\u201c\u201e]+/, '')
    .replace(/[>)"'`*.,;!?\u00bb\u2019\u201c\u201d]+$/, '');
}

function pinProblem(pin: string | undefined): Refused | undefined {
  if (pin === undefined || isPin(pin)) return undefined;
  if (pin === '')
    return refuse('pin-missing', 'The link is cut off: its pin is missing after the last slash.');
  if (!/^[\w-]*$/.test(pin)) {
    return refuse('pin-invalid', 'The pin in the link is damaged: letters, digits, - and _ only.');
  }
  return pin.length < pinLength
    ? refuse('pin-short', `The pin in the link is cut off: it has ${pin.length} of ${pinLength} characters.`)
    : refuse('pin-long', `The pin in the link is damaged: ${pin.length} characters instead of ${pinLength}.`);
}

function codeProblem(code: string | undefined): Refused | undefined {
  if (code === undefined) return undefined;
  if (code === '')
    return refuse('code-missing', 'The link is cut off: its code is missing after the last slash.');
  if (!/^[\w-]*$/.test(code)) {
    return refuse('code-invalid', 'The code in the link is damaged: letters, digits, - and _ only.');
  }
  if (code.length > codeLength) {
    return refuse('code-long', `The code in the link is damaged: more than ${codeLength} characters.`);
  }
  return undefined;
}
