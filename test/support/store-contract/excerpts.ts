/** What is shown of a message that was found: what every Store must do with it, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Hit } from '../../../lib/store/message-store.js';
import { kept, lobbyOf, type MakeSubject, newEntry, register } from '../store-subject.js';

/** The excerpt with its marks in brackets. */
function marked({ excerpt, marks }: Hit): string {
  const parts = marks.map(([start, end], index) => {
    const before = excerpt.slice(index === 0 ? 0 : marks[index - 1]?.[1], start);
    return `${before}[${excerpt.slice(start, end)}]`;
  });
  return `${parts.join('')}${excerpt.slice(marks.at(-1)?.[1] ?? 0)}`;
}

export async function excerptsContract(t: Test, make: MakeSubject): Promise<void> {
  const { store } = await make(t);
  const { id } = await register(store, 'ada');
  const target = await lobbyOf(store);
  // What is said last is found first.
  const hitIn = async (text: string, words: string): Promise<Hit> => {
    await kept(store, { ...newEntry(id, target, text), text });
    const [hit] = (await store.search({ account: id, words, limit: 1 })).hits;
    if (hit === undefined) throw new Error(`nothing found: ${words}`);
    return hit;
  };
  for (const [name, text, words, excerpt] of [
    ['every word is marked', 'a fox and a Fox', 'fox', 'a [fox] and a [Fox]'],
    ['a beginning marks the whole word', 'foxes hunt', 'fox', '[foxes] hunt'],
    ['a phrase is one mark', 'to be or not to be', '"to be"', '[to be] or not [to be]'],
    ['accents are marked with their letters', 'un cafe\u0301 noir', 'cafe', 'un [cafe\u0301] noir'],
    ['lines become one', 'one\ntwo\n\nthree', 'two', 'one [two]  three'],
    ['without words nothing is marked', 'one two', '', 'one two'],
    ['characters beyond U+FFFF count as two', '🦊 fox 🦊', 'fox', '🦊 [fox] 🦊'],
    ['signs without spaces are marked', '我们去北京', '北京', '我们去[北京]'],
  ] as const) {
    t.equal(marked(await hitIn(text, words)), excerpt, name);
  }

  const fill = 'lorem ipsum dolor sit amet '.repeat(20);
  for (const [name, text] of [
    ['at the beginning', `needle ${fill}`],
    ['in the middle', `${fill}needle ${fill}`],
    ['at the end', `${fill}needle`],
    ['between long words', `${'x'.repeat(500)} needle ${'y'.repeat(500)}`],
    ['between emoji', `${'🦊'.repeat(300)} needle ${'🦊'.repeat(300)}`],
    ['between emoji at odd places', `.${'🦊'.repeat(300)} needle ${'🦊'.repeat(300)}`],
  ] as const) {
    const hit = await hitIn(text, 'needle');
    t.ok(hit.excerpt.length <= limits.excerptLength, `${name}: ${hit.excerpt.length}`);
    t.match(marked(hit), '[needle]', name);
    t.notMatch(hit.excerpt, /\p{Surrogate}/u, `${name}: no half of a character`);
    t.equal(hit.excerpt.startsWith('…'), !text.startsWith('needle'), name);
    t.equal(hit.excerpt.endsWith('…'), !text.endsWith('needle'), name);
  }
}
