/** Who is here, as the screen lists them. Pure; knows people, not what they say. */
import type { Person } from '../../../protocol/events.js';
import { printable } from '../../../protocol/printable.js';
import type { PersonState, ScreenState } from '../state.js';

export function peopleHere(state: ScreenState, people: readonly Person[]): ScreenState {
  const here = people.map(
    ({ name, role }): PersonState => ({ name: printable(name), role, online: true, away: false }),
  );
  return { ...state, people: here.sort(inOrder), peopleBeyond: 0 };
}

/** Somebody came; what they may do here is not known yet. */
export function arrived(people: readonly PersonState[], name: string): readonly PersonState[] {
  if (people.some((person) => person.name === name)) return people;
  return [...people, { name, role: 'member' as const, online: true, away: false }].sort(inOrder);
}

export function departed(people: readonly PersonState[], name: string): readonly PersonState[] {
  return people.filter((person) => person.name !== name);
}

function inOrder(one: PersonState, other: PersonState): number {
  return (
    Number(other.online) - Number(one.online) ||
    Number(other.role === 'admin') - Number(one.role === 'admin') ||
    (one.name < other.name ? -1 : 1)
  );
}
