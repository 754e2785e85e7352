/** The questions of signing in, each with what it takes for an answer. Knows words and limits, no order. */
import { limits } from '../../protocol/limits.js';
import { parseName } from '../../protocol/names.js';
import type { SignInMode } from '../../protocol/requests.js';
import { Cancelled, type Prompter } from './prompter.js';

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
    message: fresh ? 'Choose a name; it is how the others see you' : 'Your name',
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
    message: `Password of ${name}`,
    check: (text) => (text === '' ? 'Type the password.' : tooLong(text)),
  });
}

export async function askNewPassword(
  prompter: Prompter,
  { name, passwordMin }: { name: string; passwordMin: number },
): Promise<string> {
  for (;;) {
    const first = await prompter.password({
      message: `Choose a password for ${name}, at least ${passwordMin} characters`,
      check: (text) =>
        [...text].length < passwordMin ? `At least ${passwordMin} characters.` : tooLong(text),
    });
    const second = await prompter.password({ message: 'The same password once more' });
    if (first === second) return first;
    prompter.note('The two were not the same. Once again:', 'warning');
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
      { value: 'mine', label: 'It is mine: sign in' },
      { value: 'other', label: 'Choose another name' },
    ],
  });
}

export async function askMode(
  prompter: Prompter,
  name: string,
  why: 'name-in-use' | 'too-many-terminals',
): Promise<SignInMode> {
  const takeOver = { value: 'take-over', label: 'Take over', hint: 'the other session ends' } as const;
  const attach = { value: 'attach', label: 'Join as another terminal', hint: 'both stay' } as const;
  const leave = { value: 'leave', label: 'Leave' } as const;
  const choice = await prompter.select<SignInMode | 'leave'>({
    message:
      why === 'name-in-use' ? `${name} is signed in already` : `${name} is signed in at too many terminals`,
    options: why === 'name-in-use' ? [takeOver, attach, leave] : [takeOver, leave],
  });
  if (choice === 'leave') throw new Cancelled('declined');
  return choice;
}

export function askTryOrRecover(prompter: Prompter): Promise<'again' | 'recover'> {
  return prompter.select({
    message: 'Is the password lost?',
    options: [
      { value: 'again', label: 'No, try once more' },
      { value: 'recover', label: 'Yes, use a recovery code', hint: 'or ask an admin for a reset link' },
    ],
  });
}

export async function askRecoveryCode(prompter: Prompter, name: string): Promise<string> {
  const typed = await prompter.password({
    message: `Recovery code of ${name}`,
    check: (text) => (text.trim() === '' ? 'Type the code.' : undefined),
  });
  return typed.trim().slice(0, 64);
}

export async function askOtp(prompter: Prompter): Promise<string> {
  const typed = await prompter.text({
    message: 'The 6 digits that your authenticator shows now',
    check: (text) => (/^\d{6}$/.test(text.replace(/\s/g, '')) ? undefined : 'It is 6 digits.'),
  });
  return typed.replace(/\s/g, '');
}
