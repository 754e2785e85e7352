import t from 'tap';
import { readWebhookBody, unreadable } from '../../../lib/server/webhooks/webhook-body.js';

const json = (value: unknown) => readWebhookBody('application/json', Buffer.from(JSON.stringify(value)));

t.test('plain text, {"text"} and the Slack form give a text', (t) => {
  t.same(readWebhookBody('text/plain; charset=utf-8', Buffer.from('grüße\n')), { ok: true, text: 'grüße\n' });
  t.same(json({ text: 'hi', username: 'x', channel: '#y' }), { ok: true, text: 'hi' });
  const attachments = [{ fallback: 'one', color: 'red' }, { title: 'no fallback' }, { fallback: 'two' }];
  t.same(json({ attachments }), { ok: true, text: 'one\ntwo' });
  t.same(json({ text: 'head', attachments }), { ok: true, text: 'head\none\ntwo' });
  t.end();
});

t.test('everything else is refused with a reason', (t) => {
  for (const value of [
    null,
    1,
    'text',
    [],
    {},
    { text: '' },
    { text: 1 },
    { attachments: [1, null, {}] },
    { attachments: 'x' },
  ]) {
    t.match(json(value), { ok: false, outcome: 'malformed', reason: /^.{10,100}$/ }, JSON.stringify(value));
  }
  t.match(readWebhookBody('application/json', Buffer.from('{"text":')), { ok: false, outcome: 'malformed' });
  t.match(json({ text: ['a'], attachments: [] }), { ok: false, outcome: 'malformed' });
  t.match(readWebhookBody('text/plain', Buffer.from([0xff, 0xfe])), { ok: false, outcome: 'malformed' });
  t.match(readWebhookBody('application/json', Buffer.from(`${'['.repeat(30_000)}`)), {
    ok: false,
    outcome: 'malformed',
  });
  t.end();
});

t.test('what cannot be read is known from its headers', (t) => {
  t.equal(unreadable({ 'content-type': 'Application/JSON; charset=utf-8' }), undefined);
  t.equal(unreadable({ 'content-type': 'text/plain', 'content-encoding': 'identity' }), undefined);
  for (const headers of [
    {},
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'toString' },
    { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  ]) {
    t.match(unreadable(headers), { ok: false, outcome: 'bad-type' }, JSON.stringify(headers));
  }
  t.end();
});
