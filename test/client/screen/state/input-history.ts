import t from 'tap';
import {
  emptyHistory,
  type InputHistory,
  inputsKept,
  newer,
  older,
  remember,
} from '../../../../lib/client/screen/state/input-history.js';

function entered(...texts: readonly string[]): InputHistory {
  return texts.reduce((history, text) => remember(history, { in: '#lobby', text }), emptyHistory);
}

/** A person at the keys: what the input holds after each of them. */
function sit(history: InputHistory, draft = '') {
  let now = history;
  let place = '#lobby';
  const texts: Record<string, string> = { '#lobby': draft };
  const press = (key: typeof older): string | undefined => {
    const recalled = key(now, { in: place, text: texts[place] ?? '' });
    if (recalled === undefined) return undefined;
    now = recalled.history;
    texts[place] = recalled.text;
    return recalled.text;
  };
  return {
    up: () => press(older),
    down: () => press(newer),
    type: (text: string) => {
      texts[place] = text;
    },
    enter: () => {
      now = remember(now, { in: place, text: texts[place] ?? '' });
      texts[place] = '';
    },
    go: (conversation: string) => {
      place = conversation;
    },
  };
}

t.test('up returns earlier inputs, the latest first, and stops at the oldest', async (t) => {
  const { up } = sit(entered('one', 'two'));
  t.same([up(), up(), up(), up()], ['two', 'one', undefined, undefined]);
});

t.test('down comes back to the draft', async (t) => {
  const { up, down } = sit(entered('one', 'two'), 'dra');
  up();
  up();
  t.same([down(), down(), down()], ['two', 'dra', undefined]);
});

t.test('without a history both do nothing', async (t) => {
  const { up, down } = sit(emptyHistory, 'draft');
  t.same([up(), down()], [undefined, undefined]);
});

t.test('each conversation keeps its own unsent draft', async (t) => {
  const { up, down, go, type } = sit(entered('one', 'two'), 'for the lobby');
  up();
  go('@ben');
  type('for ben');
  t.equal(up(), 'two');
  t.equal(up(), 'one');
  go('#lobby');
  t.equal(down(), 'for the lobby');
  go('@ben');
  t.same([down(), down()], ['two', 'for ben']);
});

t.test('an input of one conversation can be recalled in another', async (t) => {
  const { up, go, type, enter } = sit(emptyHistory);
  type('one');
  enter();
  go('@ben');
  t.equal(up(), 'one');
});

t.test(
  'an earlier input that was changed waits too, and is the old one again after the next is entered',
  async (t) => {
    const { up, down, type, enter } = sit(entered('one', 'two'), 'draft');
    up();
    type('two!');
    t.equal(up(), 'one');
    t.same([down(), down()], ['two!', 'draft']);
    enter();
    t.same([up(), up(), up()], ['draft', 'two', 'one']);
  },
);

t.test('after sending, up begins with that input', async (t) => {
  const { up, enter } = sit(entered('one', 'two'));
  up();
  up();
  enter();
  t.same([up(), up()], ['one', 'two']);
});

t.test('blank inputs and repetitions are not kept', async (t) => {
  t.same(entered('one', '', ' \n', 'one', 'two', 'one').inputs, ['one', 'two', 'one']);
});

t.test('the latest 200 are kept', async (t) => {
  const history = entered(...Array.from({ length: 250 }, (_, i) => `${i}`));
  t.equal(history.inputs.length, inputsKept);
  t.equal(history.inputs[0], '50');
  t.equal(history.inputs.at(-1), '249');
});

t.test('a recalled input stays while others are dropped', async (t) => {
  const texts = Array.from({ length: inputsKept }, (_, i) => `${i}`);
  const { up, down, go, type, enter } = sit(entered(...texts), 'draft');
  t.same([up(), up()], ['199', '198']);
  go('@ben');
  for (const text of ['a', 'b', 'c']) {
    type(text);
    enter();
  }
  go('#lobby');
  t.same([down(), down(), down(), down(), down()], ['199', 'a', 'b', 'c', 'draft']);
});

t.test('after its input was dropped, a visit continues with the oldest', async (t) => {
  const { up, down, go, type, enter } = sit(entered('one', 'two'), 'draft');
  t.same([up(), up()], ['two', 'one']);
  go('@ben');
  for (let i = 0; i < inputsKept; i++) {
    type(`${i}`);
    enter();
  }
  go('#lobby');
  t.equal(up(), undefined);
  t.equal(down(), '0');
});
