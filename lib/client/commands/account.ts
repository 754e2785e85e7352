/** Commands about your own account: away, password, sessions, recovery code, second factor. */
import type { ServerFrameOf } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import { sessionLines } from '../text/lists.js';
import { recoveryLines } from '../text/wording.js';
import { parseId, tooLong } from './arguments.js';
import { type CommandContext, CommandRefused, command, refusedBy } from './command.js';

export const accountCommands = [
  command({
    name: 'away',
    usage: '[TEXT]',
    help: 'mark yourself as away',
    parse: (rest) => tooLong(rest.trim()) ?? { text: rest.trim() },
    async run({ text }, { ask, answer }) {
      await ask({ type: 'away', text });
      answer(['You are marked as away. /back ends that.']);
    },
  }),
  command({
    name: 'back',
    help: 'stop being marked as away',
    async run(_, { ask, answer }) {
      await ask({ type: 'back' });
      answer(['You are no longer marked as away.']);
    },
  }),
  command({
    name: 'remember',
    usage: '[on|off]',
    help: 'stay signed in on this computer, without a password next time',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      return ['', 'on', 'off'].includes(word) ? { on: word !== 'off' } : '';
    },
    run: ({ on }, context) => rememberSession(on, context),
  }),
  command({
    name: 'passwd',
    aliases: ['password'],
    help: 'change your password; this ends your other sessions',
    parse: (rest) =>
      rest.trim() === '' ? {} : 'Type /passwd alone; it asks for your passwords without showing them.',
    async run(_, context) {
      const old = await askSecret('Current password: ', context);
      const password = await askNewPassword('', context);
      await context.ask({ type: 'set-password', old, password });
      context.answer(['Your password was changed and your other sessions were ended.']);
    },
  }),
  command({
    name: 'sessions',
    help: 'list where you are signed in',
    async run(_, { ask, answer, time }) {
      answer(sessionLines((await ask({ type: 'sessions' })).sessions ?? [], time));
    },
  }),
  command<{ session?: number; all?: true }>({
    name: 'logout',
    usage: '[NUMBER|all]',
    help: 'sign out here, end the session with that number, or end all',
    fullNameOnly: true,
    parse(rest) {
      const word = rest.trim().toLowerCase();
      if (word === '') return {};
      const session = parseId(word);
      if (session !== undefined) return { session };
      return word === 'all' ? { all: true } : '';
    },
    async run(args, { ask, answer }) {
      await ask({ type: 'logout', ...args });
      // The end of this session is shown when it ends.
      if (args.session !== undefined) answer([`Session ${args.session} was ended.`]);
    },
  }),
  command({
    name: 'recovery',
    help: 'get a new recovery code, with which you can reset a lost password',
    async run(_, context) {
      const password = await askSecret('Your password: ', context);
      const { recovery: code = '' } = await context.ask({ type: 'make-recovery', password });
      const copying = context.screen === undefined ? [] : ['Copy it with /copy code.'];
      context.answer([...recoveryLines(code), ...copying, 'Your old code no longer works.']);
    },
  }),
  command({
    name: '2fa',
    aliases: ['factor'],
    usage: 'on|off',
    help: 'turn the second factor on or off: sign-in then also asks for a 6-digit code',
    parse(rest) {
      const word = rest.trim().toLowerCase();
      return word === 'on' || word === 'off' ? { on: word === 'on' } : '';
    },
    run: ({ on }, context) => (on ? startSecondFactor(context) : endSecondFactor(context)),
  }),
];

async function rememberSession(on: boolean, { ask, answer, stay }: CommandContext): Promise<void> {
  if (stay === undefined) throw new CommandRefused('A session cannot be saved here.');
  // First, so that no saved token outlives its session.
  await ask({ type: 'set-remember', remember: on });
  try {
    await (on ? stay.begin() : stay.end());
  } catch (error) {
    if (on) await ask({ type: 'set-remember', remember: false });
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandRefused(`Couldn't ${on ? 'save' : 'remove'} the session: ${printable(why)}`);
  }
  answer(
    on
      ? ['You stay signed in on this computer: you need no password next time. /remember off ends that.']
      : ['You need your password next time. /remember changes that.'],
  );
}

/** @throws CommandRefused if there is no safe place to type it, or the person cancels */
async function askSecret(question: string, context: CommandContext, { hidden = true } = {}): Promise<string> {
  const { secrets } = context;
  if (secrets === undefined) {
    throw new CommandRefused(
      'This needs a password, which only the full screen can hide: connect without --plain.',
    );
  }
  const typed = await secrets.ask(question, { hidden });
  if (typed === undefined || typed === '') throw new CommandRefused('Nothing was changed.');
  return typed;
}

/** Repeats until the password is acceptable: if it stopped, the next try might be typed into the room. */
async function askNewPassword(problem: string, context: CommandContext): Promise<string> {
  const { passwordMin } = context.session.hello.limits;
  const question = `${problem}New password, at least ${passwordMin} characters: `;
  const password = await askSecret(question, context);
  const again = await askSecret('Repeat the password: ', context);
  if (again !== password) return askNewPassword("Passwords don't match. ", context);
  return [...password].length < passwordMin ? askNewPassword('Too short. ', context) : password;
}

async function startSecondFactor(context: CommandContext): Promise<void> {
  const password = await askSecret('Your password: ', context);
  const reply = await context.ask({ type: 'begin-factor', password });
  const removeKey = context.secrets?.showKey(authenticatorKey(reply));
  await confirmSecondFactor('6-digit code: ', context).finally(removeKey);
  context.answer([
    'Second factor is on: sign-in now also asks for a 6-digit code.',
    'Get a recovery code with /recovery, in case you lose your authenticator.',
  ]);
}

function authenticatorKey({ secret = '', uri = '' }: ServerFrameOf<'ok'>): { uri: string; text: string } {
  // Base32, in groups of four for typing.
  const text = secret
    .replace(/[^a-z2-7]/gi, '')
    .replace(/.{4}/g, '$& ')
    .trim();
  return { uri, text };
}

/** Repeats until the code is right: then the authenticator has the key. */
async function confirmSecondFactor(question: string, context: CommandContext): Promise<void> {
  const request = { type: 'confirm-factor', otp: await askDigits(question, context) } as const;
  const reply = await context.session.ask(request);
  if (reply.type === 'ok') return;
  if (reply.code !== 'second-factor-wrong') throw refusedBy(reply, request);
  return confirmSecondFactor('Wrong code. Current 6-digit code: ', context);
}

async function askDigits(question: string, context: CommandContext): Promise<string> {
  const typed = (await askSecret(question, context, { hidden: false })).replace(/\s/g, '');
  return /^\d{6}$/.test(typed) ? typed : askDigits('The code has 6 digits: ', context);
}

async function endSecondFactor(context: CommandContext): Promise<void> {
  const password = await askSecret('Your password: ', context);
  await context.ask({ type: 'end-factor', password });
  context.answer(['Second factor is off: sign-in asks only for your password.']);
}
