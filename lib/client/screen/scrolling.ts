/** Moving about in a conversation, and loading what is beyond its ends. Knows geometry by others, no keys. */

import { layout } from './render/layout.js';
import { pageUp, scrollBy, scrollTo, topIsVisible } from './render/rows.js';
import type { Look } from './render/theme.js';
import { current } from './state/conversations.js';
import type { Loader } from './state/loader.js';
import type { ConversationId, ConversationState } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { looked } from './state/turning.js';

export interface Scrolling {
  /** The state as it is now is on the screen. */
  drawn(): void;
  move(where: 'page-up' | 'page-down' | 'top' | 'bottom'): void;
  /** Shows the newest entry from its first row on, where it is longer than the pane. */
  reveal(): void;
  /** Puts an entry at the top of the pane, or, with context, below what was said just before it. */
  show(id: ConversationId, entry: string, context?: 'with-context'): void;
  readonly sideIsShown: () => boolean;
}

export function createScrolling({
  stage,
  loader,
  look,
}: {
  stage: ScreenStore;
  loader: Loader;
  look: Look;
}): Scrolling {
  /** What the reader saw last, or asked for: PgUp goes on from there. */
  let seen = stage.state;

  function put(at: ConversationState['at']): void {
    const { id } = current(stage.state);
    stage.change(id, ({ marked, ...conversation }) => ({
      ...conversation,
      at,
      ...(at === undefined ? { below: 0 } : marked === undefined ? {} : { marked }),
    }));
    const { detached } = current(stage.state);
    if (at === undefined && detached) void loader.newest(id);
    stage.update(looked);
    seen = stage.state;
  }

  /** At the end of a window that ends before the newest message, the next ones come. */
  function down(page: number): void {
    const { id, detached, entries } = current(stage.state);
    const at = scrollBy(stage.state, look, page);
    const last = entries.at(-1);
    if (at === undefined && detached && last !== undefined) {
      put({ id: last.id, row: Number.MAX_SAFE_INTEGER });
      void loader.newer(id);
    } else put(at);
  }

  return {
    drawn() {
      seen = stage.state;
    },
    move(where) {
      const { state } = stage;
      const id = state.current;
      switch (where) {
        case 'page-up':
          put(pageUp(state, look, seen));
          break;
        case 'page-down':
          down(Math.max(1, layout(state).pane.height - 1));
          break;
        case 'top':
          put(scrollTo(state, look));
          break;
        case 'bottom':
          put(undefined);
          break;
        default:
          where satisfies never;
      }
      if ((where === 'page-up' || where === 'top') && topIsVisible(stage.state, look)) void loader.older(id);
    },
    reveal() {
      const last = current(stage.state).entries.at(-1);
      if (last !== undefined) put(scrollTo(stage.state, look, last.id));
    },
    show(id, entry, context) {
      if (stage.state.current !== id) return;
      put(scrollTo(stage.state, look, entry));
      const third = Math.floor(layout(stage.state).pane.height / 3);
      if (context !== undefined) put(scrollBy(stage.state, look, -third));
    },
    sideIsShown: () => layout(stage.state).side !== undefined,
  };
}
