/**
 * The decision to talk to a server, made once and then held to at every reconnection. Knows pins and a person
 * to ask, neither sockets nor what is said afterwards.
 */
import { formatEndpoint } from '../../trust/endpoint.js';
import { formatPin, judgeKey } from '../../trust/pin.js';
import type { Endpoint, Presented, Verify } from '../session/session.js';
import { Cancelled, type Prompter } from './prompter.js';

export interface TrustDecisionDeps {
  readonly endpoint: Endpoint;
  /** From the join link. */
  readonly linkPin?: string | undefined;
  readonly knownHosts: {
    find(endpoint: Endpoint): Promise<string | undefined>;
    remember(endpoint: Endpoint, pin: string): Promise<void>;
  };
  /** Absent where nobody can be asked. */
  readonly prompter?: Prompter | undefined;
}

/** The server is not to be talked to; not one byte was sent to it. */
export class Untrusted extends Error {
  readonly code: 'key-changed' | 'key-unknown' | 'key-declined';

  constructor(code: Untrusted['code'], message: string) {
    super(message);
    this.name = 'Untrusted';
    this.code = code;
  }
}

/**
 * Rejects with Untrusted, with Cancelled where a question was interrupted, or with the error of the
 * known-hosts file. What was accepted by a link or a person is in that file before the gate opens.
 */
export function createTrustDecision(deps: TrustDecisionDeps): Verify {
  let accepted: { readonly pin: string; readonly byAuthority: boolean } | undefined;

  async function decide(presented: Presented): Promise<boolean> {
    const { endpoint, linkPin, knownHosts } = deps;
    const knownPin = await knownHosts.find(endpoint);
    const { pin, authorized } = presented;
    const judged = judgeKey({ presented: pin, authorized, linkPin, knownPin });
    switch (judged.verdict) {
      case 'trusted':
        if (judged.by === 'link' && knownPin !== pin) await knownHosts.remember(endpoint, pin);
        return judged.by === 'authority';
      case 'changed':
        throw new Untrusted('key-changed', changedWords(endpoint, { ...judged, presented: pin }));
      case 'unknown':
        await confirmUnknown(deps, pin);
        await knownHosts.remember(endpoint, pin);
        return false;
      default:
        return judged satisfies never;
    }
  }

  return async (presented) => {
    if (accepted === undefined) {
      const byAuthority = await decide(presented);
      accepted = { pin: presented.pin, byAuthority };
      return;
    }
    if (presented.pin === accepted.pin || (accepted.byAuthority && presented.authorized)) return;
    const change = { expected: accepted.pin, presented: presented.pin, by: 'known-hosts' } as const;
    throw new Untrusted('key-changed', changedWords(deps.endpoint, change));
  };
}

async function confirmUnknown({ endpoint, prompter }: TrustDecisionDeps, pin: string): Promise<void> {
  const where = formatEndpoint(endpoint);
  if (prompter === undefined) {
    throw new Untrusted(
      'key-unknown',
      `The key of ${where} is not known here and there is no terminal to ask on; nothing was sent. ` +
        'Use the whole join link that the server printed, or connect once on a terminal.',
    );
  }
  prompter.note(
    [
      `This computer has not seen the server ${where} before. The fingerprint of its key is`,
      '',
      ...formatPin(pin)
        .split('\n')
        .map((line) => `  ${line}`),
      `  (as a pin: ${pin})`,
      '',
      'Compare it with what the server printed when it started: ask whoever runs it, by telephone or face ' +
        'to face. If it differs, somebody is listening in. With a join link nobody has to compare anything.',
    ].join('\n'),
    'warning',
  );
  let yes: boolean;
  try {
    yes = await prompter.confirm({ message: 'Is it the same fingerprint?' });
  } catch (error) {
    if (!(error instanceof Cancelled) || error.how === 'interrupted') throw error;
    yes = false;
  }
  if (!yes) {
    throw new Untrusted('key-declined', `The key of ${where} was not confirmed; nothing was sent.`);
  }
}

function changedWords(
  endpoint: Endpoint,
  { expected, presented, by }: { expected: string; presented: string; by: 'link' | 'known-hosts' },
): string {
  const where = formatEndpoint(endpoint);
  const pins = (source: string): string =>
    `\n  ${source.padEnd(12)}${expected}\n  ${'the server'.padEnd(12)}${presented}\n`;
  if (by === 'link') {
    return (
      `The key of ${where} is not the one in the join link: somebody else may be answering. Nothing was sent.` +
      `${pins('the link')}Ask whoever runs the server for a new link.`
    );
  }
  return (
    `The key of ${where} has changed: somebody else may be answering. Nothing was sent.${pins('known here')}` +
    `If whoever runs the server says that its key is new: secure-chat trust forget ${where}`
  );
}
