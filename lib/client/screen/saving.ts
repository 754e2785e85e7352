/** /save on the screen: what is shown goes into a file, one that is there only after a question. */
import { homedir } from 'node:os';
import type { Questions } from './questions.js';
import { saveConversation } from './save.js';
import { current } from './stage/conversations.js';
import type { Stage } from './stage/stage.js';

export interface SavingDeps {
  readonly stage: Stage;
  readonly me: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly ask: Questions['ask'];
}

/** Saves the conversation on the screen to the file that was typed. Never rejects. */
export function createSaving({ stage, me, env, now, ask }: SavingDeps): (file: string) => Promise<void> {
  return (file) => save(file, false);

  async function save(file: string, overwrite: boolean): Promise<void> {
    const { id, entries } = current(stage.state);
    const saved = { conversation: id, server: stage.state.server, me, entries, now: now() };
    const place = { file, home: env.HOME ?? homedir(), folder: process.cwd(), overwrite };
    const result = await saveConversation(saved, place);
    switch (result.outcome) {
      case 'saved':
        return void stage.tell(`${result.messages} messages are in ${result.path}`);
      case 'exists':
        return ask({ about: 'overwrite', text: `${result.path} exists. Overwrite it? y/n` }, () => {
          void save(file, true);
        });
      case 'failed':
        return void stage.tell(result.message, 'bad');
      default:
        return result satisfies never;
    }
  }
}
