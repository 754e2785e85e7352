/**
 * Who may come in: accounts, passwords, invites, tokens. Knows the store and the hasher, not connections
 * nor who is online.
 */
import { ProtocolError } from '../protocol/errors.js';
import type { Registration, Role } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import { parseName } from '../protocol/names.js';
import type { RequestOf } from '../protocol/requests.js';
import type { Account, Store } from '../store/store.js';
import type { Clock } from './clock.js';
import type { Hasher } from './hasher.js';
import type { Log } from './log.js';
import { hashSecret, newInviteCode, newToken } from './secret.js';
import type { SignInGuard } from './sign-in-guard.js';

const dayMs = 24 * 60 * 60_000;
/** A remembered session that nobody uses for this long ends. */
const rememberedMs = 90 * dayMs;
/** Any other one, for this long after it was opened or continued: connections last, laptops sleep. */
const passingMs = 30 * dayMs;

export interface OpenedSession {
  readonly session: number;
  readonly token: string;
}

export interface InviteTerms {
  readonly role: Role;
  readonly uses: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly first?: boolean;
}

export interface Accounts {
  /** @throws ProtocolError `wrong-credentials`, `too-many-attempts`, `busy` */
  signIn(request: RequestOf<'sign-in'>, address: string): Promise<Account>;
  /** @throws ProtocolError for everything that a person can mend: name, password, invite, policy */
  register(request: RequestOf<'register'>, address: string): Promise<Account>;
  open(account: Account, remember: boolean): Promise<OpenedSession>;
  /** @throws ProtocolError `session-expired`, `too-many-attempts` */
  resume(token: string, address: string): Promise<OpenedSession & { account: Account; running: boolean }>;
  /** @returns the code, which is kept nowhere */
  invite(terms: InviteTerms): Promise<string>;
}

export interface AccountsDeps {
  readonly store: Store;
  readonly hasher: Hasher;
  readonly guard: SignInGuard;
  readonly clock: Clock;
  readonly log: Log;
  readonly registration: Registration;
}

export function createAccounts({ store, hasher, guard, clock, log, registration }: AccountsDeps): Accounts {
  async function checkInvite(code: string | undefined, address: string): Promise<Uint8Array | undefined> {
    if (code === undefined) {
      if (registration === 'open') return undefined;
      throw registration === 'closed'
        ? new ProtocolError('registration-closed', 'New accounts are made by the operator only. Ask for one.')
        : new ProtocolError('invite-needed', 'A new account needs a join link. Ask somebody here for one.');
    }
    const hash = hashSecret(code);
    const role = await store.invite(hash, clock.now());
    // The first account, whose invite makes an admin, is made whatever the policy is.
    if (registration === 'closed' && role !== 'admin') {
      throw new ProtocolError(
        'registration-closed',
        'New accounts are made by the operator only. Ask for one.',
      );
    }
    if (role === undefined) {
      guard.failed('', address);
      throw inviteInvalid();
    }
    return hash;
  }

  return {
    async signIn({ name: typed, password }, address) {
      const parsed = parseName(typed);
      const name = parsed.ok ? parsed.name : '';
      await guard.admit(name, address);
      const account = parsed.ok ? await store.account(name) : undefined;
      const { right, rehashed } = await hasher.verify(password, account?.password);
      if (account === undefined || !right) {
        guard.failed(name, address);
        throw new ProtocolError('wrong-credentials', 'Name or password is wrong.');
      }
      guard.succeeded(name);
      if (rehashed !== undefined) await store.setPassword(account.id, rehashed);
      return account;
    },

    async register({ name: typed, password, code }, address) {
      await guard.admit('', address);
      const hash = await checkInvite(code, address);
      const parsed = parseName(typed);
      if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
      const { name, skeleton } = parsed;
      checkPassword(password, name);
      const invite = hash === undefined ? {} : { invite: hash };
      const phc = await hasher.hash(password);
      const made = await store.register({ name, skeleton, password: phc, at: clock.now(), ...invite });
      switch (made.outcome) {
        case 'created':
          log.info('account made', { name, role: made.account.role, address });
          return made.account;
        case 'name-taken':
          throw new ProtocolError('name-taken', `The name ${name} is taken. Choose another.`);
        case 'name-look-alike': {
          const message = `${name} looks too much like ${made.like}, who is here already. Choose another name.`;
          throw new ProtocolError('name-look-alike', message);
        }
        case 'invite-invalid':
          throw inviteInvalid();
        default:
          return made satisfies never;
      }
    },

    async open(account, remember) {
      const at = clock.now();
      const token = newToken();
      const expires = at + (remember ? rememberedMs : passingMs);
      const opened = { account: account.id, token: token.hash, expires, at, remember };
      return { session: await store.openSession(opened), token: token.text };
    },

    async resume(shown, address) {
      await guard.admit('', address);
      const at = clock.now();
      const next = newToken();
      const expires = { remembered: at + rememberedMs, passing: at + passingMs };
      const resumed = await store.resumeSession({ token: hashSecret(shown), next: next.hash, at, expires });
      if (resumed === undefined) {
        guard.failed('', address);
        throw new ProtocolError('session-expired', 'That session is over. Sign in with your password.');
      }
      return { ...resumed, token: next.text };
    },

    async invite({ role, uses, expires, first = false }) {
      const code = newInviteCode();
      await store.createInvite({ code: code.hash, role, uses, expires, at: clock.now(), first });
      return code.text;
    },
  };
}

function inviteInvalid(): ProtocolError {
  const message =
    'That invite was used up or has expired. Ask for a new join link, or sign in if you have an account.';
  return new ProtocolError('invite-invalid', message);
}

function checkPassword(password: string, name: string): void {
  if ([...password].length < limits.passwordMin) {
    const message = `A password needs at least ${limits.passwordMin} characters.`;
    throw new ProtocolError('password-unsuitable', message);
  }
  if (Buffer.byteLength(password) > limits.passwordMaxBytes) {
    const message = `A password may have ${limits.passwordMaxBytes} bytes at most.`;
    throw new ProtocolError('password-unsuitable', message);
  }
  if (password.toLowerCase() === name || new Set(password).size === 1) {
    throw new ProtocolError('password-unsuitable', 'That password is too easy to guess.');
  }
}
