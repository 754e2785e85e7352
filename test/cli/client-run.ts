import t from 'tap';
import { givenTarget, parseTarget } from '../../lib/cli/client-run.js';
import { exitCode } from '../../lib/cli/command.js';

const pin = 'A'.repeat(43);
const link = `secure-chat://chat.example:7000/${pin}/code`;

t.test('a link and an address are both accepted', async (t) => {
  t.same(parseTarget(link), { ok: true, value: { host: 'chat.example', port: 7000, pin, code: 'code' } });
  t.same(parseTarget('chat.example'), { ok: true, value: { host: 'chat.example', port: 6697 } });
  t.same(parseTarget('[::1]:7000'), { ok: true, value: { host: '::1', port: 7000 } });
  t.equal(parseTarget('http://chat.example').ok, false);
});

t.test('the argument comes before --host, and --host before the environment', async (t) => {
  t.equal(givenTarget({}), undefined);
  t.equal(givenTarget({ link: '' }), undefined);
  t.equal(givenTarget({ link })?.port, 7000);
  t.same(givenTarget({ host: 'other.example', link }), { host: 'other.example', port: 6697 });
  t.same(givenTarget({ host: 'other.example', port: 1 }), { host: 'other.example', port: 1 });
  t.same(givenTarget({ argument: 'third.example', link }), { host: 'third.example', port: 6697 });
});

t.test('a server given twice, or malformed, is wrong usage', async (t) => {
  for (const given of [
    { argument: 'a', host: 'b' },
    { argument: 'a', port: 1 },
    { host: 'a:2', port: 1 },
    { argument: 'a b' },
    { argument: 'secure-chat://' },
    { host: '' },
    { link: 'chat.example' },
  ]) {
    t.throws(() => givenTarget(given), { code: exitCode.usage }, JSON.stringify(given));
  }
});
