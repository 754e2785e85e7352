import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { commandScene } from '../../support/command-scene.js';

t.test('/notify push sets a URL as it is typed, with or without the text of messages', async (t) => {
  const { run, asked, shown } = commandScene();
  await run('/notify push https://ntfy.sh/My-Topic');
  await run('/notify PUSH https://ntfy.sh/My-Topic TEXT');
  await run('/notify push off');
  t.same(asked, [
    { type: 'set-push', url: 'https://ntfy.sh/My-Topic' },
    { type: 'set-push', url: 'https://ntfy.sh/My-Topic', text: true },
    { type: 'set-push' },
  ]);
  t.match(shown, [/without their text/, /with their text/, /Notifications are off/]);
});

t.test('/notify push alone says what is set', async (t) => {
  const none = commandScene();
  await none.run('/notify push');
  t.match(none.shown, [/Notifications are off/]);
  const { run, shown } = commandScene({
    answers: { push: { push: { url: 'https://ntfy.sh/x', text: false, paused: true } } },
  });
  await run('/notify push');
  t.match(shown, [/https:\/\/ntfy\.sh\/x, without their text.*paused/]);
});

t.test('what is no URL is refused before it is sent', async (t) => {
  const { run, asked, refused } = commandScene();
  const long = `https://ntfy.sh/${'x'.repeat(limits.pushUrlBytes)}`;
  for (const line of [
    'ntfy.sh/topic',
    'file:///etc/passwd',
    'on',
    long,
    'https://ntfy.sh/x all',
    'https://ntfy.sh/x text more',
    'off now',
  ]) {
    await run(`/notify push ${line}`);
  }
  t.equal(refused.length, 7);
  t.same(asked, []);
});
