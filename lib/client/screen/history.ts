/** /history and /jump on the screen: scrolls to earlier messages and loads them. Knows conversations, no keys. */
import { formatRoomOrPerson } from '../../protocol/room-or-person.js';
import type { CommandFrontEnd } from '../commands/command.js';
import { CommandRefused, notConnected } from '../commands/refusal.js';
import type { Scrolling } from './scrolling.js';
import { current, find } from './state/conversations.js';
import type { Loader } from './state/loader.js';
import type { ConversationId } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { turnedTo } from './state/turning.js';

export interface ScreenHistoryDeps {
  readonly stage: ScreenStore;
  readonly loader: Loader;
  readonly scrolling: Pick<Scrolling, 'show'>;
}

export function createScreenHistory({
  stage,
  loader,
  scrolling,
}: ScreenHistoryDeps): Pick<CommandFrontEnd, 'showHistory' | 'jump'> {
  async function jump(id: ConversationId, seq: number): Promise<void> {
    stage.update((state) => turnedTo(state, id));
    const result = await loader.around(id, seq);
    if (result === 'shown') scrolling.show(id, `m${seq}`, 'with-context');
    else if (result === 'not-there') {
      throw new CommandRefused(`There is no message ${seq} in ${id}. Find messages with /search.`);
    } else throw new CommandRefused(notConnected);
  }

  async function last(id: ConversationId, count: number): Promise<void> {
    for (;;) {
      const { entries, fromStart } = find(stage.state, id) ?? current(stage.state);
      const messages = entries.filter(({ kind }) => kind === 'message');
      const wanted = messages.at(-count) ?? (fromStart ? messages[0] : undefined);
      if (wanted !== undefined) return scrolling.show(id, wanted.id);
      await loader.older(id);
      // Nothing came: there is no more, or no connection.
      if (find(stage.state, id)?.entries.length === entries.length) {
        const oldest = messages[0];
        return oldest === undefined ? undefined : scrolling.show(id, oldest.id);
      }
    }
  }

  return {
    async showHistory(range, { conversation }) {
      const id = formatRoomOrPerson(conversation);
      if ('last' in range) return last(id, range.last);
      const seq = await loader.firstSince(id, range.since);
      if (seq === undefined) stage.tell('No messages here since then.');
      else await jump(id, seq);
    },
    jump: (seq, { conversation }) => jump(formatRoomOrPerson(conversation), seq),
  };
}
