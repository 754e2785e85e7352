/**
 * The decision to trust a server, made once and kept across reconnections and for the other servers of its chat. Knows pins and
 * questions, no sockets.
 */
import { type Endpoint, formatEndpoint, isSameEndpoint } from '../../trust/endpoint.js';
import { formatPin, judgeKey } from '../../trust/key.js';
import type { ServerIdentity } from '../wire/handshake.js';
import type { VerifyServer } from '../wire/open-connection.js';
import { Cancelled, type Prompter } from './sign-in-questions.js';

interface TrustDecisionDeps {
  /** What the person typed: a server's address, or those of a join link. Only these are trusted for themselves. */
  readonly asked: readonly [Endpoint, ...Endpoint[]];
  /** From the join link. */
  readonly linkPin?: string | undefined;
  readonly knownHosts: {
    find(endpoint: Endpoint): Promise<string | undefined>;
    remember(endpoint: Endpoint, pin: string): Promise<void>;
  };
  /** Undefined without a terminal to ask on. */
  readonly prompter?: Prompter | undefined;
}

/** The server is not trusted; not one byte was sent to it. */
export class UntrustedServer extends Error {
  readonly code: 'key-changed' | 'key-unknown' | 'key-declined';

  constructor(code: UntrustedServer['code'], message: string) {
    super(message);
    this.name = 'Untrusted';
    this.code = code;
  }
}

/**
 * Rejects with UntrustedServer, with Cancelled where a question was interrupted, or with the error of the
 * known-hosts file. A key accepted by a link or a person is in that file before anything is sent. An address that only a
 * server told must show the key of the chat; no certificate authority, question or line of its own replaces that.
 */
export function createTrustDecision(deps: TrustDecisionDeps): VerifyServer {
  const { asked, linkPin, knownHosts } = deps;
  let accepted: { readonly at: Endpoint; readonly pin: string; readonly byAuthority: boolean } | undefined;
  // Shown last: an authority may have vouched for a new key.
  let chatPin = '';

  /** What is known of this address; with a link, first of all an address of it that is known by another key. */
  async function knownAs(endpoint: Endpoint): Promise<KnownAs | undefined> {
    const addresses =
      linkPin !== undefined ? [endpoint, ...asked] : [isAsked(endpoint) ? endpoint : asked[0]];
    const known: KnownAs[] = [];
    for (const at of addresses) {
      const pin = await knownHosts.find(at);
      if (pin !== undefined) known.push({ at, pin });
    }
    return known.find(({ pin }) => pin !== linkPin) ?? known[0];
  }

  function isAsked(endpoint: Endpoint): boolean {
    return asked.some((each) => isSameEndpoint(each, endpoint));
  }

  async function remember(endpoint: Endpoint, pin: string): Promise<void> {
    if ((await knownHosts.find(endpoint)) !== pin) await knownHosts.remember(endpoint, pin);
  }

  async function decide({ endpoint, pin, authorized }: ServerIdentity): Promise<boolean> {
    const isPeer = !isAsked(endpoint);
    const known = await knownAs(endpoint);
    const evidence = { presented: pin, authorized: authorized && !isPeer, linkPin, knownPin: known?.pin };
    const judged = judgeKey(evidence);
    switch (judged.verdict) {
      case 'trusted':
        if (judged.by === 'link' && !isPeer) await remember(endpoint, pin);
        return judged.by === 'authority';
      case 'changed':
        throw changed(endpoint, {
          ...judged,
          presented: pin,
          isKnown: pin === known?.pin,
          elsewhere: isPeer,
        });
      case 'replaced': {
        const at = known?.at ?? endpoint;
        await confirmReplaced(deps, { at, known: judged.known, link: pin });
        await remember(at, pin);
        if (!isPeer) await remember(endpoint, pin);
        return false;
      }
      case 'unknown':
        await confirmUnknown(deps, endpoint, pin);
        await remember(endpoint, pin);
        return false;
      default:
        return judged satisfies never;
    }
  }

  return async (identity) => {
    const { endpoint, pin, authorized } = identity;
    const isPeer = !isAsked(endpoint);
    if (accepted === undefined) {
      const byAuthority = await decide(identity);
      accepted = { at: endpoint, pin, byAuthority };
    } else {
      const expected = isPeer ? chatPin : accepted.pin;
      const renewed = !isPeer && accepted.byAuthority && authorized;
      if (pin !== expected && !renewed) {
        const elsewhere = !isSameEndpoint(endpoint, accepted.at);
        throw changed(endpoint, { expected, presented: pin, by: 'known-hosts', isKnown: false, elsewhere });
      }
    }
    chatPin = pin;
  };
}

interface KnownAs {
  readonly at: Endpoint;
  readonly pin: string;
}

async function confirmUnknown(
  { prompter }: TrustDecisionDeps,
  endpoint: Endpoint,
  pin: string,
): Promise<void> {
  const where = formatEndpoint(endpoint);
  if (prompter === undefined) {
    throw new UntrustedServer(
      'key-unknown',
      `${where} is not a trusted server, and there is no terminal to ask on; nothing was sent. ` +
        'Use the whole join link, or connect once in a terminal.',
    );
  }
  prompter.note(
    [
      `${where} is not a trusted server yet. The fingerprint of its key is:`,
      '',
      ...formatPin(pin)
        .split('\n')
        .map((line) => `  ${line}`),
      `  (pin: ${pin})`,
      '',
      'Compare it with the one the server printed at start: ask its operator, by phone or in person. If they differ, ' +
        'someone is intercepting the connection. With a join link you never have to compare.',
    ].join('\n'),
    'warning',
  );
  await confirm(prompter, where, 'Do the fingerprints match?');
}

async function confirmReplaced(
  { prompter }: TrustDecisionDeps,
  { at, known, link }: { at: Endpoint; known: string; link: string },
): Promise<void> {
  const where = formatEndpoint(at);
  const differs = `The key in the join link is not the one you know for ${where}.`;
  const pins = pinLines({ 'known key': known, 'join link': link });
  if (prompter === undefined) {
    throw new UntrustedServer(
      'key-changed',
      `${differs} The link may be forged; nothing was sent.\n${pins}\n` +
        `If the server's operator confirms the new key, run:\n  secure-chat trust forget ${where}`,
    );
  }
  prompter.note(
    [
      differs,
      '',
      pins,
      '',
      'Either the server has a new key, or the link is forged and leads to a machine that would get your password and read ' +
        'what you write. Ask the operator, by phone or in person, whether the key has changed. If you cannot ask, answer No: ' +
        `secure-chat connect ${where} goes to the server you know.`,
    ].join('\n'),
    'warning',
  );
  await confirm(prompter, where, 'Has the operator confirmed the new key?');
}

/** @throws UntrustedServer unless the answer is yes; Cancelled at Ctrl-C */
async function confirm(prompter: Prompter, where: string, message: string): Promise<void> {
  let yes: boolean;
  try {
    yes = await prompter.confirm({ message });
  } catch (error) {
    if (!(error instanceof Cancelled) || error.how === 'interrupted') throw error;
    yes = false;
  }
  if (!yes) {
    throw new UntrustedServer('key-declined', `You did not confirm the key of ${where}; nothing was sent.`);
  }
}

/** Pins, one below the other, each with where it comes from. */
function pinLines(pins: Readonly<Record<string, string>>): string {
  return Object.entries(pins)
    .map(([source, pin]) => `  ${source.padEnd(12)}${pin}`)
    .join('\n');
}

interface KeyChange {
  readonly expected: string;
  readonly presented: string;
  readonly by: 'link' | 'known-hosts';
  /** The presented one is the known key. */
  readonly isKnown: boolean;
  /** The key is known from another address of the chat. */
  readonly elsewhere: boolean;
}

function changed(endpoint: Endpoint, change: KeyChange): UntrustedServer {
  return new UntrustedServer('key-changed', changedMessage(endpoint, change));
}

function changedMessage(
  endpoint: Endpoint,
  { expected, presented, by, isKnown, elsewhere }: KeyChange,
): string {
  const where = formatEndpoint(endpoint);
  const pins = (source: string): string => `\n${pinLines({ [source]: expected, server: presented })}\n`;
  if (elsewhere) {
    return (
      `${where} should be another server of this chat, but its key is not that of the chat. Someone may be intercepting the ` +
      `connection; nothing was sent.${pins('known key')}` +
      'Tell the operator. You can connect again once another server of the chat answers.'
    );
  }
  if (by === 'link' && isKnown) {
    return (
      `The key of ${where} is the one you know, but not the one in the join link, which is old or forged; nothing was sent.` +
      `${pins('join link')}Ask the server's operator for a new join link, or connect to ${where} without one.`
    );
  }
  if (by === 'link') {
    return (
      `The key of ${where} is not the one in the join link. Someone may be intercepting the connection; nothing was sent.` +
      `${pins('join link')}Ask the server's operator for a new join link.`
    );
  }
  return (
    `The key of ${where} has changed. Someone may be intercepting the connection; nothing was sent.${pins('known key')}` +
    `If the server's operator confirms the new key, run:\n  secure-chat trust forget ${where}`
  );
}
