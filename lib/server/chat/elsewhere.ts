/**
 * People who are signed in on other servers of this chat: lets an account in here only if it may be here beside them, and
 * tells presence of them. Knows terminals by ids, neither sockets nor rooms.
 */
import { randomUUID } from 'node:crypto';
import type { Account } from '../../store/account-store.js';
import type { NewTerminal, Peering } from '../../store/peer-store.js';
import type { Peers } from '../peers.js';
import type { LeaveDetails } from './join-notices.js';
import {
  type JoinMode,
  type Member,
  nameInUse,
  type Presence,
  type SignedInElsewhere,
  tooManyTerminals,
} from './presence.js';

export interface Elsewhere {
  /**
   * Brings a terminal online by `join`, beside the account's terminals on all servers; on the only server at once.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`; what `join` throws
   */
  enter(account: Account, mode: JoinMode | undefined, join: () => Member): Promise<Member> | Member;
  /** The terminal is gone. */
  left(member: Member): void;
  /** To be told to the others: an account has another number of terminals here. */
  tellCount(signedIn: Omit<SignedInElsewhere, 'server'>, details: LeaveDetails): void;
  tellAway(account: number, text: string | undefined): void;
  /** Reads who is signed in where, and ends the terminals here that have been replaced. */
  load(): Promise<void>;
}

interface ElsewhereDeps {
  readonly peering: Peering | undefined;
  readonly peers: Peers;
  readonly presence: Presence;
}

const modes: Readonly<Record<JoinMode, NonNullable<NewTerminal['mode']>>> = {
  attach: 'attach',
  continue: 'continue',
  fresh: 'take-over',
  'take-over': 'take-over',
};

const refusals = { 'in-use': nameInUse, 'too-many': tooManyTerminals } as const;

export function createElsewhere({ peering, peers, presence }: ElsewhereDeps): Elsewhere {
  const ids = new Map<Member, string>();

  /** @param session of the terminal that replaces them, which one of them may have been on */
  function endReplaced(replaced: ReadonlySet<string>, session?: number): void {
    const message = 'You signed in from another terminal.';
    for (const [member, id] of [...ids]) {
      if (!replaced.has(id)) continue;
      if (session !== undefined && member.session === session) member.replace(message);
      else member.dismiss('taken-over', message);
    }
  }

  const tellReplaced = peers.elsewhere(
    'replaced',
    ({ terminals, session }: { terminals: readonly string[]; session?: number }) =>
      endReplaced(new Set(terminals), session),
  );
  const tellContinued = peers.elsewhere('continued', (news: { account: number; session: number }) => {
    for (const member of [...presence.terminals(news.account)]) {
      if (member.session === news.session) member.replace('This session continues on another connection.');
    }
  });
  const tellSignedIn = peers.elsewhere(
    'signed-in',
    ({ details, ...signedIn }: SignedInElsewhere & { details: LeaveDetails }) =>
      presence.setElsewhere(signedIn, details),
  );
  const tellAway = peers.elsewhere('away', ({ account, text }: { account: number; text?: string }) =>
    presence.setAway(account, text),
  );

  async function enterAt(
    { enter }: Peering,
    { id: account, name }: Account,
    mode: JoinMode | undefined,
    join: () => Member,
  ): Promise<Member> {
    const id = randomUUID();
    const entered = await enter({ id, account, ...(mode !== undefined && { mode: modes[mode] }) });
    if (entered.outcome !== 'entered') throw refusals[entered.outcome](name);
    const { replaced } = entered;
    const endOthers = (session?: number): void => {
      if (replaced.length > 0)
        tellReplaced({ terminals: replaced, ...(session !== undefined && { session }) });
    };
    try {
      const member = join();
      ids.set(member, id);
      const { session } = member;
      // Not before the others know of the new one: to them, the account never leaves.
      endOthers(session);
      if (mode === 'continue' && session !== undefined) tellContinued({ account, session });
      return member;
    } catch (error) {
      endOthers();
      peers.left(id);
      throw error;
    }
  }

  return {
    enter: (account, mode, join) => (peering === undefined ? join() : enterAt(peering, account, mode, join)),
    left(member) {
      const id = ids.get(member);
      if (id === undefined) return;
      ids.delete(member);
      peers.left(id);
    },
    tellCount: (signedIn, details) => tellSignedIn({ ...signedIn, server: peers.server, details }),
    tellAway(account, text) {
      void peering?.setAway(account, text).catch(() => {});
      tellAway({ account, ...(text !== undefined && { text }) });
    },
    async load() {
      if (peering === undefined) return;
      const all = await peering.signedIn();
      const here = new Set(
        all.flatMap(({ server, terminals }) => (server === peers.server ? terminals : [])),
      );
      endReplaced(new Set([...ids.values()].filter((id) => !here.has(id))));
      const others = all.filter(({ server }) => server !== peers.server);
      presence.syncElsewhere(others.map((each) => ({ ...each, terminals: each.terminals.length })));
    },
  };
}
