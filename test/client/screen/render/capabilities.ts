import t from 'tap';
import { isUtf8, wantsColor } from '../../../../lib/client/screen/render/capabilities.js';

t.test('NO_COLOR, FORCE_COLOR, the terminal, in this order', async (t) => {
  t.equal(wantsColor({ TERM: 'xterm' }), true);
  t.equal(wantsColor({ TERM: 'dumb' }), false);
  t.equal(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  t.equal(wantsColor({ NO_COLOR: '' }), true);
  t.equal(wantsColor({ FORCE_COLOR: '1', TERM: 'dumb' }), true);
  t.equal(wantsColor({ FORCE_COLOR: '0' }), false);
});

t.test('the locale says whether there is more than ASCII', async (t) => {
  t.equal(isUtf8({ LANG: 'C' }), false);
  t.equal(isUtf8({ LANG: 'de_DE.UTF-8' }), true);
  t.equal(isUtf8({ LANG: 'C', LC_ALL: 'en_GB.utf8' }), true);
  t.equal(isUtf8({}), true);
});
