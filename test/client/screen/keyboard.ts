import t from 'tap';
import { createScreenScene } from '../../support/screen-scene.js';
import { settle } from '../../support/streams.js';

t.test('a question is answered with y', async (t) => {
  const scene = createScreenScene();
  scene.press('ctrl-d', 'y');
  t.same(scene.left, ['person']);
  const answers: string[] = [];
  scene.keyboard.ask({ about: 'overwrite', text: 'Overwrite?' }, () => answers.push('yes'));
  scene.press('escape');
  scene.keyboard.ask({ about: 'overwrite', text: 'Overwrite?' }, () => answers.push('yes'));
  scene.press('y');
  t.same(answers, ['yes']);
  scene.keyboard.ask({ about: 'overwrite', text: 'Overwrite?' }, () => answers.push('yes'));
  scene.press('n', 'x');
  t.same(answers, ['yes']);
  t.equal(scene.typed(), 'x|', 'n is an answer, any other text is typed');
});

t.test('two keys make one action, and a wrong second one nothing', async (t) => {
  const scene = createScreenScene();
  scene.press('ctrl-x', 'ctrl-e');
  t.same(scene.calls, ['compose ""']);
  scene.press('abc', 'ctrl-x', 'ctrl-a', 'x');
  t.equal(scene.typed(), 'abcx|');
});

t.test('a hidden answer is neither shown nor kept', async (t) => {
  const scene = createScreenScene();
  scene.press('draft');
  const answer = scene.keyboard.askLine('Password: ', { hidden: true });
  const question = () => scene.store.state.question?.text;
  scene.press('wrong', 'ctrl-u', 'hunter\u200d23', 'backspace', '2');
  scene.keyboard.press({ kind: 'paste', text: 'x\nnot this' });
  t.equal(question(), `Password: ${'*'.repeat(10)}_`);
  scene.press('alt-1', 'up');
  t.notMatch(JSON.stringify(scene.store.state), 'hunter');
  scene.press('enter');
  t.equal(await answer, 'hunter\u200d22x', 'to the letter');
  await settle();
  t.equal(question(), undefined);
  t.equal(scene.typed(), 'draft|', 'what was typed before is still there');
  scene.press('ctrl-c', 'up');
  t.equal(scene.typed(), '|', 'it is no earlier input');
});

t.test('input typed ahead answers the next question and is never sent', async (t) => {
  const scene = createScreenScene();
  const answers = (async () => [
    await scene.keyboard.askLine('Old: ', { hidden: true }),
    await scene.keyboard.askLine('New: ', { hidden: true }),
    await scene.keyboard.askLine('Again: ', { hidden: true }),
  ])();
  scene.press('hunter22', 'enter', 'hunter33', 'enter', 'hunter33', 'enter', 'hi');
  t.same(await answers, ['hunter22', 'hunter33', 'hunter33']);
  await settle();
  t.same(scene.said, []);
  t.equal(scene.typed(), 'hi|');
});

t.test('a question can be cancelled, and the next one begins empty', async (t) => {
  const scene = createScreenScene();
  for (const key of ['ctrl-c', 'escape']) {
    const answer = scene.keyboard.askLine('Password: ', { hidden: true });
    scene.press('hunter22', key);
    t.equal(await answer, undefined);
    t.same(scene.left, []);
  }
  const first = scene.keyboard.askLine('One: ', { hidden: true });
  const second = scene.keyboard.askLine('Two: ', { hidden: false });
  t.equal(await first, undefined);
  scene.press('123');
  t.equal(scene.store.state.question?.text, 'Two: 123_');
  scene.press('enter');
  t.equal(await second, '123');
});

t.test('any key leaves the plain text and does nothing else', async (t) => {
  const { press, keyboard, store, typed } = createScreenScene();
  press('alt-l');
  t.equal(store.state.plainText, 'plain');
  keyboard.press({ kind: 'focus', focused: false });
  t.equal(store.state.plainText, 'plain', 'to appearance at another window is no key');
  press('x');
  t.equal(store.state.plainText, undefined);
  t.equal(typed(), '|');
  press('x');
  t.equal(typed(), 'x|');
});

t.test('a terminal that disappears ends the session', async (t) => {
  const scene = createScreenScene();
  scene.keyboard.press({ kind: 'end' });
  t.same(scene.left, ['person']);
});

t.test('a paste of several lines is inserted as printable text, not sent', async (t) => {
  const scene = createScreenScene();
  scene.keyboard.press({ kind: 'paste', text: 'one\n\x1b[31mtwo\x07\nthree' });
  t.equal(scene.typed(), 'one\n[31mtwo\nthree|');
  scene.press('enter');
  t.match(scene.said, [{ text: 'one\n[31mtwo\nthree' }]);
});

t.test(
  'an image takes all keys: some close it, those for the whole screen work, the others do nothing',
  async (t) => {
    const scene = createScreenScene();
    scene.press('draft');
    scene.store.update((state) => ({ ...state, image: { name: 'a.png', progress: '', unreadBefore: 0 } }));
    scene.press('x', 'enter', 'up', 'alt-1', 'ctrl-x', 'ctrl-e', 'qq');
    scene.keyboard.press({ kind: 'paste', text: 'q' });
    t.same(scene.calls, []);
    t.same(scene.said, []);
    scene.press('ctrl-l', 'ctrl-z');
    t.same(scene.calls.splice(0), ['redraw', 'suspend']);
    scene.press('q', 'escape', 'ctrl-c', 'ctrl-d');
    t.same(scene.calls.splice(0), Array(4).fill('image closed'));
    scene.keyboard.press({ kind: 'focus', focused: false });
    t.equal(scene.store.state.focused, false, 'to appear at another window is no key');
    scene.keyboard.press({ kind: 'end' });
    t.same(scene.left, ['person']);
    scene.store.update(({ image: _, ...state }) => state);
    t.equal(scene.typed(), 'draft|');
  },
);
