/** What a row of the request table is, and what it may know and do of the session that asks: a Caller, not its socket. */
import type { ErrorCode } from '../../protocol/errors.js';
import type { Reply, ServerFrameOf } from '../../protocol/events.js';
import type { RequestOf, RequestType } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { App } from '../app.js';
import type { JoinMode, Member } from '../chat/presence.js';

/** Fields of the `ok` reply; undefined if something else is the answer. */
export type Answer = Partial<ServerFrameOf<'ok'>> | undefined;

/** Of one session, in this order; a refused sign-in goes back to the first. */
export type Phase = 'greeting' | 'signing-in' | 'open' | 'closing' | 'closed';

/** The session that asks. */
export interface Caller {
  readonly address: string;
  /** False once its connection is closing. */
  readonly alive: boolean;
  readonly phase: Phase;
  /** Undefined until signed in. */
  readonly member: Member | undefined;
  /** @throws ProtocolError `signed-out` if the connection ended during sign-in */
  checkSigningIn(): void;
  /**
   * Comes online as the account, and ends the connection that the session was on before.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`, `server-full`, and as `checkSigningIn`
   */
  join(account: Account, mode: JoinMode | undefined): Member;
  /** Notes the id of the token's session, which ends with this one unless several connections share its token. */
  useToken(session: number, options?: { shared: boolean }): void;
  /** After the reply: signs out. */
  leave(reason: string | undefined): void;

  beginSignIn(): void;
  reply(frame: Reply): void;
  /** To be called after the reply to a request that was granted. */
  granted(): void;
  /** To be called after the reply to a request that was refused. */
  refused(code: ErrorCode, message: string): void;
}

/** A row for a session that has not signed in; no other request is taken while it runs. */
interface SignInRow<T extends RequestType> {
  readonly needs: 'greeting';
  run(app: App, caller: Caller, request: RequestOf<T>): Promise<Answer>;
}

/** A row for a session that has not signed in, and does not by this. */
interface VisitorRow<T extends RequestType> {
  readonly needs: 'outside';
  run(app: App, caller: Caller, request: RequestOf<T>): Promise<Answer>;
}

/** A row for a signed-in session. With `concurrent`, the next request does not wait for it to finish. */
interface SignedInRow<T extends RequestType> {
  readonly needs: 'open';
  readonly concurrent?: true;
  run(app: App, member: Member, request: RequestOf<T>): Promise<Answer>;
}

/** A row for any session. */
interface OpenRow<T extends RequestType> {
  readonly needs: 'nothing';
  run(caller: Caller, request: RequestOf<T>): Answer;
}

export type RequestRow<T extends RequestType> = SignInRow<T> | VisitorRow<T> | SignedInRow<T> | OpenRow<T>;

/** A row for each of these requests. */
export type RequestRows<T extends RequestType> = { readonly [K in T]: RequestRow<K> };

/** A row for a signed-in session whose reply has fields. */
export function answers<T extends RequestType>(run: SignedInRow<T>['run']): SignedInRow<T> {
  return { needs: 'open', run };
}

/** A row for a signed-in session whose reply only says that it was done. */
export function does<T extends RequestType>(
  act: (app: App, member: Member, request: RequestOf<T>) => Promise<unknown>,
): SignedInRow<T> {
  return answers(async (app, member, request) => {
    await act(app, member, request);
    return {};
  });
}

/** The same row for what others see or what goes to the audit log: it counts as a message. */
export function counted<T extends RequestType>(row: SignedInRow<T>): SignedInRow<T> {
  return {
    ...row,
    async run(app, member, request) {
      app.postingRules.countMessage(member.account);
      return row.run(app, member, request);
    },
  };
}
