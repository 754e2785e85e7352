import t from 'tap';
import { createStageScene } from '../../support/stage-scene.js';
import { settle } from '../../support/streams.js';

t.test('Enter says what is typed where one is, and empties the line', async (t) => {
  const scene = createStageScene();
  scene.press('hello', 'enter');
  t.match(scene.said, [{ room: 'lobby', text: 'hello' }]);
  t.equal(scene.typed(), '|');
  scene.press('/query bob', 'enter', 'psst', 'enter');
  t.match(scene.said.slice(1), [{ to: 'bob', text: 'psst' }]);
  t.equal(scene.stage.state.current, '@bob');
});

t.test('what is refused stays in the line, to be mended', async (t) => {
  const scene = createStageScene();
  scene.press('/nosuch thing', 'enter');
  t.equal(scene.typed(), '/nosuch thing|');
  t.match(scene.pane().at(-1), /no command/);
  scene.press('ctrl-u');
  scene.controls.press({ kind: 'paste', text: 'x\n'.repeat(101) });
  scene.press('enter');
  t.match(scene.pane().at(-1), /not sent/);
  t.match(scene.typed(), /^x\nx\n/);
  t.same(scene.said, []);
});

t.test('a paste of many lines is typed, not sent, without what cannot be shown', async (t) => {
  const scene = createStageScene();
  scene.controls.press({ kind: 'paste', text: 'one\n\x1b[31mtwo\x07\nthree' });
  t.equal(scene.typed(), 'one\n[31mtwo\nthree|');
  scene.press('enter');
  t.match(scene.said, [{ text: 'one\n[31mtwo\nthree' }]);
});

t.test('each conversation keeps what was being typed there', async (t) => {
  const scene = createStageScene();
  scene.press('for all', 'alt-2');
  t.equal(scene.typed(), 'for all|', 'there is no second one');
  scene.press('ctrl-u', '/query bob', 'enter', 'for bob', 'alt-1', 'for all', 'ctrl-n');
  t.equal(scene.typed(), 'for bob|');
  scene.press('alt-/');
  t.equal(scene.typed(), 'for all|');
});

t.test('Up brings back what was said, Down what was being typed', async (t) => {
  const scene = createStageScene();
  scene.press('one', 'enter', 'two', 'enter', 'draft', 'up');
  t.equal(scene.typed(), 'two|');
  scene.press('up');
  t.equal(scene.typed(), 'one|');
  scene.press('up', 'down', 'down');
  t.equal(scene.typed(), 'draft|');
  scene.press('alt-enter', 'below', 'up');
  t.equal(scene.typed(), 'draft|\nbelow', 'within several lines it moves between them');
});

t.test('Ctrl-C clears the line; on an empty one it asks, and leaves when pressed again', async (t) => {
  const scene = createStageScene();
  scene.press('text', 'ctrl-c');
  t.equal(scene.typed(), '|');
  t.equal(scene.stage.state.question, undefined);
  scene.press('ctrl-c');
  t.match(scene.stage.state.question, { about: 'quit' });
  scene.press('n');
  t.equal(scene.stage.state.question, undefined);
  t.equal(scene.typed(), 'n|', 'what one goes on typing is not lost');
  scene.press('ctrl-c', 'ctrl-c', 'ctrl-c');
  t.same(scene.left, ['interrupt']);
});

t.test('a question takes y for yes', async (t) => {
  const scene = createStageScene();
  scene.press('ctrl-d', 'y');
  t.same(scene.left, ['person']);
  const answers: string[] = [];
  scene.controls.ask({ about: 'overwrite', text: 'Overwrite?' }, () => answers.push('yes'));
  scene.press('escape');
  scene.controls.ask({ about: 'overwrite', text: 'Overwrite?' }, () => answers.push('yes'));
  scene.press('y');
  t.same(answers, ['yes']);
});

t.test('Tab completes who spoke last, and cycles', async (t) => {
  const scene = createStageScene();
  scene.synced();
  for (const from of ['bea', 'ben', 'bob']) scene.message({ from });
  scene.press('b', 'tab');
  t.equal(scene.typed(), 'bob: |');
  scene.press('tab');
  t.equal(scene.typed(), 'ben: |');
  scene.press('shift-tab', 'shift-tab');
  t.equal(scene.typed(), 'bea: |');
  scene.press('ctrl-u', '/unig', 'tab');
  t.equal(scene.typed(), '/unignore |');
  t.ok(scene.calls.includes('used'));
});

t.test('two keys make one command, and a wrong second one nothing', async (t) => {
  const scene = createStageScene();
  scene.press('ctrl-x', 'ctrl-e');
  t.same(scene.calls, ['compose']);
  scene.press('abc', 'ctrl-x', 'ctrl-a', 'x');
  t.equal(scene.typed(), 'abcx|');
});

t.test('the list of people goes and comes', async (t) => {
  const scene = createStageScene();
  scene.press('f8');
  t.equal(scene.stage.state.side, 'hidden');
  scene.press('f8');
  t.equal(scene.stage.state.side, 'shown');
});

t.test('a line that is asked for is kept nowhere, and nobody sees it', async (t) => {
  const scene = createStageScene();
  scene.press('draft');
  const answer = scene.controls.enquire('Password: ', { hidden: true });
  const question = () => scene.stage.state.question?.text;
  scene.press('wrong', 'ctrl-u', 'hunter\u200d23', 'backspace', '2');
  scene.controls.press({ kind: 'paste', text: 'x\nnot this' });
  t.equal(question(), `Password: ${'*'.repeat(10)}_`);
  scene.press('alt-1', 'up');
  t.notMatch(JSON.stringify(scene.stage.state), 'hunter');
  scene.press('enter');
  t.equal(await answer, 'hunter\u200d22x', 'to the letter');
  await settle();
  t.equal(question(), undefined);
  t.equal(scene.typed(), 'draft|', 'what was typed before is still there');
  scene.press('ctrl-c', 'up');
  t.equal(scene.typed(), '|', 'it is no earlier input');
});

t.test('what is typed ahead of the next question is its answer, and said to nobody', async (t) => {
  const scene = createStageScene();
  const answers = (async () => [
    await scene.controls.enquire('Old: ', { hidden: true }),
    await scene.controls.enquire('New: ', { hidden: true }),
    await scene.controls.enquire('Again: ', { hidden: true }),
  ])();
  scene.press('hunter22', 'enter', 'hunter33', 'enter', 'hunter33', 'enter', 'hi');
  t.same(await answers, ['hunter22', 'hunter33', 'hunter33']);
  await settle();
  t.same(scene.said, []);
  t.equal(scene.typed(), 'hi|');
});

t.test('a line that is asked for can be refused, and stays empty for the next one', async (t) => {
  const scene = createStageScene();
  for (const key of ['ctrl-c', 'escape']) {
    const answer = scene.controls.enquire('Password: ', { hidden: true });
    scene.press('hunter22', key);
    t.equal(await answer, undefined);
    t.same(scene.left, []);
  }
  const first = scene.controls.enquire('One: ', { hidden: true });
  const second = scene.controls.enquire('Two: ', { hidden: false });
  t.equal(await first, undefined);
  scene.press('123');
  t.equal(scene.stage.state.question?.text, 'Two: 123_');
  scene.press('enter');
  t.equal(await second, '123');
});

t.test('any key puts the screen back where bare text is shown, and is no more than that', async (t) => {
  const { press, controls, stage, typed } = createStageScene();
  press('alt-l');
  t.equal(stage.state.bare, 'bare');
  controls.press({ kind: 'focus', focused: false });
  t.equal(stage.state.bare, 'bare', 'to look at another window is no key');
  press('x');
  t.equal(stage.state.bare, undefined);
  t.equal(typed(), '|');
  press('x');
  t.equal(typed(), 'x|');
});

t.test('a terminal that goes away ends the session', async (t) => {
  const scene = createStageScene();
  scene.controls.press({ kind: 'end' });
  t.same(scene.left, ['person']);
});
