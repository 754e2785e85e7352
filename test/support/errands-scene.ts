/** Errands on a server that answers as told: what was asked of it, and what the person reads. */
import type { Place } from '../../lib/client/commands/act.js';
import { createErrands } from '../../lib/client/commands/errands.js';
import type { Asked } from '../../lib/client/session/session.js';
import type { ErrorCode } from '../../lib/protocol/errors.js';
import type { Reply } from '../../lib/protocol/events.js';
import { hello } from './fake-session.js';
import { testTime } from './streams.js';

type Fields = Partial<Extract<Reply, { type: 'ok' }>>;

/** To each type of request: fields of an ok, or the code of a refusal. */
export type Answers = Partial<Record<Asked['type'], Fields | ErrorCode>>;

export interface Given {
  readonly here?: Place;
  readonly answers?: Answers;
  /** What is typed where a secret is asked for; undefined for Escape. Without it nobody can be asked. */
  readonly secrets?: (string | undefined)[];
}

export function errandsScene({ here = { room: 'lobby' }, answers = {}, secrets }: Given = {}) {
  const asked: Asked[] = [];
  const told: string[] = [];
  const refused: string[] = [];
  const joined: string[] = [];
  const questions: string[] = [];
  const keys: string[] = [];
  let place = here;
  let shown = 0;
  const errands = createErrands({
    session: {
      name: 'ana',
      hello: hello(),
      async ask(request: Asked): Promise<Reply> {
        asked.push(request);
        const answer = answers[request.type] ?? {};
        if (typeof answer !== 'string') return { type: 'ok', re: 1, ...answer };
        return { type: 'error', re: 1, code: answer, message: 'The server said no.' };
      },
    },
    time: testTime,
    here: () => place,
    answer: (lines) => told.push(...lines),
    refuse: (message) => refused.push(message),
    joined: (room) => joined.push(room),
    ...(secrets !== undefined && {
      privately: {
        async ask(question: string, { hidden }: { hidden: boolean }) {
          questions.push(`${question}${hidden ? '' : '(seen)'}`);
          return secrets.shift();
        },
        showKey({ text }: { text: string }) {
          keys.push(text);
          shown++;
          return () => shown--;
        },
        copying: 'Copy it so.',
      },
    }),
  });
  return {
    ...{ errands, run: errands.run, asked, told, refused, joined, questions, keys },
    shown: () => shown,
    /** Turns to another conversation. */
    turn: (next: Place) => {
      place = next;
    },
  };
}
