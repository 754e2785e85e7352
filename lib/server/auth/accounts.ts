/**
 * Who may come in: accounts, passwords, invites, codes. Knows the store and the hasher, not connections
 * nor who is online.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { Registration, Role } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account, Maker, Registered } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { notAllowed } from '../chat/permissions.js';
import type { Log } from '../log.js';
import type { AttemptLimits } from './attempt-limits.js';
import { createNewcomers } from './attempt-limits.js';
import type { Hasher } from './hasher.js';
import type { SecondFactor } from './second-factor.js';
import { hashRecovery, hashSecret, newInviteCode, newRecoveryCode } from './secrets.js';

/** An account whose password was just set, with the code by which it is set anew. */
export interface Fresh {
  readonly account: Account;
  readonly recovery: string;
}

export interface InviteTerms {
  readonly role: Role;
  readonly uses: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly first?: boolean;
  /** The account that makes it; without it, the operator. */
  readonly by?: Maker;
}

export interface Accounts {
  /**
   * @param welcome throws where there is no seat for the account; its code is then not used up
   * @throws ProtocolError `wrong-credentials`, `too-many-attempts`, `busy`; `second-factor-needed`,
   *   `second-factor-wrong`
   */
  signIn(
    request: RequestOf<'sign-in'>,
    address: string,
    welcome: (account: Account) => void,
  ): Promise<Account>;
  /**
   * @param welcome throws where the account would not get in; called again right before it is made, since one that stays
   *   outside has used up its invite and lost its recovery code
   * @throws ProtocolError for everything that a person can mend: name, password, invite, policy
   */
  register(request: RequestOf<'register'>, address: string, welcome: () => void): Promise<Fresh>;
  /**
   * A new password for whoever has a code.
   * @param welcome throws where the account would not get in; called again right before its code is used up
   * @throws ProtocolError `recovery-invalid`, and as `signIn`
   */
  recover(
    request: RequestOf<'recover'>,
    address: string,
    welcome: (account: Account) => void,
  ): Promise<Fresh>;
  /**
   * @returns the hash that the password is right for: what was proved is void once the account has another
   * @throws ProtocolError `wrong-credentials` where that is not the account's password, and as `signIn`
   */
  prove(account: Account, password: string, address: string): Promise<string>;
  /** As the operator wishes, whatever the policy is. Without a password it signs in with a token alone. */
  add(account: { name: string; role: Role; password?: string | undefined }): Promise<Fresh>;
  /** @throws ProtocolError `password-unsuitable` */
  hash(account: Pick<Account, 'name'>, password: string): Promise<string>;
  /**
   * @returns the code, which is kept nowhere
   * @throws ProtocolError `not-allowed` for a maker who is banned, or something else by now
   */
  invite(terms: InviteTerms): Promise<string>;
}

export interface AccountsDeps {
  readonly store: Store;
  readonly hasher: Hasher;
  readonly guard: AttemptLimits;
  readonly factor: SecondFactor;
  readonly clock: Clock;
  readonly log: Log;
  readonly registration: Registration;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { store, hasher, guard, factor, clock, log, registration } = deps;
  const newcomers = createNewcomers(clock);

  async function checkInvite(code: string | undefined, address: string): Promise<Uint8Array | undefined> {
    if (code === undefined) {
      if (registration === 'open') return undefined;
      if (registration === 'closed') throw registrationClosed();
      throw new ProtocolError('invite-needed', 'A new account needs a join link. Ask somebody here for one.');
    }
    const hash = hashSecret(code);
    // The first account is made whatever the policy is.
    if (registration === 'closed' && (await store.accounts()) > 0) throw registrationClosed();
    if ((await store.invite(hash, clock.now())) === undefined) {
      guard.failed('', address);
      throw inviteInvalid();
    }
    return hash;
  }

  /** The account with its password under the parameters of now, unless it was changed meanwhile. */
  async function renewed(account: Account, password: string): Promise<Account> {
    if (!(await store.renewPassword(account.id, account.password, password))) throw wrongCredentials();
    return { ...account, password };
  }

  return {
    async signIn({ name: typed, password, otp }, address, welcome) {
      const parsed = parseName(typed);
      const name = parsed.ok ? parsed.name : '';
      await guard.admit(name, address);
      const account = parsed.ok ? await store.account(name) : undefined;
      const { right, rehashed } = await hasher.verify(password, phcOf(account));
      if (account === undefined || !right) {
        guard.failed(name, address);
        throw wrongCredentials();
      }
      await factor
        .check(account, otp, () => welcome(account))
        .catch((error: unknown) => {
          // One that is missing was not guessed.
          if (error instanceof ProtocolError && error.code === 'second-factor-wrong')
            guard.failed(name, address);
          throw error;
        });
      guard.succeeded(name);
      return rehashed === undefined ? account : renewed(account, rehashed);
    },

    async register({ name: typed, password, code }, address, welcome) {
      welcome();
      await guard.admit('', address);
      const hash = await checkInvite(code, address);
      if (hash === undefined) newcomers.admit(address);
      const parsed = parseName(typed);
      if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
      const { name, skeleton } = parsed;
      checkPassword(password, name);
      const invite = hash === undefined ? {} : { invite: hash };
      const phc = await hasher.hash(password);
      const recovery = newRecoveryCode();
      const account = { name, skeleton, password: phc, recovery: recovery.hash, at: clock.now() };
      // No await from here to the store: others may have come while the password was hashed.
      welcome();
      if (hash === undefined) newcomers.admit(address);
      const made = created(name, await store.register({ ...account, ...invite }));
      if (hash === undefined) newcomers.made(address);
      log.info('account made', { name, role: made.role, address });
      return { account: made, recovery: recovery.text };
    },

    async add({ name: typed, role, password }) {
      const parsed = parseName(typed);
      if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
      const { name, skeleton } = parsed;
      if (password !== undefined) checkPassword(password, name);
      const phc = password === undefined ? '' : await hasher.hash(password);
      const recovery = newRecoveryCode();
      const account = { name, skeleton, password: phc, recovery: recovery.hash, role, at: clock.now() };
      const made = created(name, await store.register(account));
      await store.record({ at: clock.now(), by: 'operator', action: 'add', on: name, detail: role });
      return { account: made, recovery: recovery.text };
    },

    async recover({ name: typed, code, password }, address, welcome) {
      const parsed = parseName(typed);
      const name = parsed.ok ? parsed.name : '';
      await guard.admit(name, address);
      checkPassword(password, name);
      const proof = { name, code: hashRecovery(code) };
      const invalid = () => {
        guard.failed(name, address);
        return new ProtocolError(
          'recovery-invalid',
          'That is not a code of that name, or it was used before.',
        );
      };
      const found = await store.recoverable({ ...proof, at: clock.now() });
      if (found === undefined) throw invalid();
      welcome(found);
      const phc = await hasher.hash(password);
      welcome(found);
      const recovered = await store.recover({ ...proof, password: phc, at: clock.now() });
      if (recovered.outcome === 'invalid') throw invalid();
      guard.succeeded(name);
      const { account } = recovered;
      const next = newRecoveryCode();
      await store.setRecovery(account.id, next.hash);
      await store.record({ at: clock.now(), by: name, action: 'recover', on: name });
      log.info('account recovered', { name, address });
      return { account, recovery: next.text };
    },

    async prove({ name }, password, address) {
      await guard.admit(name, address);
      const phc = phcOf(await store.account(name));
      const { right } = await hasher.verify(password, phc);
      if (phc === undefined || !right) {
        guard.failed(name, address);
        throw notYourPassword();
      }
      guard.succeeded(name);
      return phc;
    },

    hash({ name }, password) {
      checkPassword(password, name);
      return hasher.hash(password);
    },

    async invite(terms) {
      const code = newInviteCode();
      const made = await store.createInvite({ ...terms, code: code.hash, at: clock.now() });
      if (made === undefined) throw notAllowed();
      return code.text;
    },
  };
}

/** Undefined for whoever signs in with a token alone. */
function phcOf(account: Account | undefined): string | undefined {
  return account === undefined || account.role === 'bot' || account.password === ''
    ? undefined
    : account.password;
}

/** @throws ProtocolError for a name or an invite that is not to be had */
function created(name: string, made: Registered): Account {
  switch (made.outcome) {
    case 'created':
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
}

export function wrongCredentials(): ProtocolError {
  return new ProtocolError('wrong-credentials', 'Name or password is wrong.');
}

export function notYourPassword(): ProtocolError {
  return new ProtocolError('wrong-credentials', 'That is not your password.');
}

function registrationClosed(): ProtocolError {
  const message = 'New accounts are made by the operator only. Ask for one.';
  return new ProtocolError('registration-closed', message);
}

function inviteInvalid(): ProtocolError {
  const message =
    'That invite is mistyped, used up, expired, or ended by its maker. Ask for a new join link, or sign in if you have an account.';
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
