/** Commands about people and one's own account, and their answers in lines. Knows requests and words, no screen. */
import type { ServerFrameOf } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import type { Asked, Session } from '../session/session.js';
import { auditLines, banLines, inviteLines, sessionLines, whoisLines } from '../text/lists.js';
import type { LocalTime } from '../text/local-time.js';
import { a } from '../text/wording.js';
import type { PeopleErrand, Place } from './act.js';
import { errandRefusal } from './refusal.js';

export interface PeopleErrandDeps {
  readonly session: Pick<Session, 'name' | 'hello' | 'ask'>;
  readonly time: LocalTime;
  readonly here: () => Place;
  readonly answer: (lines: readonly string[]) => void;
  /** The reply; what was refused has been told, and rejects. */
  readonly ask: (request: Asked) => Promise<ServerFrameOf<'ok'>>;
  /** Tells why not, and rejects. */
  readonly stop: (message: string) => never;
  readonly privately: Privately | undefined;
  /** What there is to know of the chat that is hosted here; undefined where none is. */
  readonly hosted: readonly string[] | undefined;
}

/** Secrets, told and asked for so that nothing of them stays. Without it, nobody can be asked. */
export interface Privately {
  /** A line of what is typed; `hidden`: not to be seen meanwhile. Undefined where the person wants it no more. */
  ask(question: string, options: { hidden: boolean }): Promise<string | undefined>;
  /** Shows what an authenticator is to learn, as a picture where there is room; what is returned takes it away. */
  showKey(key: { uri: string; text: string }): () => void;
  /** How a link is copied whole there: a sentence. */
  readonly copying: string;
}

const auditPage = 20;
const fullScreenOnly =
  'Secrets are typed on the full screen only, where nobody sees them: connect on a terminal, without --plain.';
const nowhere =
  'This is between two people: do it in #lobby for the whole server, or in a room for that room.';

export function createPeopleErrands(deps: PeopleErrandDeps) {
  const { session, time, answer, ask, stop } = deps;

  /** The room where it was typed; undefined for the whole server, which the lobby stands for. */
  function roomHere(): { room?: string } {
    const place = deps.here();
    if (!('room' in place)) return stop(nowhere);
    return place.room === 'lobby' ? {} : { room: place.room };
  }

  function anyRoomHere(): string {
    const place = deps.here();
    return 'room' in place ? place.room : stop('This is between two people: name a room, as in #lobby.');
  }

  async function secret(question: string, hidden = true): Promise<string> {
    const { ask: enquire } = deps.privately ?? stop(fullScreenOnly);
    const answered = await enquire(question, { hidden });
    return answered === undefined || answered === '' ? stop('Nothing was changed.') : answered;
  }

  async function sixDigits(question: string): Promise<string> {
    const typed = (await secret(question, false)).replace(/\s/g, '');
    return /^\d{6}$/.test(typed) ? typed : sixDigits('It is 6 digits, as it shows them now: ');
  }

  function term(ms: number | undefined): string {
    if (ms === undefined) return 'for good';
    const end = time.now() + ms;
    return `until ${time.date(end)} ${time.minute(end)}`;
  }

  function handOut(what: string, { links = [], expires = '' }: ServerFrameOf<'ok'>): void {
    const [best = '', ...others] = links.map((link) => printable(link));
    const until = `until ${time.date(expires)} ${time.minute(expires)}`;
    answer([
      `${what}, good ${until}. Whoever has it can use it: send it privately.`,
      `  ${best}`,
      ...(others.length === 0
        ? []
        : ['The same by other addresses of the server:', ...others.map((link) => `  ${link}`)]),
      ...(deps.privately === undefined ? [] : [deps.privately.copying]),
    ]);
  }

  /** Asks until it will do: whoever goes on typing must not say a password to the room. */
  async function newPassword(words = ''): Promise<string> {
    const { passwordMin } = session.hello.limits;
    const password = await secret(`${words}The new one, ${passwordMin} characters or more: `);
    const again = await secret('The new one again: ');
    if (again !== password) return newPassword('Not the same. ');
    return [...password].length < passwordMin ? newPassword('Too short. ') : password;
  }

  async function setPassword(): Promise<void> {
    const old = await secret('Your password now: ');
    const password = await newPassword();
    await ask({ type: 'set-password', old, password });
    answer(['Your password is the new one. All your other sessions have ended.']);
  }

  async function recovery(): Promise<void> {
    const password = await secret('Your password: ');
    const { recovery: code = '' } = await ask({ type: 'make-recovery', password });
    answer([...recoveryLines(code), 'The one before is good for nothing any more.']);
  }

  async function factorOn(): Promise<void> {
    const password = await secret('Your password: ');
    const { secret: key = '', uri = '' } = await ask({ type: 'begin-factor', password });
    // Base32, in groups that can be typed.
    const text = key
      .replace(/[^a-z2-7]/gi, '')
      .replace(/.{4}/g, '$& ')
      .trim();
    const takeAway = deps.privately?.showKey({ uri, text });
    await confirm('6 digits of your authenticator: ').finally(takeAway);
    answer([
      'From now on your sign-in asks for a code too. /recovery gets a code for when the authenticator is lost.',
    ]);
  }

  /** Asks until the authenticator has the key, or the person gives up. */
  async function confirm(question: string): Promise<void> {
    const request = { type: 'confirm-factor', otp: await sixDigits(question) } as const;
    const reply = await session.ask(request);
    if (reply.type === 'ok') return;
    if (reply.code === 'second-factor-wrong')
      return confirm('That is not the code. The one that it shows now: ');
    stop(errandRefusal(reply, request));
  }

  async function setRole({
    name,
    onServer,
    inRoom,
    room,
  }: Extract<PeopleErrand, { do: 'role' }>): Promise<void> {
    // Admins and bots are that everywhere.
    const place = inRoom === undefined ? 'lobby' : (room ?? roomHere().room ?? 'lobby');
    // In the lobby all roles are the server's.
    if (onServer !== undefined && place === 'lobby') {
      await ask({ type: 'set-role', name, role: onServer });
      answer([`${name} is ${a(onServer)} on this server now.`]);
    } else if (inRoom !== undefined) {
      await ask({ type: 'appoint', room: place, name, role: inRoom });
    }
  }

  return async function run(errand: PeopleErrand): Promise<void> {
    switch (errand.do) {
      case 'kick': {
        const { do: _, ...request } = errand;
        const { room } = roomHere();
        await ask({ type: 'kick', ...request, ...(room !== undefined && { room }) });
        const { name } = errand;
        return answer([
          room === undefined
            ? `${name} is out, and can come back. /ban ${name} keeps them out.`
            : `${name} is out of #${room}.`,
        ]);
      }
      case 'ban': {
        const { do: _, ...request } = errand;
        await ask({ type: 'ban', ...request });
        return answer([
          `${errand.name ?? errand.address} is banned ${term(errand.ms)}. /bans lists who is, /unban lifts it.`,
        ]);
      }
      case 'unban': {
        const { do: _, ...request } = errand;
        await ask({ type: 'unban', ...request });
        return answer([`${errand.name ?? errand.address} may come again.`]);
      }
      case 'bans':
        return answer(banLines((await ask({ type: 'bans' })).bans ?? [], time));
      case 'mute': {
        const { do: _, ...request } = errand;
        await ask({ type: 'mute', ...request, ...roomHere() });
        return answer([
          `${errand.name} is muted ${term(errand.ms)}. /unmute ${errand.name} takes that back.`,
        ]);
      }
      case 'unmute':
        await ask({ type: 'unmute', name: errand.name, ...roomHere() });
        return answer([`${errand.name} can speak again.`]);
      case 'role':
        return setRole(errand);
      case 'rules': {
        const { do: _, room = anyRoomHere(), restrict, ...rules } = errand;
        await ask({
          type: 'set-rules',
          room,
          ...(restrict !== undefined && { restrict: [...restrict] }),
          ...rules,
        });
        return;
      }
      case 'audit': {
        const { before } = errand;
        const reply = await ask({ type: 'audit', limit: auditPage, ...(before !== undefined && { before }) });
        return answer(auditLines(reply.audit ?? [], time, auditPage));
      }
      case 'whois': {
        const { whois } = await ask({ type: 'whois', name: errand.name });
        if (whois !== undefined) answer(whoisLines(whois, time));
        return;
      }
      case 'invite-link': {
        const { do: _, ...request } = errand;
        const { uses = 1, role = 'member' } = errand;
        const [many, become] =
          uses === 1 ? ['one person', `becomes ${a(role)}`] : [`${uses} people`, `become ${role}s`];
        return handOut(
          `A join link for ${many}${role === 'member' ? '' : `, who ${become}`}`,
          await ask({ type: 'make-invite', ...request }),
        );
      }
      case 'link':
        return deps.hosted === undefined ? run({ do: 'invite-link' }) : answer(deps.hosted);
      case 'invites':
        return answer(inviteLines((await ask({ type: 'invites' })).invites ?? [], time));
      case 'uninvite':
        await ask({ type: 'uninvite', invite: errand.invite });
        return answer([`Link ${errand.invite} is good for nothing any more.`]);
      case 'reset':
        return handOut(
          `A link for ${errand.name} to set a new password, once`,
          await ask({ type: 'make-reset', name: errand.name }),
        );
      case 'away':
        await ask({ type: 'away', text: errand.text });
        return answer(['The others see that you are away. /back ends it.']);
      case 'back':
        await ask({ type: 'back' });
        return answer(['You are back.']);
      case 'passwd':
        return setPassword();
      case 'sessions':
        return answer(sessionLines((await ask({ type: 'sessions' })).sessions ?? [], time));
      case 'logout': {
        const { do: _, ...request } = errand;
        await ask({ type: 'logout', ...request });
        // The end of this one is told where it ends.
        if (errand.session !== undefined) answer(['That session has ended.']);
        return;
      }
      case 'recovery':
        return recovery();
      case 'factor': {
        if (errand.on) return factorOn();
        await ask({ type: 'end-factor', password: await secret('Your password: ') });
        return answer([`The sign-in of ${session.name} asks for the password alone again.`]);
      }
      default:
        return errand satisfies never;
    }
  };
}

/** Shown once: whoever has it can set a new password. */
export function recoveryLines(code: string): string[] {
  return [
    `Your recovery code: ${printable(code)}`,
    'Write it down and keep it: with it you set a new password when yours is lost. It is not shown again.',
  ];
}
