/** The commands that only a full screen has, and what they do. Knows the state, no keys. */
import { recipientOf, toRoomOrPerson } from '../../protocol/names.js';
import { CommandRefused, type ScreenCommands } from '../commands/command.js';
import { type SettingChange, settingLines, settingsFrom } from '../commands/settings.js';
import type { OutgoingMessage } from '../session/session.js';
import type { Copy } from './copy.js';
import { beginEdit } from './draft-task.js';
import type { ImageViewer } from './image-viewer.js';
import { keyHelp } from './input/keymap.js';
import type { PreferenceKeeper } from './preferences.js';
import { messagesIn } from './state/conversation.js';
import { changeAll, cleared, closed, current, isConnected, serversOf } from './state/conversations.js';
import { withoutFailed } from './state/delivery.js';
import type { Notify, ServerSummary } from './state/state.js';
import type { ScreenStore } from './state/store.js';

interface ScreenCommandDeps {
  readonly store: ScreenStore;
  /** People whose messages are not shown. */
  readonly ignored: Set<string>;
  readonly keep: PreferenceKeeper['keep'];
  /** /set may have changed what is shared with others. */
  readonly share: () => void;
  readonly post: (draft: OutgoingMessage) => boolean;
  readonly copy: Pick<Copy, 'choice'>;
  readonly save: (path: string) => void;
  readonly images: Pick<ImageViewer, 'open'>;
  readonly compose: () => void;
  /** The reader may have the newest messages on the screen now. */
  readonly viewed: () => void;
  /** Joins another server. Rejects with an error whose message is for the person. */
  readonly connect: (address: string) => Promise<void>;
  readonly disconnect: (reason: string | undefined) => void;
}

export function createScreenCommands(deps: ScreenCommandDeps): ScreenCommands {
  const { store, copy, save, images, compose, disconnect } = deps;
  return {
    ...{ save, compose, keyHelp, disconnect, copy: copy.choice },
    view: (seq) => void images.open(seq),
    clear: () => store.update(cleared),
    close: () => close(deps),
    retry: () => retry(deps),
    editLast: () => editLast(deps),
    notify: (choice) => notify(deps, choice),
    ignore: (name) => ignore(deps, name),
    unignore: (name) => unignore(deps, name),
    set: (change) => set(deps, change),
    connect: (address) => connect(deps, address),
  };
}

function close({ store, viewed }: ScreenCommandDeps): void {
  const id = store.state.current;
  if (id.startsWith('#')) {
    store.notice('You can only close direct messages. To leave a room, use /leave.', 'bad');
    return;
  }
  store.update((state) => closed(state, id));
  viewed();
}

function retry({ store, post }: ScreenCommandDeps): void {
  const id = store.state.current;
  const { conversation, failed } = withoutFailed(current(store.state));
  if (failed.length === 0) {
    store.notice('No failed messages here.');
    return;
  }
  store.change(id, () => conversation);
  const where = recipientOf(toRoomOrPerson(id));
  for (const { text, action, of } of failed) {
    post({ ...where, text, ...(action && { action }), ...(of !== undefined && { of: of.seq }) });
  }
}

function editLast({ store }: ScreenCommandDeps): void {
  const mine = messagesIn(current(store.state)).findLast(
    ({ mine, seq, removed }) => mine && seq !== undefined && removed === undefined,
  );
  if (mine === undefined) store.notice('You have no recent message here to edit.', 'bad');
  else beginEdit(store, mine);
}

const notifyWords: Readonly<Record<Notify, string>> = {
  off: 'never rings the bell',
  mention: 'rings the bell for mentions and direct messages',
  all: 'rings the bell for every message',
};

function notify({ store, keep }: ScreenCommandDeps, choice: Notify | undefined): void {
  const { id, notify: before } = current(store.state);
  if (choice !== undefined) {
    store.change(id, (conversation) => ({ ...conversation, notify: choice }));
    store.update((state) => ({ ...state, notifyChoices: { ...state.notifyChoices, [id]: choice } }));
    keep({ notify: store.state.notifyChoices ?? {} });
  }
  store.notice(`${id} ${notifyWords[choice ?? before]}.`);
}

function ignore({ store, ignored, keep }: ScreenCommandDeps, name: string | undefined): void {
  if (name === undefined) {
    const names = [...ignored].sort();
    store.notice(names.length === 0 ? "You aren't ignoring anyone." : `Ignored: ${names.join(', ')}`);
    return;
  }
  if (name === store.state.me) {
    store.notice("You can't ignore yourself.", 'bad');
    return;
  }
  ignored.add(name);
  keep({ ignored: [...ignored] });
  store.update((state) =>
    changeAll(state, (conversation) => ({
      ...conversation,
      entries: conversation.entries.filter((entry) => entry.kind !== 'message' || entry.from !== name),
    })),
  );
  store.notice(`Messages from ${name} are hidden. Undo with /unignore ${name}.`);
}

function unignore({ store, ignored, keep }: ScreenCommandDeps, name: string): void {
  const was = ignored.delete(name);
  if (was) keep({ ignored: [...ignored] });
  store.notice(was ? `New messages from ${name} are shown again.` : `You weren't ignoring ${name}.`);
}

function set({ store, keep, share }: ScreenCommandDeps, { name, value }: SettingChange): void {
  if (name !== undefined && value !== undefined) {
    const settings = settingsFrom({ ...store.state.settings, [name]: value });
    store.update((state) => ({ ...state, settings }));
    keep({ settings });
    share();
  }
  store.notice(settingLines(store.state.settings, name).join('\n'));
}

async function connect(deps: ScreenCommandDeps, address: string | undefined): Promise<void> {
  if (address === undefined) {
    deps.store.notice(serversOf(deps.store.state).map(serverLine).join('\n'));
    return;
  }
  try {
    await deps.connect(address);
  } catch (error) {
    throw new CommandRefused(error instanceof Error ? error.message : String(error));
  }
}

function serverLine({ server, conversations, ...summary }: ServerSummary): string {
  const unread = conversations.reduce((sum, each) => sum + each.unread, 0);
  const state = isConnected(summary) ? '' : ', not connected';
  return `${server}: ${unread === 0 ? 'nothing unread' : `${unread} unread`}${state}`;
}
