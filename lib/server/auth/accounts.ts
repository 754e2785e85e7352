/**
 * Accounts: sign-in, registration, recovery and passwords. Knows the store and the hasher, not connections or
 * who is online.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { parseName } from '../../protocol/names.js';
import type { Registration, Role } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account, NameConflict, RegisterResult } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Member } from '../chat/presence.js';
import type { Log } from '../log.js';
import type { AttemptLimits } from './attempt-limits.js';
import type { Asker, HashQueue, Turn } from './hash-queue.js';
import type { Hasher } from './hasher.js';
import { checkSuitable, isTooLong, passwordForm } from './password-rules.js';
import type { SecondFactor } from './second-factor.js';
import { hashRecoveryCode, hashToken, newRecoveryCode } from './tokens.js';

/** An account with a new password, and its new recovery code. */
interface NewCredentials {
  readonly account: Account;
  readonly recovery: string;
}

export interface Accounts {
  /**
   * @param checkEntry throws if the account cannot come in; the second-factor code is then not used up, and the
   *   attempt counts although the password was right
   * @throws ProtocolError `wrong-credentials`, `too-many-attempts`, `busy`; `second-factor-needed`,
   *   `second-factor-wrong`; `signed-out` if the asker is gone
   */
  signIn(
    request: RequestOf<'sign-in'>,
    asker: Asker,
    checkEntry: (account: Account) => void | Promise<void>,
  ): Promise<Account>;
  /**
   * @param checkEntry throws if the account cannot come in; called again right before the account is created, since
   *   otherwise its invite would be used up and its recovery code lost
   * @throws ProtocolError for an unacceptable name, password or invite, and where registration is closed
   */
  register(request: RequestOf<'register'>, asker: Asker, checkEntry: () => void): Promise<NewCredentials>;
  /**
   * Whether `register` would take the name, for those who could register. Reserves nothing.
   * @throws ProtocolError as `register` does about the name and the invite, and `too-many-attempts`
   */
  checkName(request: RequestOf<'check-name'>, address: string): Promise<void>;
  /**
   * Sets a new password with a recovery code or a reset link.
   * @param checkEntry throws if the account cannot come in; called again right before its code is used up
   * @throws ProtocolError `recovery-invalid`, and as `signIn`
   */
  recover(
    request: RequestOf<'recover'>,
    asker: Asker,
    checkEntry: (account: Account) => void,
  ): Promise<NewCredentials>;
  /**
   * Of a signed-in person, whom no one else's wrong passwords hold up.
   * @returns the matching hash; the check is void once the account has another one
   * @throws ProtocolError `wrong-credentials`, and as `signIn`
   */
  checkPassword(member: Member, password: string): Promise<string>;
  /** For the operator, under any registration policy. An account without a password signs in with a token only. */
  add(account: { name: string; role: Role; password?: string | undefined }): Promise<NewCredentials>;
  /** @param asker who sets it; the operator if missing. @throws ProtocolError `password-unsuitable` */
  hashPassword(account: Pick<Account, 'name'>, password: string, asker?: Asker): Promise<string>;
}

interface AccountsDeps {
  readonly store: Store;
  readonly hasher: Hasher;
  readonly hashQueue: HashQueue;
  readonly attempts: AttemptLimits;
  readonly secondFactor: SecondFactor;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: {
    /** Who may create an account. May change. */
    readonly registration: Registration;
  };
  /** The server's name for people. */
  readonly name: string;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  return {
    signIn: (...args) => signIn(deps, ...args),
    register: (...args) => register(deps, ...args),
    checkName: (...args) => checkName(deps, ...args),
    recover: (...args) => recover(deps, ...args),
    checkPassword: (...args) => checkPassword(deps, ...args),
    add: (account) => add(deps, account),

    async hashPassword({ name }, password, asker = operator) {
      await requireSuitable(deps, password, name);
      return hash(deps, { asker, name, signedIn: true }, password);
    },
  };
}

/** The operator waits for a turn like a signed-in person. */
const operator: Asker = { address: '', alive: true };

async function signIn(
  deps: AccountsDeps,
  request: RequestOf<'sign-in'>,
  asker: Asker,
  checkEntry: (account: Account) => void | Promise<void>,
): Promise<Account> {
  const { store, attempts, secondFactor } = deps;
  const { password, otp } = request;
  const parsed = parseName(request.name);
  const turn = { asker, name: parsed.ok ? parsed.name : '', signedIn: false };
  await attempts.begin(turn);
  const { account, right, rehashed } = await verify(deps, turn, password);
  if (account === undefined || !right) throw wrongCredentials();
  await secondFactor.check(account, { otp, address: asker.address }, async () => checkEntry(account));
  attempts.succeeded(turn);
  if (rehashed === undefined) return account;
  // The password may have been changed since.
  if (!(await store.renewPassword(account.id, account.password, rehashed))) throw wrongCredentials();
  return { ...account, password: rehashed };
}

async function register(
  deps: AccountsDeps,
  request: RequestOf<'register'>,
  asker: Asker,
  checkEntry: () => void,
): Promise<NewCredentials> {
  const { store, attempts, clock, log } = deps;
  const { address } = asker;
  const { password } = request;
  checkEntry();
  const invite = await checkInvite(deps, request.code, address);
  if (invite === undefined) attempts.admitNewAccount(address);
  const { name, skeleton } = validName(request.name);
  await requireSuitable(deps, password, name);
  const turn = { asker, name, signedIn: false };
  const phc = await hash(deps, turn, password);
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
  attempts.succeeded(turn);
  if (invite === undefined) attempts.accountCreated(address);
  log.info('account created', { name, role: account.role, address });
  return { account, recovery: recovery.text };
}

async function checkName(deps: AccountsDeps, request: RequestOf<'check-name'>, address: string) {
  const { store, attempts } = deps;
  const invite = await checkInvite(deps, request.code, address);
  if (invite === undefined) attempts.admitNewAccount(address);
  attempts.countNameCheck(address);
  const { name, skeleton } = validName(request.name);
  const conflict = await store.nameConflict({ name, skeleton });
  if (conflict !== undefined) throw nameRefused(name, conflict);
}

/** @returns the hash of a valid invite code; undefined for none, if registration is open */
async function checkInvite(
  { store, attempts, clock, live: { registration } }: AccountsDeps,
  code: string | undefined,
  address: string,
): Promise<Uint8Array | undefined> {
  if (code === undefined) {
    if (registration === 'open') return undefined;
    if (registration === 'closed') throw registrationClosed();
    throw new ProtocolError('invite-needed', 'You need a join link to register. Ask a member for one.');
  }
  const hash = hashToken(code);
  if (registration === 'closed' && (await store.hasAdmin())) throw registrationClosed();
  const role = await store.inviteRole(hash, clock.now());
  if (role === undefined) {
    attempts.countWrongCode(address);
    throw inviteInvalid();
  }
  // The first admin can always be created.
  if (registration === 'closed' && role !== 'admin') throw registrationClosed();
  return hash;
}

async function recover(
  deps: AccountsDeps,
  request: RequestOf<'recover'>,
  asker: Asker,
  checkEntry: (account: Account) => void,
): Promise<NewCredentials> {
  const { store, attempts, clock, log } = deps;
  const { address } = asker;
  const { password } = request;
  const parsed = parseName(request.name);
  const name = parsed.ok ? parsed.name : '';
  await requireSuitable(deps, password, name);
  const proof = { name, code: hashRecoveryCode(request.code) };
  const invalid = () => {
    attempts.countWrongCode(address);
    return new ProtocolError(
      'recovery-invalid',
      'This code is not valid for that name, or was already used.',
    );
  };
  const found = await store.checkRecovery({ ...proof, at: clock.now() });
  if (found === undefined) throw invalid();
  checkEntry(found);
  const turn = { asker, name, signedIn: false };
  const phc = await hash(deps, turn, password);
  checkEntry(found);
  const recovered = await store.recover({ ...proof, password: phc, at: clock.now() });
  if (recovered.outcome === 'invalid') throw invalid();
  attempts.succeeded(turn);
  const { account } = recovered;
  const next = newRecoveryCode();
  await store.setRecovery(account.id, next.hash);
  await store.recordAudit({ at: clock.now(), by: name, action: 'recover', on: name });
  log.info('account recovered', { name, address });
  return { account, recovery: next.text };
}

async function checkPassword(deps: AccountsDeps, asker: Member, password: string): Promise<string> {
  const { attempts } = deps;
  const turn = { asker, name: asker.account.name, signedIn: true };
  await attempts.begin(turn);
  const { account, right } = await verify(deps, turn, password);
  if (account === undefined || !right) throw wrongPassword();
  attempts.succeeded(turn);
  return account.password;
}

async function add(deps: AccountsDeps, added: Parameters<Accounts['add']>[0]): Promise<NewCredentials> {
  const { store, clock } = deps;
  const { role, password } = added;
  const { name, skeleton } = validName(added.name);
  if (password !== undefined) await requireSuitable(deps, password, name);
  const turn = { asker: operator, name, signedIn: true };
  const phc = password === undefined ? '' : await hash(deps, turn, password);
  const recovery = newRecoveryCode();
  const wanted = { name, skeleton, password: phc, recovery: recovery.hash, role, at: clock.now() };
  const account = createdAccount(name, await store.register(wanted));
  await store.recordAudit({ at: clock.now(), by: 'operator', action: 'add', on: name, detail: role });
  return { account, recovery: recovery.text };
}

function hash({ hasher, hashQueue }: AccountsDeps, turn: Turn, password: string): Promise<string> {
  return hashQueue.run(turn, () => hasher.hash(passwordForm(password)));
}

/** Looks the account up at its turn. The account is undefined if there is none; finding that takes as long. */
function verify({ store, hasher, hashQueue }: AccountsDeps, turn: Turn, password: string) {
  return hashQueue.run(turn, async () => {
    const { name } = turn;
    const account = name === '' ? undefined : await store.account(name);
    if (isTooLong(password)) return { account, right: false };
    try {
      return { account, ...(await hasher.verify(passwordForm(password), passwordHash(account))) };
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      // The log has to say whose it is.
      const command = `secure-chat user passwd ${name}`;
      throw new Error(`The password of ${name} cannot be checked. Set a new one: ${command}`, {
        cause: error,
      });
    }
  });
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
    case 'name-look-alike':
      throw nameRefused(name, registered);
    case 'invite-invalid':
      throw inviteInvalid();
    default:
      return registered satisfies never;
  }
}

export function nameRefused(name: string, conflict: NameConflict): ProtocolError {
  if (conflict.outcome === 'name-taken') {
    return new ProtocolError('name-taken', `The name ${name} is taken. Choose another.`);
  }
  const message = `${name} looks too much like ${conflict.like}. Choose another name.`;
  return new ProtocolError('name-look-alike', message);
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

function requireSuitable({ name: server }: AccountsDeps, password: string, name: string): Promise<void> {
  return checkSuitable(password, [name, server]);
}
