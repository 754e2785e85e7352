import t from 'tap';
import { usageOf } from '../../../lib/client/commands/usage.js';

t.test('while a command is typed, its usage or what it may become is known', async (t) => {
  t.equal(
    usageOf('/edit'),
    '/edit TEXT   replace your last message here; on the full screen, /edit alone lets you change it',
  );
  t.match(usageOf('/whoi'), /^\/whois NAME {3}/, 'the only one that begins so');
  t.match(usageOf('/w'), /^\/msg NAME TEXT/, 'an alias');
  t.same(usageOf('/un').split(' ').sort(), [
    '/unban',
    '/unblock',
    '/unignore',
    '/uninvite',
    '/unlock',
    '/unmute',
    '/unpin',
  ]);
  t.match(usageOf('/mute ben 5m'), /^\/mute NAME/);
  for (const other of ['', 'hello', '//un', '/nosuch', '/un and more', '/me\nx'])
    t.equal(usageOf(other), '', other);
});
