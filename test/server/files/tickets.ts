import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createTickets } from '../../../lib/server/files/tickets.js';
import { createFakeClock } from '../../support/fake-clock.js';

t.test('a ticket has 32 random bytes and works once', async (t) => {
  const tickets = createTickets<string>(createFakeClock());
  const [first, second] = [tickets.issue(1, 'one thing'), tickets.issue(1, 'another')];
  t.match(first, /^[A-Za-z0-9_-]{43}$/);
  t.not(first, second);
  t.equal(tickets.redeem(first), 'one thing');
  t.equal(tickets.redeem(first), undefined);
  t.equal(tickets.redeem(second), 'another');
  t.equal(tickets.redeem(`${first} `), undefined);
});

t.test('a ticket expires after a minute', async (t) => {
  const clock = createFakeClock();
  const tickets = createTickets<string>(clock);
  const [soon, late] = [tickets.issue(1, 'soon'), tickets.issue(1, 'late')];
  clock.advance(limits.ticketMs - 1);
  t.equal(tickets.redeem(soon), 'soon');
  clock.advance(1);
  t.equal(tickets.redeem(late), undefined);
  t.equal(clock.pending, 0);
});

t.test('revoke ends the tickets of one account only', async (t) => {
  const clock = createFakeClock();
  const tickets = createTickets<string>(clock);
  const mine = [tickets.issue(1, 'a'), tickets.issue(1, 'b')];
  const other = tickets.issue(2, 'c');
  tickets.revoke(1);
  t.same(mine.map(tickets.redeem), [undefined, undefined]);
  t.equal(tickets.redeem(other), 'c');
  t.equal(clock.pending, 0);
});

t.test('only the newest tickets of an account work', async (t) => {
  const clock = createFakeClock();
  const tickets = createTickets<number>(clock);
  const other = tickets.issue(2, 0);
  const mine = Array.from({ length: limits.ticketsPerAccount + 2 }, (_, n) => tickets.issue(1, n));
  t.equal(clock.pending, limits.ticketsPerAccount + 1, 'the others have no timers');
  t.same(mine.slice(0, 3).map(tickets.redeem), [undefined, undefined, 2]);
  t.same([tickets.redeem(mine.at(-1) ?? ''), tickets.redeem(other)], [limits.ticketsPerAccount + 1, 0]);
});
