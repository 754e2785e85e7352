import t from 'tap';
import { createPushQueue, type QueuedPush } from '../../../lib/server/push/push-queue.js';
import type { PushOutcome } from '../../../lib/server/push/send-push.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

const sent: PushOutcome = { result: 'sent', what: 'HTTP 200' };
const failed: PushOutcome = { result: 'host-failed', what: 'HTTP 503' };

function push(account: number, text: string): QueuedPush {
  return { account, url: 'https://ntfy.sh/x', notification: { title: 'chat', text, priority: 3 } };
}

function scene(answer: (text: string) => PushOutcome | Promise<PushOutcome>) {
  const clock = createFakeClock();
  const tries: string[] = [];
  const done: string[] = [];
  const queue = createPushQueue({
    clock,
    async send({ notification: { text } }) {
      tries.push(text);
      return answer(text);
    },
    onDone: ({ notification }, outcome) => done.push(`${notification.text}: ${outcome.what}`),
  });
  return { clock, tries, done, queue };
}

t.test('one after the other for each person', async (t) => {
  const waiting: (() => void)[] = [];
  const { queue, tries, done } = scene(
    () => new Promise((resolve) => void waiting.push(() => resolve(sent))),
  );
  for (const text of ['a1', 'a2']) t.ok(queue.add(push(1, text)));
  t.ok(queue.add(push(2, 'b1')));
  await turns();
  t.same(tries, ['a1', 'b1']);
  waiting.shift()?.();
  await turns();
  t.same(tries, ['a1', 'b1', 'a2']);
  for (const finish of waiting) finish();
  await turns();
  t.same(done, ['a1: HTTP 200', 'b1: HTTP 200', 'a2: HTTP 200']);
});

t.test(
  'a failure is tried twice more, with growing pauses; others wait for it, other people do not',
  async (t) => {
    const { queue, tries, done, clock } = scene((text) => (text === 'a1' ? failed : sent));
    for (const text of ['a1', 'a2']) queue.add(push(1, text));
    queue.add(push(2, 'b1'));
    await turns();
    t.same(tries, ['a1', 'b1']);
    t.equal(queue.waiting, 2, 'one between its tries, one behind it');
    clock.advance(4_999);
    await turns();
    t.equal(tries.length, 2);
    clock.advance(1);
    await turns();
    t.same(tries, ['a1', 'b1', 'a1']);
    clock.advance(30_000);
    await turns();
    t.same(tries, ['a1', 'b1', 'a1', 'a1', 'a2']);
    t.same(done, ['b1: HTTP 200', 'a1: HTTP 503', 'a2: HTTP 200']);
    t.match(queue, { waiting: 0, retries: 2 });
  },
);

t.test('what is more than fits is not kept', async (t) => {
  const { queue, tries } = scene(() => new Promise(() => {}));
  const added = Array.from({ length: 30 }, (_, at) => queue.add(push(1, `${at}`)));
  t.equal(added.filter(Boolean).length, 21, 'one on its way, twenty waiting');
  let kept = 0;
  for (let account = 2; account < 200; account++) {
    for (let at = 0; at < 20; at++) kept += queue.add(push(account, 'x')) ? 1 : 0;
  }
  t.ok(kept < 1_100, `${kept} of all`);
  await turns();
  t.equal(tries.length, 32, 'so many at once');
  queue.close();
  t.notOk(queue.add(push(500, 'late')));
});
