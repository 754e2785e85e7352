/**
 * Accounts: sign-in, registration, recovery and passwords. Knows the store and the hasher, not connections or
 * who is online.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { Registration, Role } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account, Issuer, RegisterResult } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { notAllowed } from '../chat/permissions.js';
import type { Log } from '../log.js';
import type { AttemptLimits } from './attempt-limits.js';
import type { Hasher } from './hasher.js';
import type { SecondFactor } from './second-factor.js';
import { hashRecoveryCode, hashToken, newInviteCode, newRecoveryCode } from './tokens.js';

/** An account with a new password, and its new recovery code. */
interface NewCredentials {
  readonly account: Account;
  readonly recovery: string;
}

interface InviteTerms {
  readonly role: Role;
  readonly uses: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly first?: boolean;
  /** Who creates it; the operator if missing. */
  readonly by?: Issuer;
}

export interface Accounts {
  /**
   * @param checkEntry throws if the account cannot come in; the second-factor code is then not used up
   * @throws ProtocolError `wrong-credentials`, `too-many-attempts`, `busy`; `second-factor-needed`,
   *   `second-factor-wrong`
   */
  signIn(
    request: RequestOf<'sign-in'>,
    address: string,
    checkEntry: (account: Account) => void,
  ): Promise<Account>;
  /**
   * @param checkEntry throws if the account cannot come in; called again right before the account is created, since
   *   otherwise its invite would be used up and its recovery code lost
   * @throws ProtocolError for an unacceptable name, password or invite, and where registration is closed
   */
  register(request: RequestOf<'register'>, address: string, checkEntry: () => void): Promise<NewCredentials>;
  /**
   * Sets a new password with a recovery code or a reset link.
   * @param checkEntry throws if the account cannot come in; called again right before its code is used up
   * @throws ProtocolError `recovery-invalid`, and as `signIn`
   */
  recover(
    request: RequestOf<'recover'>,
    address: string,
    checkEntry: (account: Account) => void,
  ): Promise<NewCredentials>;
  /**
   * @returns the matching hash; the check is void once the account has another one
   * @throws ProtocolError `wrong-credentials`, and as `signIn`
   */
  checkPassword(account: Account, password: string, address: string): Promise<string>;
  /** For the operator, under any registration policy. An account without a password signs in with a token only. */
  add(account: { name: string; role: Role; password?: string | undefined }): Promise<NewCredentials>;
  /** @throws ProtocolError `password-unsuitable` */
  hashPassword(account: Pick<Account, 'name'>, password: string): Promise<string>;
  /**
   * @returns the code, of which only the hash is stored
   * @throws ProtocolError `not-allowed` if `by` was banned or has another role by now
   */
  createInvite(terms: InviteTerms): Promise<string>;
}

interface AccountsDeps {
  readonly store: Store;
  readonly hasher: Hasher;
  readonly attempts: AttemptLimits;
  readonly secondFactor: SecondFactor;
  readonly clock: Clock;
  readonly log: Log;
  readonly registration: Registration;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { store, hasher, clock } = deps;
  return {
    signIn: (...args) => signIn(deps, ...args),
    register: (...args) => register(deps, ...args),
    recover: (...args) => recover(deps, ...args),
    checkPassword: (...args) => checkPassword(deps, ...args),
    add: (account) => add(deps, account),

    hashPassword({ name }, password) {
      requireSuitable(password, name);
      return hasher.hash(password);
    },

    async createInvite(terms) {
      const code = newInviteCode();
      const created = await store.createInvite({ ...terms, code: code.hash, at: clock.now() });
      if (created === undefined) throw notAllowed();
      return code.text;
    },
  };
}

async function signIn(
  { store, hasher, attempts, secondFactor }: AccountsDeps,
  request: RequestOf<'sign-in'>,
  address: string,
  checkEntry: (account: Account) => void,
): Promise<Account> {
  const { password, otp } = request;
  const parsed = parseName(request.name);
  const name = parsed.ok ? parsed.name : '';
  await attempts.admit(name, address);
  const account = parsed.ok ? await store.account(name) : undefined;
  const { right, rehashed } = await hasher.verify(password, passwordHash(account));
  if (account === undefined || !right) {
    attempts.failed(name, address);
    throw wrongCredentials();
  }
  try {
    await secondFactor.check(account, otp, () => checkEntry(account));
  } catch (error) {
    // A missing code is not a guess.
    if (error instanceof ProtocolError && error.code === 'second-factor-wrong')
      attempts.failed(name, address);
    throw error;
  }
  attempts.succeeded(name);
  if (rehashed === undefined) return account;
  // The password may have been changed since.
  if (!(await store.renewPassword(account.id, account.password, rehashed))) throw wrongCredentials();
  return { ...account, password: rehashed };
}

async function register(
  deps: AccountsDeps,
  request: RequestOf<'register'>,
  address: string,
  checkEntry: () => void,
): Promise<NewCredentials> {
  const { store, hasher, attempts, clock, log } = deps;
  const { password } = request;
  checkEntry();
  await attempts.admit('', address);
  const invite = await checkInvite(deps, request.code, address);
  if (invite === undefined) attempts.admitNewAccount(address);
  const { name, skeleton } = validName(request.name);
  requireSuitable(password, name);
  const phc = await hasher.hash(password);
  const recovery = newRecoveryCode();
  // No await from here to the store: others may have come in while the password was hashed.
  checkEntry();
  if (invite === undefined) attempts.admitNewAccount(address);
  const account = createdAccount(
    name,
    await store.register({
      ...{ name, skeleton, password: phc, recovery: recovery.hash, at: clock.now() },
      ...(invite !== undefined && { invite }),
    }),
  );
  if (invite === undefined) attempts.accountCreated(address);
  log.info('account created', { name, role: account.role, address });
  return { account, recovery: recovery.text };
}

/** @returns the hash of a valid invite code; undefined for none, if registration is open */
async function checkInvite(
  { store, attempts, clock, registration }: AccountsDeps,
  code: string | undefined,
  address: string,
): Promise<Uint8Array | undefined> {
  if (code === undefined) {
    if (registration === 'open') return undefined;
    if (registration === 'closed') throw registrationClosed();
    throw new ProtocolError('invite-needed', 'You need a join link to register. Ask a member for one.');
  }
  const hash = hashToken(code);
  // The first account can always be created.
  if (registration === 'closed' && (await store.countAccounts()) > 0) throw registrationClosed();
  if ((await store.inviteRole(hash, clock.now())) === undefined) {
    attempts.failed('', address);
    throw inviteInvalid();
  }
  return hash;
}

async function recover(
  { store, hasher, attempts, clock, log }: AccountsDeps,
  request: RequestOf<'recover'>,
  address: string,
  checkEntry: (account: Account) => void,
): Promise<NewCredentials> {
  const { password } = request;
  const parsed = parseName(request.name);
  const name = parsed.ok ? parsed.name : '';
  await attempts.admit(name, address);
  requireSuitable(password, name);
  const proof = { name, code: hashRecoveryCode(request.code) };
  const invalid = () => {
    attempts.failed(name, address);
    return new ProtocolError(
      'recovery-invalid',
      'This code is not valid for that name, or was already used.',
    );
  };
  const found = await store.checkRecovery({ ...proof, at: clock.now() });
  if (found === undefined) throw invalid();
  checkEntry(found);
  const phc = await hasher.hash(password);
  checkEntry(found);
  const recovered = await store.recover({ ...proof, password: phc, at: clock.now() });
  if (recovered.outcome === 'invalid') throw invalid();
  attempts.succeeded(name);
  const { account } = recovered;
  const next = newRecoveryCode();
  await store.setRecovery(account.id, next.hash);
  await store.recordAudit({ at: clock.now(), by: name, action: 'recover', on: name });
  log.info('account recovered', { name, address });
  return { account, recovery: next.text };
}

async function checkPassword(
  { store, hasher, attempts }: AccountsDeps,
  { name }: Account,
  password: string,
  address: string,
): Promise<string> {
  await attempts.admit(name, address);
  const phc = passwordHash(await store.account(name));
  const { right } = await hasher.verify(password, phc);
  if (phc === undefined || !right) {
    attempts.failed(name, address);
    throw wrongPassword();
  }
  attempts.succeeded(name);
  return phc;
}

async function add(
  { store, hasher, clock }: AccountsDeps,
  added: Parameters<Accounts['add']>[0],
): Promise<NewCredentials> {
  const { role, password } = added;
  const { name, skeleton } = validName(added.name);
  if (password !== undefined) requireSuitable(password, name);
  const phc = password === undefined ? '' : await hasher.hash(password);
  const recovery = newRecoveryCode();
  const wanted = { name, skeleton, password: phc, recovery: recovery.hash, role, at: clock.now() };
  const account = createdAccount(name, await store.register(wanted));
  await store.recordAudit({ at: clock.now(), by: 'operator', action: 'add', on: name, detail: role });
  return { account, recovery: recovery.text };
}

/** Undefined for an account that signs in with a token only. */
function passwordHash(account: Account | undefined): string | undefined {
  return account === undefined || account.role === 'bot' || account.password === ''
    ? undefined
    : account.password;
}

/** @throws ProtocolError `name-invalid`, `name-reserved` */
function validName(typed: string): { name: string; skeleton: string } {
  const parsed = parseName(typed);
  if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
  return parsed;
}

/** @throws ProtocolError for a name that is taken or an invalid invite */
function createdAccount(name: string, registered: RegisterResult): Account {
  switch (registered.outcome) {
    case 'created':
      return registered.account;
    case 'name-taken':
      throw new ProtocolError('name-taken', `The name ${name} is taken. Choose another.`);
    case 'name-look-alike': {
      const message = `${name} looks too much like ${registered.like}. Choose another name.`;
      throw new ProtocolError('name-look-alike', message);
    }
    case 'invite-invalid':
      throw inviteInvalid();
    default:
      return registered satisfies never;
  }
}

export function wrongCredentials(): ProtocolError {
  return new ProtocolError('wrong-credentials', 'Wrong name or password.');
}

export function wrongPassword(): ProtocolError {
  return new ProtocolError('wrong-credentials', 'Wrong password.');
}

function registrationClosed(): ProtocolError {
  const message = 'Registration is closed. Ask the operator for an account.';
  return new ProtocolError('registration-closed', message);
}

function inviteInvalid(): ProtocolError {
  const message =
    'This invite is not valid: mistyped, used up, expired or revoked. Ask for a new join link, or sign in if you have an account.';
  return new ProtocolError('invite-invalid', message);
}

function requireSuitable(password: string, name: string): void {
  if ([...password].length < limits.passwordMin) {
    const message = `A password needs at least ${limits.passwordMin} characters.`;
    throw new ProtocolError('password-unsuitable', message);
  }
  if (Buffer.byteLength(password) > limits.passwordMaxBytes) {
    const message = `A password can have ${limits.passwordMaxBytes} bytes at most.`;
    throw new ProtocolError('password-unsuitable', message);
  }
  if (password.toLowerCase() === name || new Set(password).size === 1) {
    throw new ProtocolError('password-unsuitable', 'This password is too easy to guess.');
  }
}
