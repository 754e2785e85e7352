/** Which server was meant: the argument, the options or the environment. Knows spellings, asks nobody. */
import { defaultPort, type Endpoint, type ParsedAddress, parseEndpoint } from '../trust/endpoint.js';
import { type JoinLink, looksLikeLink, parseJoinLink } from '../trust/join-link.js';
import { Exit, exitCode } from './exit.js';

export interface TargetGiven {
  readonly argument?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** SECURE_CHAT_LINK */
  readonly link?: string | undefined;
}

export type Target = JoinLink;

/** A link or an address as a person writes it. */
export function parseTarget(text: string): ParsedAddress<Target> {
  return looksLikeLink(text) ? parseJoinLink(text) : parseEndpoint(text);
}

/**
 * What was given; undefined where nothing was. The argument and --host come before the environment.
 * @throws Exit 64 for something malformed or for two answers to one question
 */
export function givenTarget({ argument, host, port, link }: TargetGiven): Target | undefined {
  if (argument !== undefined) {
    if (host !== undefined || port !== undefined) {
      throw new Exit(
        exitCode.usage,
        'Name the server once: as LINK or HOST:PORT, or with --host and --port.',
      );
    }
    return checked(parseTarget(argument));
  }
  if (host !== undefined) {
    const endpoint = checked(parseEndpoint(host));
    if (port === undefined) return endpoint;
    if (endpoint.port !== defaultPort) {
      throw new Exit(exitCode.usage, 'Give the port once: in --host HOST:PORT or with --port.');
    }
    return { ...endpoint, port };
  }
  return link === undefined || link === '' ? undefined : checked(parseJoinLink(link));
}

function checked<T extends Endpoint>(parsed: ParsedAddress<T>): T {
  if (!parsed.ok) throw new Exit(exitCode.usage, parsed.message);
  return parsed.value;
}
