/** Who is online and who is a member, as the screen lists them. Pure; knows no messages. */
import { printable } from '../../../protocol/printable.js';
import type { Person, Role, RoomRole } from '../../../protocol/records.js';
import { changeAll, current } from './conversations.js';
import type { ConversationState, PersonState, ScreenState } from './state.js';

export function withPeople(state: ScreenState, people: readonly Person[]): ScreenState {
  const here = people.map(
    ({ name, role, away }): PersonState => ({
      ...{ name: printable(name), role },
      online: true,
      away: away !== undefined,
    }),
  );
  return { ...state, people: here.sort(inOrder), peopleUnnamed: 0 };
}

/** The members of a room in the order they are listed. */
export function membersOf(people: readonly Person[]): readonly PersonState[] {
  return people
    .map(
      ({ name, role, terminals, room, away }): PersonState => ({
        name: printable(name),
        role,
        online: terminals > 0,
        away: away !== undefined,
        ...(room === undefined ? {} : { room }),
      }),
    )
    .sort(inOrder);
}

/** A person went online or offline, in every list of members. */
export function withPresence(state: ScreenState, name: string, online: boolean): ScreenState {
  return changeAll(state, (conversation) => {
    if (!conversation.members?.some((member) => member.name === name && member.online !== online))
      return conversation;
    const members = conversation.members.map((member) =>
      // Away ends with the last terminal.
      member.name === name ? { ...member, online, away: false } : member,
    );
    return { ...conversation, members: members.sort(inOrder) };
  });
}

/** A person is away or back, in every list. */
export function withAway(state: ScreenState, name: string, away: boolean): ScreenState {
  return withPerson(state, name, (person) => ({ ...person, away }));
}

/** A person has another role on the server. */
export function withServerRole(state: ScreenState, name: string, role: Role): ScreenState {
  return withPerson(state, name, (person) => ({ ...person, role }));
}

function withPerson(state: ScreenState, name: string, to: (person: PersonState) => PersonState): ScreenState {
  const each = (people: readonly PersonState[]) =>
    people.map((person) => (person.name === name ? to(person) : person)).sort(inOrder);
  return changeAll({ ...state, people: each(state.people) }, ({ members, ...conversation }) =>
    members === undefined ? conversation : { ...conversation, members: each(members) },
  );
}

/** Forgets the members of every room: they may have changed while offline. */
export function withoutMembers(state: ScreenState): ScreenState {
  return changeAll(state, ({ members: _, ...conversation }) => conversation);
}

/** What is known of a person who is online. */
export function knownPerson({ people }: ScreenState, name: string): Partial<PersonState> {
  return people.find((person) => person.name === name) ?? {};
}

/** A member joined or has another role; undefined for one who left. */
export function withMember(
  conversation: ConversationState,
  name: string,
  change: (Partial<PersonState> & { readonly room: RoomRole }) | undefined,
): ConversationState {
  const { members } = conversation;
  if (members === undefined) return conversation;
  const before = members.find((member) => member.name === name);
  const others = members.filter((member) => member !== before);
  if (change === undefined) return { ...conversation, members: others };
  const member: PersonState = { name, role: 'member', online: true, away: false, ...before, ...change };
  return { ...conversation, members: [...others, member].sort(inOrder) };
}

/** The list for the current conversation, and how many more there are. */
export function listedPeople(state: ScreenState): { people: readonly PersonState[]; unnamed: number } {
  const { members } = current(state);
  if (members !== undefined) return { people: members, unnamed: 0 };
  return { people: state.people, unnamed: state.peopleUnnamed };
}

/** A person came online; their role is not known yet. */
export function arrived(people: readonly PersonState[], name: string): readonly PersonState[] {
  if (people.some((person) => person.name === name)) return people;
  return [...people, { name, role: 'member' as const, online: true, away: false }].sort(inOrder);
}

export function departed(people: readonly PersonState[], name: string): readonly PersonState[] {
  return people.filter((person) => person.name !== name);
}

function inOrder(one: PersonState, other: PersonState): number {
  return (
    Number(other.online) - Number(one.online) || rank(one) - rank(other) || (one.name < other.name ? -1 : 1)
  );
}

/** By the role in the room, else by the role on the server. */
function rank({ role, room }: PersonState): number {
  if (room !== undefined) return ['owner', 'moderator', 'member'].indexOf(room);
  return ['admin', 'moderator', 'member', 'bot'].indexOf(role);
}
