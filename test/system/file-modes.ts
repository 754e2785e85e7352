import t from 'tap';
import { othersCanRead, othersCanWrite } from '../../lib/system/file-modes.js';

const regular = 0o100000;

t.test('others are the group and everyone else', async (t) => {
  const own = { uid: 1000, gid: 1000 };
  for (const mode of [0o600, 0o400, 0o700]) t.notOk(othersCanRead({ ...own, mode: regular | mode }));
  for (const mode of [0o640, 0o604, 0o620, 0o440]) t.ok(othersCanRead({ ...own, mode: regular | mode }));
  for (const mode of [0o600, 0o644, 0o755]) t.notOk(othersCanWrite({ mode: regular | mode }));
  for (const mode of [0o660, 0o602, 0o666]) t.ok(othersCanWrite({ mode: regular | mode }));
});

t.test('a credential of systemd is private, though its mode shows a group', async (t) => {
  t.notOk(othersCanRead({ uid: 0, gid: 0, mode: regular | 0o440 }));
  t.ok(othersCanRead({ uid: 0, gid: 0, mode: regular | 0o444 }));
});
