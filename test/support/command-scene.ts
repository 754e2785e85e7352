/** Typed lines with scripted replies: the requests they cause, and the text they show. */

import type { CommandFrontEnd } from '../../lib/client/commands/command.js';
import { createLineRunner } from '../../lib/client/commands/run-line.js';
import type { OutgoingMessage } from '../../lib/client/session/session.js';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { ErrorCode } from '../../lib/protocol/errors.js';
import type { Reply } from '../../lib/protocol/events.js';
import { formatRoomOrPerson, type RoomOrPerson } from '../../lib/protocol/names.js';
import { hello } from './fake-session.js';
import { noTransfers } from './no-transfers.js';
import { testTime } from './streams.js';

type Fields = Partial<Extract<Reply, { type: 'ok' }>>;

/** For each type of request: fields of an ok, the code of a refusal, or what is thrown. */
export type Answers = Partial<Record<RequestBody['type'], Fields | ErrorCode | Error>>;

export interface SceneOptions {
  readonly here?: RoomOrPerson;
  readonly answers?: Answers;
  /** What is typed when a secret is asked for; undefined for Escape. Without it there is no full screen. */
  readonly secrets?: (string | undefined)[];
  readonly frontEnd?: Partial<CommandFrontEnd>;
  /** People who are waited for. */
  readonly watched?: readonly string[];
}

export function commandScene({
  here = { room: 'lobby' },
  answers = {},
  secrets,
  frontEnd,
  watched = [],
}: SceneOptions = {}) {
  const asked: RequestBody[] = [];
  const shown: string[] = [];
  const refused: string[] = [];
  const said: OutgoingMessage[] = [];
  const opened: string[] = [];
  const questions: string[] = [];
  const keys: string[] = [];
  let keysOnScreen = 0;
  const runner = createLineRunner({
    session: {
      name: 'ana',
      hello: hello(),
      reconnect: () => false,
      watched,
      async ask(request: RequestBody): Promise<Reply> {
        asked.push(request);
        const answer = answers[request.type] ?? {};
        if (answer instanceof Error) throw answer;
        if (typeof answer !== 'string') return { type: 'ok', re: 1, ...answer };
        return { type: 'error', re: 1, code: answer, message: 'The server said no.' };
      },
    },
    transfers: noTransfers(),
    time: testTime,
    conversation: () => here,
    answer: (lines) => shown.push(...lines),
    refuse: (message) => refused.push(message),
    say: (draft) => said.push(draft),
    open: (conversation) => opened.push(formatRoomOrPerson(conversation)),
    goTo: () => false,
    showHistory: async () => {},
    jump: async (seq, { conversation }) => {
      shown.push(`message ${seq} in ${formatRoomOrPerson(conversation)}`);
    },
    quit: (reason) => shown.push(`quit ${reason ?? ''}`),
    ...(secrets !== undefined && {
      secrets: {
        async ask(question: string, { hidden }: { hidden: boolean }) {
          questions.push(`${question}${hidden ? '' : '(visible)'}`);
          return secrets.shift();
        },
        showKey({ text }: { text: string }) {
          keys.push(text);
          keysOnScreen++;
          return () => keysOnScreen--;
        },
        copying: 'This is how to copy it.',
      },
    }),
    ...frontEnd,
  });
  return {
    ...{ runner, asked, shown, refused, said, opened, questions, keys },
    /** Resolves when the line is done. */
    async run(line: string): Promise<void> {
      await runner.run(line).done;
    },
    keysOnScreen: () => keysOnScreen,
  };
}
