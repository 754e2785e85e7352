/** A person at the built program in `--json`: requests in, replies and events out. */
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { Reply } from '../../lib/protocol/events.js';
import type { Conversation } from '../../lib/protocol/records.js';
import type { Running } from './program.js';
import { password, type ServerProcess } from './server-process.js';

type Line = { readonly type: string; readonly [field: string]: unknown };

export interface JsonClient {
  readonly running: Running;
  /** The reply to a request; of a `say` the delivery that ends it. */
  ask(request: RequestBody): Promise<Line>;
  /** The same, which has to be `ok`. */
  ok(request: RequestBody): Promise<Extract<Reply, { type: 'ok' }>>;
  /** The code of a refusal; `ok` for none. */
  code(request: RequestBody): Promise<string>;
  /** Says something and returns its seq. */
  say(where: { room: string } | { to: string }, text: string): Promise<number>;
  /** The next line of this type that has these fields, each line looked at once for each type. */
  event(type: string, fields?: Readonly<Record<string, unknown>>): Promise<Line>;
  /** What the server said of this person's conversations at the sign-in. */
  conversations(): readonly Conversation[];
  /** Everything it printed so far. */
  lines(): readonly Line[];
  /** Resolves when whatever the server sent before is printed. */
  fence(): Promise<void>;
  leave(): Promise<number>;
}

/** Signs in, as another terminal where the name is there already; makes the account when the link has a code. */
export async function jsonClient(
  server: Pick<ServerProcess, 'home' | 'adopt'>,
  link: string,
  name: string,
): Promise<JsonClient> {
  const running = server.home.run(['connect', link, '--name', name, '--json', '--attach'], {
    SECURE_CHAT_PASSWORD: password,
  });
  server.adopt(running);
  await running.prints(/"type":"synced".*\n/);
  const looked = new Map<string, number>();
  let id = 0;

  function lines(): Line[] {
    // The last piece may be half a line.
    return running
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  }

  async function ask(request: RequestBody): Promise<Line> {
    const mine = ++id;
    running.write(`${JSON.stringify({ ...request, id: mine })}\n`);
    const [line] = await running.prints(
      new RegExp(`^\\{(?!.*"state":"sending").*"re":${mine}[,}].*\\n`, 'm'),
    );
    return JSON.parse(line) as Line;
  }

  async function ok(request: RequestBody): Promise<Extract<Reply, { type: 'ok' }>> {
    const reply = await ask(request);
    if (reply.type !== 'ok') throw new Error(`${name}: not ok: ${JSON.stringify(reply)}`);
    return reply as Extract<Reply, { type: 'ok' }>;
  }

  return {
    running,
    ask,
    ok,
    lines,
    conversations: () => lines().find(({ type }) => type === 'synced')?.conversations as Conversation[],
    async code(request) {
      const reply = await ask(request);
      return reply.type === 'error' || reply.state === 'failed' ? String(reply.code) : 'ok';
    },
    async say(where, text) {
      const delivery = await ask({ type: 'say', ...where, text } as RequestBody);
      if (delivery.state !== 'sent') throw new Error(`${name}: not sent: ${JSON.stringify(delivery)}`);
      return Number(delivery.seq);
    },
    async event(type, fields = {}) {
      for (;;) {
        const all = lines();
        const from = looked.get(type) ?? 0;
        const index = all.findIndex((line, at) => at >= from && line.type === type && has(line, fields));
        if (index >= 0) {
          looked.set(type, index + 1);
          return all[index] as Line;
        }
        const printed = running.stdout().length;
        await running.prints(new RegExp(`^[\\s\\S]{${printed}}[\\s\\S]*\\n`));
      }
    },
    async fence() {
      await ok({ type: 'blocks' });
    },
    async leave() {
      running.end();
      return running.ended;
    },
  };
}

function has(line: Line, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fields).every(
    ([field, value]) => JSON.stringify(line[field]) === JSON.stringify(value),
  );
}
