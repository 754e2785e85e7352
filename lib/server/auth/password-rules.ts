/** Which passwords are suitable, and the form in which they are hashed. Knows neither hashes nor accounts. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';

/** Longer ones are wrong without a look at them: normalizing takes quadratic time. */
export function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > limits.passwordMaxBytes;
}

/**
 * The same text for every way to type a password (OpaqueString, RFC 8265 section 4.2): a space for other spaces,
 * and NFC, since an é is one character on some keyboards and two on others.
 */
export function passwordForm(typed: string): string {
  return typed.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/**
 * @param names what the password must not be: the names of the account and the server
 * @throws ProtocolError `password-unsuitable`
 */
export async function checkSuitable(password: string, names: readonly string[]): Promise<void> {
  if (isTooLong(password)) throw unsuitable(`A password can have ${limits.passwordMaxBytes} bytes at most.`);
  const form = passwordForm(password);
  if ([...form].length < limits.passwordMin) {
    throw unsuitable(`A password needs at least ${limits.passwordMin} characters.`);
  }
  // Two passwords with different halves of characters would have the same bytes.
  if (/[\p{Cc}\p{Cs}]/u.test(form)) throw unsuitable('A password cannot contain control characters.');
  const plain = form.toLowerCase();
  const easy = await commonPasswords();
  const guesses = new Set([...names.map((name) => name.toLowerCase()), 'secure-chat']);
  // As people make a password of a word, since a digit or a mark was asked for.
  const stem = plain.replace(/[^\p{L}]{1,4}$/u, '');
  const guessed = [plain, stem].some((text) => easy.has(text) || guesses.has(text));
  if (guessed || new Set(form).size === 1) {
    throw unsuitable('This password is too easy to guess. Try a few words that do not belong together.');
  }
}

function unsuitable(message: string): ProtocolError {
  return new ProtocolError('password-unsuitable', message);
}

let loaded: Promise<ReadonlySet<string>> | undefined;

/** The 49,000 most common ones, in lower case. Loaded when first needed: 50 ms and 5 MB. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  );
  return loaded;
}
