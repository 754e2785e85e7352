/** Search: what every Store must find and show, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { SearchHit, SearchQuery } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import {
  at,
  kept,
  lobbyOf,
  type MakeSubject,
  newEntry,
  newRoom,
  people,
  register,
} from '../store-subject.js';

/** The texts that have these words, the newest first. */
type Found = (words: string, rest?: Partial<SearchQuery>) => Promise<string[]>;

/** Texts in the lobby, and a function that finds them. */
async function lobbyOfTexts(store: Store, texts: readonly string[]): Promise<{ id: number; found: Found }> {
  const { id } = await register(store, 'ada');
  const target = await lobbyOf(store);
  const said = new Map<number, string>();
  for (const [index, text] of texts.entries()) {
    const { seq } = await kept(store, { ...newEntry(id, target, `k${index}`), text, at: at + index });
    said.set(seq, text);
  }
  const found: Found = async (words, rest = {}) => {
    const { hits } = await store.search({ account: id, words, limit: 99, ...rest });
    return hits.map(({ seq }) => said.get(seq) ?? `seq ${seq}`);
  };
  return { id, found };
}

export async function searchContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('words', (t) => wordsContract(t, make));
  t.test('filters', (t) => filtersContract(t, make));
  t.test('excerpts', (t) => excerptsContract(t, make));
}

async function wordsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('all words must match, in any order and case, with or without accents', async (t) => {
    const { store } = await make(t);
    const { found } = await lobbyOfTexts(store, [
      'The quick brown fox',
      'a Brown bear',
      'Crème brûlée',
      'ПРИВЕТ',
    ]);
    t.same(await found('brown'), ['a Brown bear', 'The quick brown fox']);
    t.same(await found('fox BROWN'), ['The quick brown fox']);
    t.same(await found('fox bear'), []);
    t.same(await found('creme BRULEE'), ['Crème brûlée']);
    t.same(await found('crème'), ['Crème brûlée']);
    t.same(await found('привет'), ['ПРИВЕТ']);
  });

  t.test('the last word is also a prefix, unless it is one letter or in quotes', async (t) => {
    const { store } = await make(t);
    const { found } = await lobbyOfTexts(store, ['searching high', 'search low', 's']);
    t.same(await found('sea'), ['search low', 'searching high']);
    t.same(await found('se'), ['search low', 'searching high']);
    t.same(await found('s'), ['s']);
    t.same(await found('"search"'), ['search low']);
    t.same(await found('sear low'), [], 'the last one alone');
    t.same(await found('low sear'), ['search low']);
  });

  t.test('words in quotes match next to each other', async (t) => {
    const { store } = await make(t);
    const { found } = await lobbyOfTexts(store, ['to be or not to be', 'not or be', 'well-known fact']);
    t.same(await found('"or not"'), ['to be or not to be']);
    t.same(await found('"be not"'), []);
    t.same(await found('"or not'), ['to be or not to be'], 'also where the quotes do not end');
    t.same(await found('well-known'), ['well-known fact']);
    t.same(await found('"known fact" well'), ['well-known fact']);
  });

  t.test('every sign of a script without spaces is found', async (t) => {
    const { store } = await make(t);
    const { found } = await lobbyOfTexts(store, ['我们明天去北京吃饭', '京北', '今日はtestです']);
    t.same(await found('北京'), ['我们明天去北京吃饭']);
    t.same(await found('明天 吃饭'), ['我们明天去北京吃饭']);
    t.same(await found('test'), ['今日はtestです']);
  });

  t.test('nothing in a search is an operator or an error', async (t) => {
    const { store } = await make(t);
    const text = 'cats AND dogs OR birds NOT fish NEAR text place author c1 a1';
    const { found } = await lobbyOfTexts(store, [text]);
    const hostile: readonly (readonly [words: string, finds: boolean])[] = [
      ['cats AND dogs', true],
      ['dogs OR zebra', false],
      ['cats NOT zebra', false],
      ['cats NOT fish', true],
      ['NEAR(cats dogs)', false],
      ['NEAR(text place, 5)', false],
      ['NEAR text', true],
      ['cats + AND', true],
      ['text:cats', false],
      ['text : place', true],
      ['place : c2', false],
      ['{text place} : author', true],
      ['- text : cats', true],
      ['^cats', true],
      ['^dogs', true],
      ['cats*', true],
      ['ca* dogs', false],
      ['*', true],
      ['-cats', true],
      ['c1', true],
      ['a2', false],
      ['"', true],
      ['""', true],
      ['"""cats"""', true],
      ['cats"', true],
      ["cats' OR 1=1 --", false],
      ["'; DROP TABLE words; --", false],
      ['(((cats', true],
      ['('.repeat(200), true],
      ['"('.repeat(100), true],
      ['cats '.repeat(40), true],
      ['a '.repeat(100), false],
      ['🦊', true],
      ['cats 🦊', true],
      ['cats\0dogs', false],
      ['\0', true],
      ['cats \0', true],
      ['"cats\0 AND dogs"', true],
      ['\ud800', true],
      ['cats \udc00', true],
      ['%', true],
      ['_', true],
      ['\\', true],
      ['\u0301', true],
      ['x'.repeat(200), false],
    ];
    for (const [words, finds] of hostile)
      t.same(await found(words), finds ? [text] : [], JSON.stringify(words));
  });

  t.test('without a word everything is found, the newest first', async (t) => {
    const { store } = await make(t);
    const { found } = await lobbyOfTexts(store, ['one', 'two', '🦊']);
    for (const words of ['', '  ', '?!', '""']) t.same(await found(words), ['🦊', 'two', 'one'], words);
  });
}

async function filtersContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('only conversations of the account are searched', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const den = { room: (await newRoom(store, ada.id, 'den', { private: true })).id };
    const direct = { direct: [ada.id, bob.id] } as const;
    await kept(store, { ...newEntry(ada.id, den, '1'), text: 'word' });
    await kept(store, { ...newEntry(bob.id, direct, '2'), text: 'word' });
    const found = async (account: number, rest: Partial<SearchQuery> = {}) =>
      (await store.search({ account, words: 'word', limit: 9, ...rest })).hits.map(({ kind, name, from }) => [
        kind,
        name,
        from,
      ]);
    t.same(await found(ada.id), [
      ['direct', 'bob', 'bob'],
      ['room', 'den', 'ada'],
    ]);
    t.same(await found(bob.id), [['direct', 'ada', 'bob']]);
    t.same(await found(cyd.id), []);
    t.same(await found(cyd.id, { target: den }), []);
    t.same(await found(cyd.id, { target: direct }), []);
    t.same(await found(cyd.id, { words: '' }), []);
    t.same(await found(ada.id, { target: den }), [['room', 'den', 'ada']]);
    t.same(await found(ada.id, { target: { room: 4711 } }), []);
    await store.inviteToRoom({ room: den.room, account: bob.id, by: ada.id, at });
    t.equal((await found(bob.id)).length, 1, 'an invitation is not enough');
    await store.joinRoom(bob.id, den.room);
    t.equal((await found(bob.id)).length, 2, 'older messages are found too');
    await store.leaveRoom(bob.id, den.room, { end: false });
    t.equal((await found(bob.id)).length, 1);
  });

  t.test('sender, times and conversation filter, each alone and together', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const lobby = await lobbyOf(store);
    const tea = { room: (await newRoom(store, ada.id, 'tea')).id };
    for (const [index, [who, target]] of [
      [ada, lobby],
      [bob, lobby],
      [ada, tea],
      [ada, lobby],
    ].entries() as unknown as [number, [{ id: number }, typeof lobby]][]) {
      await kept(store, {
        ...newEntry(who.id, target, `k${index}`),
        text: `word ${index}`,
        at: at + index * 10,
      });
    }
    const found = async (rest: Partial<SearchQuery>) =>
      (await store.search({ account: ada.id, words: 'word', limit: 9, ...rest })).hits
        .map(({ excerpt }) => excerpt.slice(-1))
        .join('');
    t.equal(await found({}), '3210');
    t.equal(await found({ from: bob.id }), '1');
    t.equal(await found({ from: 4711 }), '');
    t.equal(await found({ target: lobby }), '310');
    t.equal(await found({ since: at + 10 }), '321');
    t.equal(await found({ since: at + 11 }), '32');
    t.equal(await found({ until: at + 20 }), '10');
    t.equal(await found({ until: at + 21 }), '210');
    t.equal(await found({ since: at + 10, until: at + 30, from: ada.id }), '2');
    t.equal(await found({ since: at + 10, until: at + 30, from: ada.id, target: lobby }), '');
    t.equal(await found({ words: '', from: ada.id, target: lobby }), '30');
    t.equal(await found({ since: at + 99 }), '');
    t.equal(await found({ until: at }), '');
  });

  t.test('pages lead back to the oldest without a gap', async (t) => {
    const { store } = await make(t);
    const { id, found } = await lobbyOfTexts(
      store,
      Array.from({ length: 25 }, (_, index) => `word ${index}`),
    );
    const seen: number[] = [];
    let before: number | undefined;
    for (let page = 0; page < 4; page++) {
      const range = before === undefined ? {} : { before };
      const { hits, more } = await store.search({ account: id, words: 'word', limit: 10, ...range });
      seen.push(...hits.map(({ seq }) => seq));
      before = hits.at(-1)?.seq;
      t.equal(more, page < 2, `page ${page}`);
      if (!more) break;
    }
    t.equal(seen.length, 25);
    t.same(
      seen,
      seen.toSorted((one, other) => other - one),
    );
    t.equal((await found('word', { limit: 25 })).length, 25);
    t.equal((await store.search({ account: id, words: 'word', limit: 25 })).more, false);
  });

  t.test('an account in very many conversations searches all of them', async (t) => {
    const { store } = await make(t);
    const names = Array.from({ length: 1_500 }, (_, index) => `user${index}`);
    const [ada, ...others] = await people(store, ...names);
    if (ada === undefined) return;
    const said = others.map(({ id }) =>
      store.append({ ...newEntry(id, { direct: [ada.id, id] }, 'k'), text: `hello from ${id}` }),
    );
    await Promise.all(said);
    const { hits, more } = await store.search({ account: ada.id, words: 'hello', limit: 5 });
    t.match([hits.length, more], [5, true]);
    t.match(hits[0], { kind: 'direct', name: 'user1499', from: 'user1499' });
  });
}

/** The excerpt with its marks in brackets. */
function marked({ excerpt, marks }: SearchHit): string {
  const parts = marks.map(([start, end], index) => {
    const before = excerpt.slice(index === 0 ? 0 : marks[index - 1]?.[1], start);
    return `${before}[${excerpt.slice(start, end)}]`;
  });
  return `${parts.join('')}${excerpt.slice(marks.at(-1)?.[1] ?? 0)}`;
}

async function excerptsContract(t: Test, make: MakeSubject): Promise<void> {
  const { store } = await make(t);
  const { id } = await register(store, 'ada');
  const target = await lobbyOf(store);
  // The newest message is found first.
  const hitIn = async (text: string, words: string): Promise<SearchHit> => {
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
