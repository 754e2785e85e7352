/** The full screen as a front end of a session: wires its parts together. Knows which part does what, and no more. */
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { formatRoomOrPerson, type RoomOrPerson, toRoomOrPerson } from '../../protocol/names.js';
import type { Clock } from '../../system/clock.js';
import { type AwayStatus, createAwayStatus } from '../commands/away-status.js';
import type { CommandFrontEnd } from '../commands/command.js';
import { createLineRunner } from '../commands/run-line.js';
import {
  createListener,
  type FrontEnd,
  type FrontEndResult,
  type OpenTransfers,
  type StopSignal,
} from '../front-end.js';
import { createReadMarks } from '../session/read-marks.js';
import type { OutgoingMessage, Session, SessionEvent } from '../session/session.js';
import { motdLines, recoveryLines, transferBar } from '../text/wording.js';
import type { Transfers } from '../transfer/transfers.js';
import { createDispatch, type ScreenAction } from './actions.js';
import { composeDraft } from './compose.js';
import { createEventHandler } from './event-handler.js';
import { createKeyReader } from './input/key-reader.js';
import { keyHelp, shownKey } from './input/keymap.js';
import type { Key } from './input/keys.js';
import { createKeyboard, type Keyboard } from './keyboard.js';
import { createPicture, type Picture } from './picture.js';
import { createSave, plainText } from './plain-text.js';
import { createPreferenceKeeper, type Preferences, type PreferencesFile } from './preferences.js';
import type { Appearance } from './render/theme.js';
import { createScrolling, type Scrolling } from './scrolling.js';
import { startState, withProgress } from './state/conversations.js';
import { applyDraft } from './state/events.js';
import type { ConversationId, ScreenState } from './state/state.js';
import { createScreenStore, type ScreenStore } from './state/store.js';
import type { Process } from './terminal/job.js';
import { createNotifier } from './terminal/notifier.js';
import { openTerminal } from './terminal/terminal.js';
import { showTotpQr } from './totp-qr.js';

export interface ScreenDeps {
  /** Terminals both. */
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly process: Process;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly appearance: Appearance;
  readonly clock: Clock;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly preferences: PreferencesFile;
  readonly openTransfers: OpenTransfers;
  /** About the chat that is hosted by this program; shown at the start. */
  readonly hosted?: readonly string[] | undefined;
  /** The chat ends for everyone when this person quits. */
  readonly endsChat?: boolean | undefined;
  /** An uncaught error, after the terminal is restored. Must end the process. */
  readonly onCrash: (error: unknown) => void;
}

export function createScreen(deps: ScreenDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    fullScreen: true,
    async run(session) {
      const screen = openScreen(deps, session, await deps.preferences.load());
      open(screen.handle);
      return screen.over;
    },
  };
}

const copying = `${shownKey('alt-l')} shows plain text that can be copied whole.`;
const readMarkMs = 1_000;

function openScreen(deps: ScreenDeps, session: Session, saved: Preferences) {
  const { clock, env, appearance, stop } = deps;
  const { now } = appearance.time;
  const me = session.name;
  const ignored = new Set(saved.ignored);
  const display = openDisplay({
    deps,
    session,
    saved,
    onKey: (key) => keyboard.press(key),
    drawn: () => scrolling.drawn(),
  });
  const { store, terminal } = display;
  const preferences = createPreferenceKeeper(store, deps.preferences, saved);
  const marks = createReadMarks({ session, later: (callback) => void clock.after(readMarkMs, callback) });
  const scrolling = createScrolling({ store, session, ignored, appearance });
  const transfers = deps.openTransfers(session, (transfer) => {
    const { state: progress } = transfer.progress;
    const line = {
      ...{ id: `t${transfer.id}`, text: transferBar(transfer), now: now(), bad: progress === 'failed' },
      sentTo: progress === 'done' ? transfer.to : undefined,
    };
    store.update((state) => withProgress(state, line));
  });
  const away = createAwayStatus({ session, show: (words) => void store.notice(words) });
  const { leave, over } = createLeave({ stop, store, session }, async (online) => {
    display.close();
    if (online) marks.flush();
    await Promise.all([transfers.close(), preferences.saved()]);
  });
  const quitWarning = () => whatQuitEnds(store.state, { transfers, endsChat: deps.endsChat });
  const dispatch = createDispatch({
    ...{ store, scrolling, me, ignored },
    runLine: (line) => lines.run(line).keep,
    post: (draft) => lines.post(draft),
    keepPreferences: preferences.keep,
    hideHint: preferences.hideHint,
    viewed: () => events.viewed(),
    quitWarning,
    ask: (question, yes) => keyboard.ask(question, yes),
    save: (file) => void save(file),
    compose: () => void composeDraft(store, { env, temporary: tmpdir(), run: terminal.run, stop }),
    showPlainText: () => store.update((state) => ({ ...state, plainText: plainText(state, appearance) })),
    redraw: display.redraw,
    suspend: () => void terminal.suspend(),
    leave: (how) => leave(how === 'interrupt' ? { by: 'signal', signal: 'SIGINT' } : { by: 'person' }),
  });
  const keyboard = createKeyboard({ store, dispatch, soon: (callback) => void clock.after(0, callback) });
  const { whole } = scrolling;
  const save = createSave({ store, ask: keyboard.ask, whole, env, appearance });
  const hosted = deps.hosted && [...deps.hosted, copying];
  const frontEnd = createCommandFrontEnd({
    ...{ session, store, transfers, scrolling, keyboard, dispatch, appearance, away, hosted, quitWarning },
    hideHint: preferences.hideHint,
    leave: (reason) => leave({ by: 'person' }, reason),
  });
  const lines = createLineRunner(frontEnd);
  const notifier = createNotifier({ env, clock });
  const events = createEventHandler({
    ...{ store, session, ignored, marks, now },
    later: (ms, callback) => void clock.after(ms, callback),
    notify: (occasion) => terminal.send(notifier.notification(occasion)),
    ended: (end) => leave({ by: 'session', end }),
  });
  display.redraw();
  return { handle, over };

  function handle(event: SessionEvent): void {
    if (event.kind === 'event') {
      lines.notice(event.event);
      away.notice(event.event);
    }
    if (event.kind === 'synced') {
      transfers.resume();
      void away.restore();
    }
    events.handle(event);
    if (event.kind === 'synced' && event.first) welcome(store, session, hosted);
  }
}

/** What the server and the host want to be read first. */
function welcome(
  store: ScreenStore,
  { motd, recovery }: Session,
  hosted: readonly string[] | undefined,
): void {
  const lines = motdLines(motd);
  if (lines.length > 0) store.notice(lines.join('\n'));
  if (hosted !== undefined) store.notice(hosted.join('\n'));
  if (recovery !== undefined) store.notice(recoveryLines(recovery).join('\n'));
}

interface DisplayDeps {
  readonly deps: ScreenDeps;
  readonly session: Session;
  readonly saved: Preferences;
  readonly onKey: (key: Key) => void;
  /** The current state is on the screen. */
  readonly drawn: () => void;
}

/** The terminal, the state, and the picture that shows one on the other. */
function openDisplay({ deps, session, saved, onKey, drawn }: DisplayDeps) {
  const { appearance, clock } = deps;
  const { now } = appearance.time;
  const terminal = openTerminal({
    ...deps,
    onKey,
    keys: (report) => createKeyReader(report, clock),
    onResize: resized,
    // Its size may have changed meanwhile.
    onBlank: resized,
    onReady: () => picture.soon(),
  });
  const store = createScreenStore(
    startState({
      columns: terminal.columns,
      rows: terminal.rows,
      me: session.name,
      server: session.hello.server,
      now: now(),
      hint: !saved.hintSeen,
      notifyChoices: saved.notify,
      settings: saved.settings,
    }),
    now,
    () => {
      aimMouse();
      picture.changed();
    },
  );
  const aimMouse = () =>
    terminal.mouse(store.state.settings.mouse === 'on' && store.state.plainText === undefined);
  aimMouse();
  const picture: Picture = createPicture({ store, appearance, terminal, clock, drawn });

  function resized(): void {
    const { columns, rows } = terminal;
    store.update(({ plainText: _, ...state }) => ({ ...state, columns, rows }));
    picture.redraw();
  }

  return {
    ...{ store, terminal },
    redraw: picture.redraw,
    close() {
      picture.stop();
      terminal.close();
    },
  };
}

/**
 * The end, which comes once: closes everything, then signs off.
 * @param close with whether the server can still be told what was read
 */
function createLeave(
  { stop, store, session }: { stop: AbortSignal; store: ScreenStore; session: Session },
  close: (online: boolean) => Promise<void>,
) {
  let left = false;
  let finish: (leave: FrontEndResult) => void = () => {};
  const over = new Promise<FrontEndResult>((resolve) => {
    finish = resolve;
  });

  function leave(how: FrontEndResult['endedBy'], reason?: string): void {
    if (left) return;
    left = true;
    stop.removeEventListener('abort', onStop);
    const bySession = how.by === 'session';
    const closed = close(!bySession && store.state.connection.state === 'online');
    void closed
      .then(() => (bySession ? undefined : session.quit(reason)))
      .then(() => finish({ endedBy: how, refused: 0, unacknowledged: unacknowledged(store.state) }));
  }

  function onStop(): void {
    leave({ by: 'signal', signal: stop.reason as StopSignal });
  }

  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  return { leave, over };
}

function unacknowledged({ conversations }: ScreenState): number {
  const entries = conversations.flatMap((conversation) => conversation.entries);
  return entries.filter((entry) => entry.kind === 'message' && entry.delivery.state === 'sending').length;
}

interface FrontEndDeps {
  readonly session: Session;
  readonly store: ScreenStore;
  readonly transfers: Transfers;
  readonly scrolling: Scrolling;
  readonly keyboard: Keyboard;
  readonly dispatch: (action: ScreenAction) => void;
  readonly appearance: Appearance;
  readonly away: Pick<AwayStatus, 'wroteTo'>;
  readonly hosted: readonly string[] | undefined;
  readonly quitWarning: () => string | undefined;
  readonly hideHint: () => void;
  readonly leave: (reason: string | undefined) => void;
}

/** What the screen does for commands. */
export function createCommandFrontEnd(deps: FrontEndDeps): CommandFrontEnd {
  const { session, store, transfers, scrolling, keyboard, dispatch, appearance, hideHint, hosted } = deps;

  function answer(lines: readonly string[]): void {
    // First, for the hint takes a row of the pane.
    hideHint();
    store.notice(lines.join('\n'));
    scrolling.showNewest();
  }

  return {
    ...{ session, transfers, hosted, answer },
    time: appearance.time,
    conversation: () => toRoomOrPerson(store.state.current),
    refuse: (message) => void store.notice(message, 'bad'),
    say: (draft) => say(deps, draft),
    open: (conversation) => dispatch({ do: 'open', id: formatRoomOrPerson(conversation) }),
    findConversation: (which) => findConversation(store.state, which),
    showHistory(range, { conversation }) {
      const id = formatRoomOrPerson(conversation);
      return 'last' in range ? scrolling.showLast(id, range.last) : scrolling.showSince(id, range.since);
    },
    jump: (seq, { conversation }) => scrolling.jump(formatRoomOrPerson(conversation), seq),
    quit: (reason) => quit(deps, reason),
    secrets: {
      ask: keyboard.askLine,
      showKey(key) {
        // First, for the hint takes a row of the pane.
        hideHint();
        return showTotpQr({ store, appearance }, key);
      },
      copying,
    },
    screen: {
      clear: () => dispatch({ do: 'clear-pane' }),
      close: () => dispatch({ do: 'close' }),
      compose: () => dispatch({ do: 'compose' }),
      retry: () => dispatch({ do: 'retry' }),
      editLast: () => dispatch({ do: 'edit-last' }),
      save: (path) => dispatch({ do: 'save', path }),
      notify: (choice) => dispatch({ do: 'notify', choice }),
      set: (change) => dispatch({ do: 'set', change }),
      ignore: (name) => dispatch({ do: 'ignore', name }),
      unignore: (name) => dispatch({ do: 'unignore', name }),
      keyHelp,
    },
  };
}

function say({ session, store, appearance, away, hideHint }: FrontEndDeps, draft: OutgoingMessage): void {
  const id: ConversationId = draft.to === undefined ? `#${draft.room ?? 'lobby'}` : `@${draft.to}`;
  const key = session.say(draft);
  store.update((state) => applyDraft(state, key, { id, draft, now: appearance.time.now() }));
  if (id !== store.state.current) store.notice(`to ${id.slice(1)}: ${draft.text}`);
  hideHint();
  if (draft.to !== undefined) void away.wroteTo(draft.to);
}

function findConversation({ conversations }: ScreenState, which: string): RoomOrPerson | undefined {
  const found = /^\d{1,3}$/.test(which)
    ? conversations[Number(which) - 1]
    : conversations.find(({ id }) => id === which || id.slice(1) === which);
  return found && toRoomOrPerson(found.id);
}

function quit({ quitWarning, keyboard, leave }: FrontEndDeps, reason: string | undefined): void {
  const warning = quitWarning();
  if (warning === undefined) leave(reason);
  else keyboard.ask({ about: 'quit', text: `${warning} Quit anyway? y/n` }, () => leave(reason));
}

/** What would end with this client, as a sentence; undefined for nothing. */
function whatQuitEnds(
  { me, people, peopleUnnamed }: ScreenState,
  { transfers, endsChat }: { transfers: Transfers; endsChat: boolean | undefined },
): string | undefined {
  const others = people.filter(({ name, online }) => online && name !== me).length + peopleUnnamed;
  if (endsChat && others > 0)
    return `This ends the chat for ${others === 1 ? '1 other person' : `${others} others`}.`;
  const count = transfers.current.length;
  if (count === 0) return undefined;
  return count === 1 ? 'A transfer is still running.' : `${count} transfers are still running.`;
}
