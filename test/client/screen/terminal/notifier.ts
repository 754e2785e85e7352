import stringWidth from 'string-width';
import t from 'tap';
import { createNotifier, type Occasion } from '../../../../lib/client/screen/terminal/notifier.js';
import { hostileText } from '../../../fixtures/hostile-text.js';
import { createFakeClock } from '../../../support/fake-clock.js';

const bell = '\x07';
const mention: Occasion = {
  kind: 'mention',
  conversation: '#lobby',
  notify: 'mention',
  focused: false,
  from: 'ana',
  text: 'hello ben',
};

function once(occasion: Partial<Occasion>, env: Record<string, string> = { TERM: 'xterm-256color' }): string {
  const notifier = createNotifier({ env, clock: createFakeClock() });
  return notifier.notification({ ...mention, ...occasion });
}

t.test('a focused window rings the bell as chosen', (t) => {
  const heard = (kind: Occasion['kind'], notify: Occasion['notify']): boolean =>
    once({ kind, notify, focused: true }) === bell;
  t.ok(heard('mention', 'mention'));
  t.ok(heard('direct', 'mention'));
  t.notOk(heard('message', 'mention'));
  t.ok(heard('message', 'all'));
  t.notOk(heard('direct', 'off'));
  t.equal(once({ notify: 'off' }), '');
  t.end();
});

t.test('an unfocused window gets one notification and the bell', (t) => {
  t.equal(once({}), `\x1b]9;#lobby ana: hello ben${bell}${bell}`);
  t.equal(once({ kind: 'direct', conversation: '@ana' }), `\x1b]9;ana: hello ben${bell}${bell}`);
  const expected = `\x1b]777;notify;#lobby;ana: hello ben${bell}${bell}`;
  t.equal(once({}, { TERM: 'foot' }), expected);
  t.equal(once({}, { TERM: 'rxvt-unicode-256color' }), expected);
  t.equal(once({}, { TERM: 'xterm-256color', VTE_VERSION: '7600' }), expected);
  t.match(once({ kind: 'direct', conversation: '@ana' }, { TERM: 'foot' }), ';notify;secure-chat;ana: hello');
  t.end();
});

t.test('a multiplexer passes the notification on and gets the bell itself', (t) => {
  t.equal(
    once({}, { TERM: 'tmux-256color', TMUX: '/tmp/tmux-1000/default,1,0' }),
    `\x1bPtmux;\x1b\x1b]9;#lobby ana: hello ben${bell}\x1b\\${bell}`,
  );
  t.equal(
    once({}, { TERM: 'screen', STY: '1.pts' }),
    `\x1bP\x1b]9;#lobby ana: hello ben${bell}\x1b\\${bell}`,
  );
  t.equal(once({ focused: true }, { TERM: 'tmux', TMUX: 'x' }), bell);
  t.end();
});

t.test('each conversation notifies at most once a second', (t) => {
  const clock = createFakeClock();
  const notifier = createNotifier({ env: {}, clock });
  const call = (conversation: string): boolean => notifier.notification({ ...mention, conversation }) !== '';
  t.ok(call('#lobby'));
  t.notOk(call('#lobby'));
  t.ok(call('@ana'));
  clock.advance(999);
  t.notOk(call('#lobby'));
  clock.advance(1);
  t.ok(call('#lobby'));
  t.notOk(call('#lobby'));
  t.end();
});

t.test('messages can neither end nor begin a sequence', (t) => {
  for (const { name, text } of hostileText) {
    for (const TERM of ['xterm', 'foot']) {
      const sequence = once({ text, from: `x${text}` }, { TERM });
      const parts = sequence.slice(2, -2).split(';');
      t.equal(parts.length, TERM === 'foot' ? 4 : 2, name);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not there
      t.notMatch(parts.join(''), /[\x00-\x1f\x7f-\x9f]/, name);
      t.ok(stringWidth(parts.at(-1) ?? '') <= 120, name);
    }
  }
  t.equal(once({ text: '4;1;50' }), `\x1b]9;#lobby ana: 4,1,50${bell}${bell}`);
  t.end();
});

t.test('a long text is cut between characters', (t) => {
  const sequence = once({ kind: 'direct', text: '👨‍👩‍👧'.repeat(300) });
  const [, body = ''] = sequence.slice(2, -2).split(';');
  t.match(body, /^ana: (👨‍👩‍👧)+…$/u);
  t.ok(stringWidth(body) > 110 && stringWidth(body) <= 120);
  t.end();
});
