import t from 'tap';
import { Cancelled, type Prompter } from '../../../lib/client/sign-in/sign-in-questions.js';
import { createTrustDecision, UntrustedServer } from '../../../lib/client/sign-in/trust-decision.js';
import { formatPin } from '../../../lib/trust/key.js';

const endpoint = { host: 'chat.example', port: 6697 };
const pin = 'A'.repeat(43);
const otherPin = 'B'.repeat(43);
const presented = { endpoint, pin, authorized: false, validTo: '2027-01-01T00:00:00.000Z' };

function hosts(known?: string) {
  const remembered: string[] = [];
  let current = known;
  return {
    remembered,
    knownHosts: {
      find: async () => current,
      async remember(_: unknown, next: string) {
        remembered.push(next);
        current = next;
      },
    },
  };
}

function person(answer: boolean | Cancelled) {
  const notes: string[] = [];
  let questions = 0;
  const never = () => Promise.reject(new Error('not asked for'));
  const prompter: Prompter = {
    text: never,
    password: never,
    select: never,
    async confirm() {
      questions++;
      if (answer instanceof Cancelled) throw answer;
      return answer;
    },
    note: (text) => void notes.push(text),
  };
  return { prompter, notes, questions: () => questions };
}

async function codeOf(work: Promise<void>): Promise<string> {
  try {
    await work;
    return 'trusted';
  } catch (error) {
    if (error instanceof UntrustedServer) return error.code;
    if (error instanceof Cancelled) return error.how;
    throw error;
  }
}

t.test('the pin of a join link is trusted and remembered', async (t) => {
  const { knownHosts, remembered } = hosts();
  const verify = createTrustDecision({ asked: [endpoint], linkPin: pin, knownHosts });
  await verify(presented);
  t.same(remembered, [pin]);
  await verify(presented);
  t.same(remembered, [pin]);
});

t.test('a key other than the one in the link is refused, and both are shown', async (t) => {
  const { knownHosts, remembered } = hosts();
  const { prompter, questions } = person(true);
  const verify = createTrustDecision({ asked: [endpoint], linkPin: otherPin, knownHosts, prompter });
  await t.rejects(verify(presented), {
    code: 'key-changed',
    message: new RegExp(`${otherPin}[\\s\\S]*${pin}`),
  });
  t.same(remembered, []);
  t.equal(questions(), 0);
});

t.test('a link with another key than the known one is asked about, with both', async (t) => {
  const outcomes: [boolean | Cancelled, string, string[]][] = [
    [true, 'trusted', [pin]],
    [false, 'key-declined', []],
    [new Cancelled('input-ended'), 'key-declined', []],
    [new Cancelled('interrupted'), 'interrupted', []],
  ];
  for (const [answer, outcome, saved] of outcomes) {
    const { knownHosts, remembered } = hosts(otherPin);
    const { prompter, notes, questions } = person(answer);
    const verify = createTrustDecision({ asked: [endpoint], linkPin: pin, knownHosts, prompter });
    t.equal(await codeOf(verify({ ...presented, authorized: true })), outcome);
    t.same(remembered, saved);
    t.equal(questions(), 1);
    t.match(notes.join('\n'), new RegExp(`known key +${otherPin}\n +join link +${pin}`));
    t.match(notes.join('\n'), /link is forged.* would get your password/, 'what it means');
  }
});

t.test('without a terminal it is refused, and so is an old link to the known key', async (t) => {
  const { knownHosts, remembered } = hosts(otherPin);
  const forged = createTrustDecision({ asked: [endpoint], linkPin: pin, knownHosts });
  await t.rejects(forged(presented), {
    code: 'key-changed',
    message: new RegExp(`${otherPin}[\\s\\S]*${pin}[\\s\\S]*trust forget chat\\.example:6697`),
  });
  t.same(remembered, []);
  const { prompter, questions } = person(true);
  const old = createTrustDecision({ asked: [endpoint], linkPin: otherPin, ...hosts(pin), prompter });
  await t.rejects(old(presented), { code: 'key-changed', message: /the one you know/ });
  t.equal(questions(), 0);
});

t.test('a known key is trusted; a changed one is refused with the command to forget it', async (t) => {
  await createTrustDecision({ asked: [endpoint], ...hosts(pin) })(presented);
  const { prompter, questions } = person(true);
  const verify = createTrustDecision({ asked: [endpoint], ...hosts(otherPin), prompter });
  const message = /secure-chat trust forget chat\.example:6697/;
  await t.rejects(verify({ ...presented, authorized: true }), { code: 'key-changed', message });
  t.equal(questions(), 0);
});

t.test('a CA certificate is trusted without a question and not remembered', async (t) => {
  const { knownHosts, remembered } = hosts();
  await createTrustDecision({ asked: [endpoint], knownHosts })({ ...presented, authorized: true });
  t.same(remembered, []);
});

t.test('an unknown key is asked about with its fingerprint; yes is remembered', async (t) => {
  const { knownHosts, remembered } = hosts();
  const { prompter, notes, questions } = person(true);
  const verify = createTrustDecision({ asked: [endpoint], knownHosts, prompter });
  await verify(presented);
  t.same(remembered, [pin]);
  for (const line of formatPin(pin).split('\n')) t.ok(notes.join('\n').includes(line));
  t.ok(notes.join('\n').includes(pin));
  await verify(presented);
  t.equal(questions(), 1);
});

t.test('no, end of input and Ctrl-C trust nothing and remember nothing', async (t) => {
  const outcomes: [boolean | Cancelled, string][] = [
    [false, 'key-declined'],
    [new Cancelled('input-ended'), 'key-declined'],
    [new Cancelled('interrupted'), 'interrupted'],
  ];
  for (const [answer, outcome] of outcomes) {
    const { knownHosts, remembered } = hosts();
    const { prompter } = person(answer);
    t.equal(
      await codeOf(createTrustDecision({ asked: [endpoint], knownHosts, prompter })(presented)),
      outcome,
    );
    t.same(remembered, []);
  }
});

t.test('an unknown key without a terminal is refused', async (t) => {
  t.equal(await codeOf(createTrustDecision({ asked: [endpoint], ...hosts() })(presented)), 'key-unknown');
});

t.test('at a reconnection the first decision holds, without a question', async (t) => {
  const { prompter, questions } = person(true);
  const asked = createTrustDecision({ asked: [endpoint], ...hosts(), prompter });
  await asked(presented);
  t.equal(await codeOf(asked({ ...presented, pin: otherPin })), 'key-changed');
  t.equal(await codeOf(asked({ ...presented, pin: otherPin, authorized: true })), 'key-changed');
  t.equal(questions(), 1);
  const authority = createTrustDecision({ asked: [endpoint], ...hosts() });
  await authority({ ...presented, authorized: true });
  t.equal(await codeOf(authority({ ...presented, pin: otherPin, authorized: true })), 'trusted');
  t.equal(await codeOf(authority({ ...presented, pin: otherPin })), 'key-changed');
});

t.test('a yes that cannot be saved is refused', async (t) => {
  const failing = {
    find: async () => undefined,
    remember: () => Promise.reject(new Error('disk full')),
  };
  const { prompter } = person(true);
  await t.rejects(createTrustDecision({ asked: [endpoint], knownHosts: failing, prompter })(presented), {
    message: 'disk full',
  });
});

const peer = { host: 'two.example', port: 7000 };

/** Known by address. */
function book(known: Record<string, string>) {
  const pins = new Map(Object.entries(known));
  const knownHosts = {
    find: async ({ host }: { host: string }) => pins.get(host),
    remember: async ({ host }: { host: string }, next: string) => void pins.set(host, next),
  };
  return { knownHosts, pins };
}

t.test(
  'an address that a server told needs the key of the chat, before and after the first connection',
  async (t) => {
    const { prompter, questions } = person(true);
    const there = { ...presented, endpoint: peer };
    for (const first of [true, false]) {
      const { knownHosts, pins } = book({ 'chat.example': pin });
      const verify = createTrustDecision({ asked: [endpoint], knownHosts, prompter });
      if (!first) await verify(presented);
      const message = /^two\.example:7000 should be another server[\s\S]*known key +A{43}\n +server +B{43}\n/;
      const wrong = { ...there, pin: otherPin, authorized: true };
      await t.rejects(verify(wrong), { code: 'key-changed', message }, 'whatever an authority says');
      await verify(there);
      await verify(presented);
      t.same([...pins], [['chat.example', pin]], 'and it is not trusted for itself');
    }
    t.equal(questions(), 0);
  },
);

t.test(
  'a certificate authority vouches for the address that was typed; its key holds at the others',
  async (t) => {
    const verify = createTrustDecision({ asked: [endpoint], ...hosts() });
    await verify({ ...presented, authorized: true });
    await verify({ ...presented, endpoint: peer });
    const renewed = { pin: otherPin, authorized: true };
    t.equal(await codeOf(verify({ ...presented, ...renewed, endpoint: peer })), 'key-changed');
    await verify({ ...presented, ...renewed });
    await verify({ ...presented, ...renewed, endpoint: peer });
    t.equal(
      await codeOf(verify({ ...presented, endpoint: peer })),
      'key-changed',
      'the old one is no longer its key',
    );
  },
);

t.test('the pin of a link holds at each of its hosts; the one that shows it is remembered', async (t) => {
  const { knownHosts, pins } = book({});
  const verify = createTrustDecision({ asked: [endpoint, peer], linkPin: pin, knownHosts });
  t.equal(await codeOf(verify({ ...presented, endpoint: peer, pin: otherPin })), 'key-changed');
  await verify({ ...presented, endpoint: peer });
  await verify(presented);
  t.same([...pins], [['two.example', pin]]);
});

t.test('a link that names a known server besides others is asked about at each of them', async (t) => {
  const { prompter, notes, questions } = person(true);
  const { knownHosts, pins } = book({ 'chat.example': otherPin });
  const asked = [peer, endpoint] as const;
  const unattended = createTrustDecision({ asked, linkPin: pin, knownHosts });
  t.equal(await codeOf(unattended({ ...presented, endpoint: peer })), 'key-changed');
  const verify = createTrustDecision({ asked, linkPin: pin, knownHosts, prompter });
  await verify({ ...presented, endpoint: peer });
  t.equal(questions(), 1);
  t.match(notes[0], /not the one you know for chat\.example:6697/);
  t.same(Object.fromEntries(pins), { 'chat.example': pin, 'two.example': pin });
});
