/** The servers that a client joins besides its first one. Knows which it is on, and that one that is down holds up no other. */
import { createListener, type JoinedServer, type MoreServers } from '../client/front-end.js';
import type { SessionEvent } from '../client/session/session.js';
import { Cancelled } from '../client/sign-in/sign-in-questions.js';
import { type Endpoint, formatEndpoint, type JoinLink } from '../trust/endpoint.js';
import { failureExit } from './client-failure.js';
import { Exit } from './command.js';

/** Connects and signs in. `asking`: with questions on the terminal, and once; else with what is saved, until it works. */
export type SignIn = (
  server: JoinLink,
  how: { readonly asking: boolean; readonly listener: (event: SessionEvent) => void },
) => Promise<Pick<JoinedServer, 'server' | 'session' | 'stay' | 'done'>>;

interface MoreServersDeps {
  readonly signIn: SignIn;
  /** Whether a saved session makes questions unnecessary. */
  readonly canResume: (server: JoinLink) => Promise<boolean>;
  /** @throws Exit */
  readonly parse: (address: string) => JoinLink;
  readonly first: Endpoint;
  /** The address that the chat of a link is known by: one with several servers is one. */
  readonly homeOf: (server: JoinLink) => Promise<Endpoint>;
}

/**
 * Asks for the name and password of each of `others`, one after the other.
 * @throws Cancelled
 */
export async function joinMore(others: readonly JoinLink[], deps: MoreServersDeps): Promise<MoreServers> {
  const connected = new Set([formatEndpoint(deps.first)]);

  async function join(link: JoinLink, asking: boolean): Promise<JoinedServer> {
    const address = formatEndpoint(await deps.homeOf(link));
    if (connected.has(address)) throw new Error(`You are already on ${address}.`);
    connected.add(address);
    const { listener, open } = createListener();
    try {
      const { server, session, stay, done } = await deps.signIn(link, { asking, listener });
      return {
        ...{ session, stay, server, open },
        async done() {
          connected.delete(address);
          await done();
        },
      };
    } catch (error) {
      connected.delete(address);
      throw error;
    }
  }

  async function begin(server: JoinLink): Promise<MoreServers['first'][number]> {
    const address = formatEndpoint(server);
    const joined = join(server, true);
    try {
      await joined;
      return { address, opened: joined };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      if (!isUnreachable(error) || !(await deps.canResume(server)))
        return { address, opened: refused(error, address) };
      const opened = join(server, false).catch((later) => refused(later, address));
      return { address, late: true, opened };
    }
  }

  const first: MoreServers['first'][number][] = [];
  for (const server of others) first.push(await begin(server));
  return {
    first,
    connect: async (address) => {
      try {
        return await join(deps.parse(address), true);
      } catch (error) {
        return refused(error);
      }
    },
    leftFirst: () => void connected.delete(formatEndpoint(deps.first)),
  };
}

function isUnreachable(error: unknown): boolean {
  const exit = failureExit(error);
  return exit instanceof Exit && exit.how === 'unavailable';
}

function refused(error: unknown, address?: string): Promise<never> {
  const why = error instanceof Cancelled ? 'Cancelled.' : wordsOf(error);
  const advice = address === undefined ? '' : ` Type /connect ${address} to try again.`;
  const refusal = Promise.reject(new Error(`${why}${advice}`));
  // It may come before anyone asks for it.
  refusal.catch(() => {});
  return refusal;
}

function wordsOf(error: unknown): string {
  const exit = failureExit(error);
  return exit instanceof Error ? exit.message : String(exit);
}
