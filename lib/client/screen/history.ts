/** /history and /jump on the screen: scrolls to what was said, and loads it. Knows places, no keys. */
import type { Place, Sight } from '../commands/act.js';
import type { Scrolling } from './scrolling.js';
import { current, find } from './state/conversations.js';
import type { Loader } from './state/loader.js';
import type { ConversationId } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { turnedTo } from './state/turning.js';

export interface SightsDeps {
  readonly stage: ScreenStore;
  readonly loader: Loader;
  readonly scrolling: Pick<Scrolling, 'show'>;
  /** Where a message is that was found; undefined where that is not known. */
  readonly placeOf: (seq: number) => Place | undefined;
}

/** Resolves when it is on the screen, or why not has been told. Never rejects. */
export function createSights({ stage, loader, scrolling, placeOf }: SightsDeps) {
  async function jump(id: ConversationId, seq: number): Promise<void> {
    stage.update((state) => turnedTo(state, id));
    const result = await loader.around(id, seq);
    if (result === 'shown') scrolling.show(id, `m${seq}`, 'with-context');
    else if (result === 'not-there') {
      stage.tell(`There is no message ${seq} in ${id}; /search tells where one is.`, 'bad');
    } else stage.tell('Not connected just now: try again when the connection is back.', 'bad');
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

  return async (sight: Sight): Promise<void> => {
    const here = stage.state.current;
    if (sight.do === 'jump') {
      const place = placeOf(sight.seq);
      const id = place === undefined ? here : idOf(place);
      return jump(id, sight.seq);
    }
    if ('last' in sight) return last(here, sight.last);
    const seq = await loader.firstSince(here, sight.since);
    if (seq === undefined) stage.tell('Nothing was said here since then.');
    else await jump(here, seq);
  };
}

function idOf(place: Place): ConversationId {
  return 'room' in place ? `#${place.room}` : `@${place.to}`;
}
