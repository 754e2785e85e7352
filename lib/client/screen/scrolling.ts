/** Moving about in a conversation, and loading what is beyond its ends. Knows geometry by others, no keys. */

import { layout } from './look/layout.js';
import { scrollBy, scrollTo, topIsVisible } from './look/rows.js';
import type { Look } from './look/theme.js';
import { current } from './stage/conversations.js';
import type { Loader } from './stage/loader.js';
import type { Stage } from './stage/stage.js';
import { looked } from './stage/turning.js';
import type { ConversationState } from './state.js';

export interface Scrolling {
  move(where: 'page-up' | 'page-down' | 'top' | 'bottom'): void;
  /** Shows the newest entry from its first row on, where it is longer than the pane. */
  reveal(): void;
  readonly sideIsShown: () => boolean;
}

export function createScrolling({
  stage,
  loader,
  look,
}: {
  stage: Stage;
  loader: Loader;
  look: Look;
}): Scrolling {
  function put(at: ConversationState['at']): void {
    const { id } = current(stage.state);
    stage.change(id, (conversation) => ({ ...conversation, at, ...(at === undefined ? { below: 0 } : {}) }));
    const { detached } = current(stage.state);
    if (at === undefined && detached) loader.newest(id);
    stage.update(looked);
  }

  return {
    move(where) {
      const { state } = stage;
      const page = Math.max(1, layout(state).pane.height - 1);
      const id = state.current;
      switch (where) {
        case 'page-up':
          put(scrollBy(state, look, -page));
          break;
        case 'page-down':
          put(scrollBy(state, look, page));
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
      if ((where === 'page-up' || where === 'top') && topIsVisible(stage.state, look)) loader.older(id);
    },
    reveal() {
      const last = current(stage.state).entries.at(-1);
      if (last !== undefined) put(scrollTo(stage.state, look, last.id));
    },
    sideIsShown: () => layout(stage.state).side !== undefined,
  };
}
