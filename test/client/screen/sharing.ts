import t from 'tap';
import { render } from '../../../lib/client/screen/render/render.js';
import type { ServerEvent } from '../../../lib/client/wire/connection.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { plainAppearance, plainLines } from '../../support/screens.js';
import { settle } from '../../support/streams.js';
import { unsafe } from '../../support/unsafe.js';

function scene(...settings: string[]) {
  const opened = createScreenScene();
  opened.synced();
  for (const setting of settings) opened.press(`/set ${setting} on`, 'enter');
  return {
    ...opened,
    requests: (...types: string[]) => opened.asked.filter(({ type }) => types.includes(type)),
    happens: (event: ServerEvent) => opened.happen({ kind: 'event', event }),
    lines: (appearance = plainAppearance) =>
      plainLines(render(opened.store.state, appearance)).map((line) => line.trimEnd()),
  };
}

const room = { last: 0, read: 0, unread: 0, mentions: 0 };
const typing = (...names: string[]) => ({ type: 'typing', room: 'lobby', names }) as const;

t.test('what /set shares is sent to the server, and nothing before', async (t) => {
  const { requests, press, happen } = scene();
  press('hello');
  t.same(requests('share', 'typing'), []);
  press('ctrl-u', '/set typing on', 'enter', '/set receipts on', 'enter', '/set clock 12h', 'enter');
  happen({ kind: 'synced', first: false, conversations: [] });
  press('/set typing off', 'enter');
  t.same(requests('share'), [
    { type: 'share', typing: true },
    { type: 'share', typing: true, receipts: true },
    { type: 'share', receipts: true },
  ]);
});

t.test('what could not be sent goes with the next connection', async (t) => {
  let online = false;
  const opened = createScreenScene({
    async answer() {
      if (!online) throw new Error('no connection');
      return { type: 'ok', re: 1 };
    },
  });
  opened.synced();
  opened.press('/set typing on', 'enter');
  await settle();
  online = true;
  opened.happen({ kind: 'synced', first: false, conversations: [] });
  t.same(
    opened.asked.filter(({ type }) => type === 'share'),
    [
      { type: 'share', typing: true },
      { type: 'share', typing: true },
    ],
  );
});

t.test('typing is sent once in 3 s, and again after a message; not for a command', async (t) => {
  const { requests, press, clock, message, happen, store } = scene('typing');
  const told = () => requests('typing').length;
  press('/w', 'h', 'o');
  t.equal(told(), 0, 'a command');
  press('ctrl-u', ' ');
  t.equal(told(), 0, 'nothing yet');
  press('h', 'e', 'l', 'l', 'o');
  t.same(requests('typing'), [{ type: 'typing', room: 'lobby' }]);
  clock.advance(2_999);
  press('!');
  t.equal(told(), 1);
  clock.advance(1);
  press('left');
  t.equal(told(), 1, 'moving the cursor is not typing');
  press('!');
  t.equal(told(), 2);
  press('ctrl-u', '//x');
  t.equal(told(), 2);
  press('enter');
  message({ from: 'ana', text: '/x' });
  press('m');
  t.equal(told(), 3, 'the next message');
  press('ctrl-u', '/query ben', 'enter', 'h');
  t.same(requests('typing').at(-1), { type: 'typing', with: 'ben' });
  happen({ kind: 'event', event: { type: 'room', conversation: { ...room, room: 'dev' } } });
  store.update((state) => ({ ...state, current: '#dev' }));
  press('one key');
  t.same(requests('typing').at(-1), { type: 'typing', room: 'dev' }, 'the first key after a switch');
});

t.test('who is typing is shown for 6 s, or until their message comes', async (t) => {
  const { happens, lines, clock, message, ignored } = scene('typing');
  const row = () => lines().find((line) => line.endsWith('typing'));
  ignored.add('eve');
  happens(typing('ben', 'cleo', 'eve'));
  t.equal(row(), ' ben and cleo are typing');
  message({ from: 'ben' });
  t.equal(row(), ' cleo is typing');
  clock.advance(4_000);
  happens(typing('cleo', 'dan'));
  clock.advance(2_000);
  t.equal(row(), ' cleo and dan are typing', 'told again meanwhile');
  clock.advance(3_999);
  t.equal(row(), ' cleo and dan are typing');
  clock.advance(1);
  t.equal(row(), undefined);
  happens(typing('a1', 'b1', 'c1', 'd1'));
  t.equal(row(), ' 4 people are typing');
});

t.test('nothing moves when people begin and end to type', async (t) => {
  const { happens, lines, clock } = scene('typing');
  const before = lines();
  happens(typing('ben'));
  t.same(
    lines().map((line) => (line === ' ben is typing' ? '' : line)),
    before,
  );
  clock.advance(6_000);
  t.same(lines(), before);
});

t.test('the last own message says who has read it', async (t) => {
  const { happens, lines, message, press } = scene('receipts');
  message({ seq: 301, from: 'ana', text: 'first' });
  message({ seq: 302, from: 'ana', text: 'second' });
  message({ seq: 303, from: 'ben', text: 'third' });
  const seen = () => lines().filter((line) => line.includes('seen'));
  const read = (...readers: [string, number][]) =>
    happens({
      ...{ type: 'receipts', room: 'lobby' },
      readers: readers.map(([name, seq]) => ({ name, seq })),
    });
  read(['cleo', 301]);
  t.same(seen(), []);
  read(['dan', 303], ['ben', 302]);
  t.match(seen(), [/second ✓✓ seen by ben, dan$/]);
  read(['cleo', 302], ['ben', 301]);
  t.match(seen(), [/second ✓✓ seen by ben, cleo, dan$/]);
  t.match(lines({ ...plainAppearance, glyphs: 'ascii' }).join('\n'), /second seen by ben, cleo, dan\n/);
  message({ seq: 304, from: 'ana', text: 'fourth' });
  t.same(seen(), []);
  read(['ben', 304]);
  t.match(seen(), [/fourth ✓✓ seen by ben$/]);
  press('/set receipts off', 'enter');
  t.notMatch(lines().join('\n'), 'seen by');
  read(['ben', 304]);
  t.notMatch(lines().join('\n'), 'seen by', 'and what comes late is not shown');
});

t.test('in a direct conversation a name would say nothing new; a long row gets one more', async (t) => {
  const { happens, lines, message, press } = scene('receipts');
  message({ seq: 301, from: 'ana', to: 'ben', text: 'x'.repeat(64) });
  press('/query ben', 'enter');
  happens({ type: 'receipts', with: 'ben', readers: [{ name: 'ben', seq: 301 }] });
  t.match(lines().join('\n'), /x{64}\n.* ✓✓ seen\n/);
});

t.test('names from the server drive no terminal', async (t) => {
  const { happens, lines } = scene('typing', 'receipts');
  for (const { text } of hostileText) {
    happens(typing(text));
    happens({ type: 'receipts', room: 'lobby', readers: [{ name: text, seq: 1 }] });
    for (const line of lines()) t.notMatch(line, unsafe);
  }
});
