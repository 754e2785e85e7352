/** The Tab key: completes what is typed from what is on the stage. Knows folders, no keys. */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argumentOf, commandWords, wordsOf } from '../../commands/commands.js';
import { current } from '../state/conversations.js';
import { peopleBeside } from '../state/people.js';
import type { ScreenState } from '../state/state.js';
import type { ScreenStore } from '../state/store.js';
import { withDraft } from '../state/update.js';
import { type Candidates, type Completed, complete, likelyNames } from './completion.js';
import { edit } from './editor.js';

export interface Tab {
  press(back: boolean): void;
}

const mostFiles = 200;

export function createTab({ stage, used }: { stage: ScreenStore; used: () => void }): Tab {
  let previous: Completed | undefined;

  return {
    press(back) {
      const { draft } = current(stage.state);
      const { text, cursor } = draft;
      previous = complete({ text, cursor, back, previous }, candidates(stage));
      if (previous === undefined) return;
      used();
      const { text: next, cursor: at } = previous;
      stage.update((state) => withDraft(state, edit(draft, { edit: 'set', text: next, cursor: at })));
    },
  };
}

function candidates({ state }: ScreenStore): Candidates {
  const { people } = peopleBeside(state);
  const spoke = current(state).entries.flatMap((entry) => (entry.kind === 'message' ? [entry.from] : []));
  const rooms = state.conversations.flatMap(({ id }) => (id.startsWith('#') ? [id.slice(1)] : []));
  return {
    names: likelyNames({ spoke, here: people.map(({ name }) => name), me: state.me }),
    commands: commandWords(true),
    rooms,
    files,
    after(command) {
      return command === 'get' ? fileIds(state) : argumentOf(command);
    },
    words: wordsOf,
  };
}

/** IDs of the files that were seen here, the latest first. */
function fileIds(state: ScreenState): string[] {
  const files = current(state).entries.filter(
    (entry) => entry.kind === 'message' && entry.file !== undefined,
  );
  return files
    .flatMap((entry) => (entry.kind === 'message' && entry.seq !== undefined ? [`${entry.seq}`] : []))
    .reverse();
}

/** What begins with this path; nothing where there is no such folder, or it is not ours to read. */
function files(prefix: string): string[] {
  const home = prefix.startsWith('~/');
  const path = home ? join(homedir(), prefix.slice(2)) : prefix;
  const at = prefix.lastIndexOf('/') + 1;
  const [folder, begun] = [prefix.slice(0, at), prefix.slice(at)];
  try {
    return readdirSync(resolve(path.endsWith('/') || path === '' ? path || '.' : dirname(path)), {
      withFileTypes: true,
    })
      .filter(({ name }) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')))
      .slice(0, mostFiles)
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } catch {
    return [];
  }
}
