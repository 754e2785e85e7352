/** What a row of the request table is. Knows the session that asks as a Caller, not its socket. */
import type { ServerFrameOf } from '../../protocol/events.js';
import type { RequestOf, RequestType } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { App } from '../app.js';
import type { Entrance, Member } from '../chat/presence.js';

/** Fields of the `ok` reply; undefined where something else is the answer. */
export type Answer = Partial<ServerFrameOf<'ok'>> | undefined;

/** What the rows may do to the session that asks. */
export interface Caller {
  readonly address: string;
  /** @throws ProtocolError `signed-out` where this connection is over */
  check(): void;
  /**
   * Takes a seat for the account, and ends the connection that the session was on before.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`, `server-full`, and as `check`
   */
  enter(account: Account, mode: Entrance | undefined): Member;
  /** The token's session, which ends with this one, unless several connections share its token. */
  opened(session: number, shared?: boolean): void;
  /** After the reply: leaves gracefully. */
  leave(reason: string | undefined): void;
}

/** A row for a session that has not signed in yet; while it runs no other request is taken. */
interface SignInRow<T extends RequestType> {
  readonly needs: 'greeting';
  run(desk: App, caller: Caller, request: RequestOf<T>): Promise<Answer>;
}

/** A row for a signed-in one. With `together` the next request does not wait for this one's end. */
interface SignedInRow<T extends RequestType> {
  readonly needs: 'open';
  readonly together?: true;
  run(desk: App, member: Member, request: RequestOf<T>): Promise<Answer>;
}

/** A row for anybody. */
interface OpenRow<T extends RequestType> {
  readonly needs: 'nothing';
  run(caller: Caller, request: RequestOf<T>): Answer;
}

export type Row<T extends RequestType> = SignInRow<T> | SignedInRow<T> | OpenRow<T>;

/** A row for each of these requests. */
export type Rows<T extends RequestType> = { readonly [K in T]: Row<K> };

/** The row of a signed-in one's request whose answer has fields. */
export function answers<T extends RequestType>(run: SignedInRow<T>['run']): SignedInRow<T> {
  return { needs: 'open', run };
}

/** The same, of what others hear of or find in the audit log: it counts like something that is said. */
export function counted<T extends RequestType>(row: SignedInRow<T>): SignedInRow<T> {
  return {
    ...row,
    async run(desk, member, request) {
      desk.hub.count(member.account);
      return row.run(desk, member, request);
    },
  };
}

/** The row of a signed-in one's request that is answered with no more than that it was done. */
export function does<T extends RequestType>(
  act: (desk: App, member: Member, request: RequestOf<T>) => Promise<unknown>,
): SignedInRow<T> {
  return answers(async (desk, member, request) => {
    await act(desk, member, request);
    return {};
  });
}
