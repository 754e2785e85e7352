/**
 * Questions to a person, as an interface that needs no terminal, and those of signing in. Knows sentences and limits, not
 * their order.
 */
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { SignInMode } from '../../protocol/requests.js';

interface PromptQuestion {
  /** Anything in it that comes from a server went through `printable`. */
  readonly message: string;
  /** Why an answer is not accepted; undefined where it is. */
  readonly check?: (answer: string) => string | undefined;
}

interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Every question rejects with Cancelled when it is not answered. */
export interface Prompter {
  /** @param question `initial` is the answer to just Enter */
  text(question: PromptQuestion & { readonly initial?: string | undefined }): Promise<string>;
  password(question: PromptQuestion): Promise<string>;
  select<T extends string>(question: {
    readonly message: string;
    readonly options: readonly Choice<T>[];
  }): Promise<T>;
  /** The default is No. */
  confirm(question: { readonly message: string }): Promise<boolean>;
  note(text: string, kind?: 'info' | 'warning'): void;
}

/** A question was not answered. */
export class Cancelled extends Error {
  readonly how: 'interrupted' | 'input-ended' | 'declined';

  constructor(how: Cancelled['how']) {
    super(`cancelled: ${how}`);
    this.name = 'Cancelled';
    this.how = how;
  }
}

export function askHow(prompter: Prompter): Promise<'sign-in' | 'create'> {
  return prompter.select({
    message: 'Do you have an account on this server?',
    options: [
      { value: 'sign-in', label: 'Yes, sign in' },
      { value: 'create', label: 'No, create one' },
    ],
  });
}

export async function askName(
  prompter: Prompter,
  { lastName, fresh }: { lastName: string | undefined; fresh: boolean },
): Promise<string> {
  const typed = await prompter.text({
    message: fresh ? 'Choose a name (everyone will see it)' : 'Your name',
    initial: fresh ? undefined : lastName,
    check: (text) => {
      const parsed = parseName(text);
      return parsed.ok ? undefined : parsed.message;
    },
  });
  const parsed = parseName(typed);
  return parsed.ok ? parsed.name : typed;
}

export function askPassword(prompter: Prompter, name: string): Promise<string> {
  return prompter.password({
    message: `Password for ${name}`,
    check: (text) => (text === '' ? 'Enter your password.' : tooLong(text)),
  });
}

export async function askNewPassword(
  prompter: Prompter,
  { name, passwordMin }: { name: string; passwordMin: number },
): Promise<string> {
  for (;;) {
    const first = await prompter.password({
      message: `Choose a password for ${name} (at least ${passwordMin} characters)`,
      check: (text) =>
        [...text].length < passwordMin ? `At least ${passwordMin} characters.` : tooLong(text),
    });
    const second = await prompter.password({ message: 'Repeat the password' });
    if (first === second) return first;
    prompter.note("Passwords don't match. Try again:", 'warning');
  }
}

function tooLong(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > limits.passwordMaxBytes ? `At most ${limits.passwordMaxBytes} bytes.` : undefined;
}

export function askWhose(prompter: Prompter, name: string): Promise<'mine' | 'other'> {
  return prompter.select({
    message: `The name ${name} is taken`,
    options: [
      { value: 'mine', label: "It's mine: sign in" },
      { value: 'other', label: 'Choose another name' },
    ],
  });
}

export async function askMode(
  prompter: Prompter,
  name: string,
  why: 'name-in-use' | 'too-many-terminals',
): Promise<SignInMode> {
  const takeOver = { value: 'take-over', label: 'Take over', hint: 'ends the other session' } as const;
  const attach = { value: 'attach', label: 'Join as another terminal', hint: 'keeps both' } as const;
  const quit = { value: 'quit', label: 'Quit' } as const;
  const choice = await prompter.select<SignInMode | 'quit'>({
    message:
      why === 'name-in-use' ? `${name} is already signed in` : `${name} is signed in on too many terminals`,
    options: why === 'name-in-use' ? [takeOver, attach, quit] : [takeOver, quit],
  });
  if (choice === 'quit') throw new Cancelled('declined');
  return choice;
}

export function askTryOrRecover(prompter: Prompter): Promise<'again' | 'recover'> {
  return prompter.select({
    message: 'Forgot your password?',
    options: [
      { value: 'again', label: 'No, try again' },
      { value: 'recover', label: 'Yes, use a recovery code', hint: 'or ask an admin for a reset link' },
    ],
  });
}

export async function askRecoveryCode(prompter: Prompter, name: string): Promise<string> {
  const typed = await prompter.password({
    message: `Recovery code for ${name}`,
    check: (text) => (text.trim() === '' ? 'Enter the code.' : undefined),
  });
  return typed.trim().slice(0, 64);
}

export async function askOtp(prompter: Prompter, wrong = false): Promise<string> {
  const typed = await prompter.text({
    message: wrong ? 'Wrong code. Current 6-digit code:' : '6-digit code from your authenticator app',
    check: (text) => (/^\d{6}$/.test(text.replace(/\s/g, '')) ? undefined : 'Enter 6 digits.'),
  });
  return typed.replace(/\s/g, '');
}
