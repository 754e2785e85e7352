import t from 'tap';
import { expectedIn } from '../../../../lib/client/commands/usage.js';
import { type Candidates, complete, likelyNames } from '../../../../lib/client/screen/input/completion.js';
import type { Completion } from '../../../../lib/client/screen/state/state.js';

const candidates: Candidates = {
  names: ['ben', 'carla', 'bea', 'dan'],
  commands: ['msg', 'me', 'list', 'save', 'help'],
  rooms: ['lobby', 'lounge', 'dev'],
  directs: ['ben', 'zoe'],
  codes: (begun) => [':tada:', ':taxi:'].filter((code) => code.startsWith(begun)),
  files: (prefix) =>
    ['log.txt', 'logs/', 'logs/a b.txt', 'evil\u001b[2J.txt'].filter((path) => path.startsWith(prefix)),
  after: expectedIn,
  words: (command) => (({ role: ['owner', 'member'] }) as Record<string, string[]>)[command] ?? [],
};

/** The bar is the cursor; one letter a key: T is Tab, S is Shift-Tab. Undefined where the last does nothing. */
function pressed(before: string, keys = 'T', given = candidates): string | undefined {
  let text = before.replace('|', '');
  let cursor = before.indexOf('|');
  let previous: Completion | undefined;
  for (const key of keys) {
    previous = complete({ text, cursor, back: key === 'S', previous }, given);
    if (previous === undefined) return undefined;
    ({ text, cursor } = previous);
  }
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

t.test('a word that the command takes is completed in any position', async (t) => {
  t.equal(pressed('/role ben #lobby ow|'), '/role ben #lobby owner |');
  t.equal(pressed('/msg ben ow|'), undefined);
});

t.test('a name at the start of a line gets a colon, elsewhere a space', async (t) => {
  t.equal(pressed('car|'), 'carla: |');
  t.equal(pressed('hi car|'), 'hi carla |');
  t.equal(pressed('one\ncar|'), 'one\ncarla: |');
  t.equal(pressed('hi @ca|'), 'hi @carla |');
});

t.test('Tab again takes the next choice, and after the last the first', async (t) => {
  t.equal(pressed('b|'), 'ben: |');
  t.equal(pressed('b|', 'TT'), 'bea: |');
  t.equal(pressed('b|', 'TTT'), 'ben: |');
});

t.test('Shift-Tab goes backwards', async (t) => {
  t.equal(pressed('b|', 'S'), 'bea: |');
  t.equal(pressed('b|', 'SS'), 'ben: |');
  t.equal(pressed('b|', 'TTS'), 'ben: |');
  t.equal(pressed('b|', 'TS'), 'bea: |');
});

t.test('completion ignores case', async (t) => {
  t.equal(pressed('CAR|'), 'carla: |');
  t.equal(pressed('/MS|'), '/msg |');
  t.equal(pressed('x #LOB|'), 'x #lobby |');
  t.equal(pressed('an|', 'T', { ...candidates, names: ['Ann'] }), 'Ann: |');
});

t.test('the text after the cursor stays, and no second space comes before it', async (t) => {
  t.equal(pressed('hi car| and you'), 'hi carla| and you');
  t.equal(pressed('car| hi'), 'carla:| hi');
  t.equal(pressed('b| hi', 'TT'), 'bea:| hi');
  t.equal(pressed('car|\nhi'), 'carla: |\nhi');
});

t.test('commands are completed at the start only', async (t) => {
  t.equal(pressed('/m|'), '/msg |');
  t.equal(pressed('/m|', 'TT'), '/me |');
  t.equal(pressed('/|', 'S'), '/help |');
  for (const text of ['//m|', ' /m|', 'say /m|', 'one\n/m|']) t.equal(pressed(text), undefined, text);
});

t.test('an argument is completed as the command takes it', async (t) => {
  const cases: [string, string, string?][] = [
    ['/msg c|', '/msg carla |'],
    ['/msg |', '/msg ben |'],
    ['/msg @c|', '/msg carla |'],
    ['/help l|', '/help list |'],
    ['/help /l|', '/help list |'],
    ['/join lou|', '/join #lounge |'],
    ['/join #d|', '/join #dev |'],
    ['/join #dev |', '/join #dev private |'],
    ['/notify a|', '/notify all |'],
    ['/notify |', '/notify mention |', 'TT'],
    ['/notify w|', '/notify when |'],
    ['/notify when c|', '/notify when carla |'],
    ['/window z|', '/window @zoe |'],
    ['/window l|', '/window #lounge |', 'TT'],
    ['/role b|', '/role ben |'],
    ['/role ben |', '/role ben owner |'],
    ['/role ben m|', '/role ben member |', 'TT'],
    ['/role ben owner |', '/role ben owner #lobby |'],
    ['/invite ben l|', '/invite ben #lobby |'],
    ['/restrict |', '/restrict links |', 'TTTT'],
    ['/restrict #dev links f|', '/restrict #dev links files |'],
    ['/slow #dev o|', '/slow #dev off |'],
    ['/set m|', '/set mouse |'],
    ['/set mouse |', '/set mouse off |', 'TT'],
    ['/set clock 1|', '/set clock 12h |'],
    ['/get 17 lo|', '/get 17 logs/|', 'TT'],
    ['/2fa |', '/2fa off |', 'TT'],
    ['/react |', '/react heart |', 'TTT'],
    ['/react 17 he|', '/react 17 heart |'],
    ['/react :ta|', '/react :tada: |'],
  ];
  for (const [before, after, keys] of cases) t.equal(pressed(before, keys), after, before);
  for (const none of ['/set mouse on |', '/set nothing |', '/topic |', '/audit |', '/nonsense |'])
    t.equal(pressed(none), undefined, none);
});

t.test('the choices are listed as they are called', async (t) => {
  const listed = (text: string) =>
    complete({ text, cursor: text.length, back: false, previous: undefined }, candidates)?.labels;
  t.same(listed('be'), ['ben', 'bea']);
  t.same(listed('/me'), ['/me']);
  t.same(listed('#l'), ['#lobby', '#lounge']);
  t.same(listed('/save logs/a'), ['a b.txt'], 'without the folder that is typed');
  t.same(listed(':ta'), ['🎉 :tada:', '🚕 :taxi:']);
});

t.test('short codes of emoji are completed, where they would be replaced', async (t) => {
  t.equal(pressed(':ta|'), ':tada: |');
  t.equal(pressed('hi (:ta|', 'TT'), 'hi (:taxi: |');
  t.equal(pressed('/me :ta|'), '/me :tada: |');
  t.equal(pressed('/msg ben :ta| you'), '/msg ben :tada:| you');
  for (const text of [':|', '10:ta|', 'https://x.example/:ta|', '::ta|', ':nothing|'])
    t.equal(pressed(text), undefined, text);
});

t.test('after the first argument names are completed as in text', async (t) => {
  t.equal(pressed('/msg ben hi car|'), '/msg ben hi carla |');
  t.equal(pressed('/me waves to car|'), '/me waves to carla |');
  t.equal(pressed('/me |'), undefined);
});

t.test('rooms are completed after #', async (t) => {
  t.equal(pressed('see #lo|'), 'see #lobby |');
  t.equal(pressed('see #lo|', 'TT'), 'see #lounge |');
  t.equal(pressed('#d|'), '#dev |');
});

t.test('paths are completed, also inside a folder', async (t) => {
  t.equal(pressed('/save log.|'), '/save log.txt|');
  t.equal(pressed('/save logs/|'), '/save logs/|');
  const folder = {
    ...candidates,
    files: (prefix: string) => (prefix === 'lo' ? ['logs/'] : ['logs/a b.txt']),
  };
  t.equal(pressed('/save lo|', 'T', folder), '/save logs/|');
  t.equal(pressed('/save lo|', 'TT', folder), '/save logs/a b.txt|');
  t.equal(pressed('/save logs/a b|'), '/save logs/a b.txt|');
});

t.test('a path with control characters is not offered', async (t) => {
  t.equal(pressed('/save evil|'), undefined);
});

t.test('nothing is done if nothing fits', async (t) => {
  for (const text of ['|', 'x|', 'hi |', '/nothing|', '#x|', '/save x|', '/join x|', 'one\n|']) {
    t.equal(pressed(text), undefined, text);
  }
});

t.test('likely names are the latest speakers, then the others online', async (t) => {
  t.same(
    likelyNames({ spoke: ['ana', 'ben', 'me', 'ana', 'cy'], here: ['dan', 'ben', 'me', 'al'], me: 'me' }),
    [...['cy', 'ana', 'ben'], ...['al', 'dan']],
  );
});

t.test('a long word is fast', async (t) => {
  const began = performance.now();
  t.equal(pressed(`${'x'.repeat(1_000_000)} c|`), `${'x'.repeat(1_000_000)} carla |`);
  t.equal(pressed(`${'x'.repeat(1_000_000)}|`), undefined);
  t.ok(performance.now() - began < 2_000);
});
