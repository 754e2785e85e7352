import t from 'tap';
import { createCopy } from '../../../lib/client/screen/copy.js';
import { recoveryLines } from '../../../lib/client/text/wording.js';
import type { Reply } from '../../../lib/protocol/events.js';
import { messageOf } from '../../support/fake-session.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { settle } from '../../support/streams.js';

async function copies(scene: ReturnType<typeof createScreenScene>, line: string) {
  scene.press(line, 'enter');
  await settle();
  return { copied: scene.copied.at(-1), said: scene.pane().at(-1) };
}

t.test('/copy copies the newest message that was not removed', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  t.match((await copies(scene, '/copy')).said, /no message here to copy/);
  scene.message({ seq: 1, text: 'one' });
  scene.message({ seq: 2, text: '', removed: 'ben' });
  const { copied, said } = await copies(scene, '/copy');
  t.equal(copied, 'one');
  t.match(said, /^Copied the message from ben/);
});

t.test('/copy ID copies that message, also one that is not loaded', async (t) => {
  const messages = [messageOf({ seq: 3, text: 'three' })];
  const removed = [messageOf({ seq: 4, text: '', removed: 'ben' })];
  const scene = createScreenScene({
    answer: (request): Reply => {
      const before = request.type === 'history' ? request.before : undefined;
      return { type: 'ok', re: 1, messages: before === 4 ? messages : before === 5 ? removed : [] };
    },
  });
  scene.synced();
  scene.message({ seq: 10, text: 'ten' });
  scene.message({ seq: 11, text: 'eleven' });
  t.equal((await copies(scene, '/copy 10')).copied, 'ten');
  t.equal((await copies(scene, '/copy 3')).copied, 'three');
  t.match((await copies(scene, '/copy 4')).said, 'That message was deleted.');
  t.match((await copies(scene, '/copy 7')).said, /no message 7 here/);
  t.match((await copies(scene, '/copy x')).said, /^Usage: \/copy/);
});

t.test('what is copied is printable', async (t) => {
  const copied: string[] = [];
  const { store } = createScreenScene();
  const clipboard = async (text: string) => {
    copied.push(text);
    return 'sent' as const;
  };
  await createCopy({ store, clipboard }).text('a\x1b[31m\u202eb\r\nc', 'it');
  t.same(copied, ['a[31mb\nc']);
});

t.test('/copy link copies the newest link, of an invite link the best', async (t) => {
  const scene = createScreenScene({
    answer: (): Reply => ({
      ...{ type: 'ok', re: 1, expires: '2026-11-28T12:00:00.000Z' },
      links: ['secure-chat://chat.example/PIN/CODE', 'secure-chat://192.0.2.1/PIN/CODE'],
    }),
  });
  scene.synced();
  t.match((await copies(scene, '/copy link')).said, /no link here/);
  scene.message({ text: 'at https://a.example/x.' });
  scene.message({ text: 'no link' });
  t.equal((await copies(scene, '/copy link')).copied, 'https://a.example/x');
  scene.press('/invite-link', 'enter');
  await settle();
  t.match(scene.pane().at(-1), '/copy link');
  const { copied, said } = await copies(scene, '/copy link');
  t.equal(copied, 'secure-chat://chat.example/PIN/CODE');
  t.match(said, /^Copied the link/);
});

t.test('/copy code copies the newest recovery code, wherever it is shown', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  t.match((await copies(scene, '/copy code')).said, /no recovery code here/);
  scene.store.notice(recoveryLines('AAAAA-BBBBB').join('\n'));
  scene.message({ text: 'Your recovery code: FORGED' });
  scene.press('/query bob', 'enter');
  const { copied, said } = await copies(scene, '/copy code');
  t.equal(copied, 'AAAAA-BBBBB');
  t.notMatch(said, 'AAAAA', 'it is not shown again');
});
