/** /quit and /disconnect, and what would end with them: the person is asked first. Knows no keys. */
import type { Transfers } from '../transfer/transfers.js';
import type { Keyboard } from './keyboard.js';
import { serversOf } from './state/conversations.js';
import type { ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

interface LeavingDeps {
  readonly store: ScreenStore;
  readonly transfers: Transfers;
  readonly ask: Keyboard['ask'];
  /** What would end if the person quits now, on any server, as a sentence. */
  readonly quitWarning: () => string | undefined;
  /** Ends this client. */
  readonly leave: (reason: string | undefined) => void;
  /** Leaves this server, which is not the only one. */
  readonly disconnect: (reason: string | undefined) => void;
}

export function createLeaving({ store, transfers, ask, quitWarning, leave, disconnect }: LeavingDeps) {
  function afterWarning(warning: string | undefined, question: string, then: () => void): void {
    if (warning === undefined) then();
    else ask({ about: 'quit', text: `${warning} ${question} y/n` }, then);
  }

  function quit(reason: string | undefined): void {
    afterWarning(quitWarning(), 'Quit anyway?', () => leave(reason));
  }

  return {
    quit,
    /** Quits where this is the only server. */
    disconnect(reason: string | undefined): void {
      if (serversOf(store.state).length === 1) quit(reason);
      else afterWarning(transferWarning(transfers), 'Leave this server anyway?', () => disconnect(reason));
    },
  };
}

/** What would end with this client, as a sentence; undefined for nothing. */
export function whatQuitEnds(
  { me, people, peopleUnnamed }: ScreenState,
  { transfers, endsChat }: { transfers: Transfers; endsChat: boolean | undefined },
): string | undefined {
  const others = people.filter(({ name, online }) => online && name !== me).length + peopleUnnamed;
  if (endsChat && others > 0)
    return `This ends the chat for ${others === 1 ? '1 other person' : `${others} others`}.`;
  return transferWarning(transfers);
}

function transferWarning({ current: { length: count } }: Transfers): string | undefined {
  if (count === 0) return undefined;
  return count === 1 ? 'A transfer is still running.' : `${count} transfers are still running.`;
}
