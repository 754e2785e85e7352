/** What the screen shows of one server, and what can be done there: wires the parts together. Knows which part does what, and no more. */
import { tmpdir } from 'node:os';
import { formatRoomOrPerson, parseRoomOrPerson, toRoomOrPerson } from '../../protocol/names.js';
import type { Clock } from '../../system/clock.js';
import { type AwayStatus, createAwayStatus } from '../commands/away-status.js';
import { type CommandFrontEnd, CommandRefused } from '../commands/command.js';
import { createLineRunner } from '../commands/run-line.js';
import type { FrontEndResult, OpenTransfers } from '../front-end.js';
import type { OpenHooks } from '../hooks.js';
import { createReadMarks, type ReadMarks } from '../session/read-marks.js';
import type { OutgoingMessage, Session, SessionEnd, SessionEvent, StaySignedIn } from '../session/session.js';
import { roomRulesWords } from '../text/event-words.js';
import { motdLines, recoveryLines, stayOffer, transferBar } from '../text/wording.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';
import { createDispatch, type ScreenAction } from './actions.js';
import { composeDraft } from './compose.js';
import { type Copy, createCopy } from './copy.js';
import { createEventHandler } from './event-handler.js';
import { createImageViewer } from './image-viewer.js';
import { keyHelp, shownKey } from './input/keymap.js';
import type { Key } from './input/keys.js';
import { createKeyboard, type Keyboard } from './keyboard.js';
import { openLink } from './open-link.js';
import { createSave, plainText } from './plain-text.js';
import { createPreferenceKeeper, type Preferences, type PreferencesFile } from './preferences.js';
import type { Appearance } from './render/theme.js';
import { createScrolling, type Scrolling } from './scrolling.js';
import { createSharing } from './sharing.js';
import { lobby } from './state/conversation.js';
import {
  allConversations,
  closedDirects,
  current,
  find,
  isConnected,
  serversOf,
} from './state/conversations.js';
import { applyDraft } from './state/delivery.js';
import { withProgress } from './state/notices.js';
import type { ConversationId, ConversationPlace, ScreenState, ServerSummary } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { copyText } from './terminal/clipboard.js';
import type { TerminalGraphics } from './terminal/graphics.js';
import type { Occasion } from './terminal/notifier.js';
import type { Terminal } from './terminal/terminal.js';
import { showTotpQr } from './totp-qr.js';

export interface ViewDeps {
  readonly session: Session;
  readonly stay: StaySignedIn | undefined;
  readonly store: ScreenStore;
  readonly saved: Preferences;
  readonly preferences: PreferencesFile;
  readonly appearance: Appearance;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly openTransfers: OpenTransfers;
  readonly openHooks?: OpenHooks | undefined;
  readonly stop: AbortSignal;
  readonly terminal: Pick<Terminal, 'run' | 'send' | 'suspend'>;
  readonly notify: (occasion: Occasion) => void;
  /** About the chat that is hosted by this program; shown at the start. */
  readonly hosted?: readonly string[] | undefined;
  /** The chat ends for everyone when this person quits. */
  readonly endsChat?: boolean | undefined;
  readonly redraw: () => void;
  readonly askGraphics: () => Promise<TerminalGraphics>;
  readonly servers: Servers;
  /** What would end if the person quits now, as a sentence. */
  readonly quitWarning: () => string | undefined;
  readonly leave: (how: LeaveHow, reason?: string) => void;
  /** To be called when the session has ended. */
  readonly done: () => Promise<void>;
  /** The session is over. */
  readonly ended: (end: SessionEnd) => void;
}

export type LeaveHow = Exclude<FrontEndResult['endedBy'], { by: 'session' }>;

/** The servers of this client. */
export interface Servers {
  /** Puts a conversation of another server on the screen. */
  open(place: ConversationPlace): void;
  /** Rejects with an error whose message is for the person. */
  connect(address: string): Promise<void>;
  /** Leaves the server on the screen, which is not the only one. */
  disconnect(reason: string | undefined): void;
}

/** One server on the screen, or behind it. */
export interface ServerView {
  readonly store: ScreenStore;
  readonly session: Session;
  press(key: Key): void;
  /** The screen has, or may have, another size than when this was on it last. */
  resized(): void;
  /** The state is on the screen. */
  drawn(): void;
  handle(event: SessionEvent): void;
  /** Puts this view's conversation on the screen, which shows the view already. */
  open(id: ConversationId, from: ConversationPlace): void;
  /** What would end with it, as a sentence. */
  quitWarning(): string | undefined;
  /** Ends the session and all that belongs to it. */
  leave(reason?: string): Promise<void>;
}

const plainTextKey = shownKey('alt-l');
const copying = `Copy it with /copy link; ${plainTextKey} shows plain text that can be copied whole.`;
const readMarkMs = 1_000;

export function createServerView(deps: ViewDeps): ServerView {
  const { session, store, saved, appearance, clock, env, stop, terminal, servers, leave } = deps;
  const { quitWarning, redraw } = deps;
  const { now } = appearance.time;
  const me = session.name;
  const ignored = new Set(saved.ignored);
  const preferences = createPreferenceKeeper(store, deps.preferences, saved);
  const marks = createReadMarks({ session, later: (callback) => void clock.after(readMarkMs, callback) });
  const scrolling = createScrolling({ store, session, ignored, appearance });
  const transfers = deps.openTransfers(session, (transfer) => showTransfer(store, transfer, now()));
  const images = createImageViewer({
    ...{ store, appearance, clock, load: transfers.load, askTerminal: deps.askGraphics },
    viewed: () => events.viewed(),
  });
  const away = createAwayStatus({ session, show: (words) => void store.notice(words) });
  const copy = copyToTerminal(deps);
  const hooks = deps.openHooks?.(session, (words) => void store.notice(words, 'bad'));
  const sharing = createSharing({ store, session, ignored, clock });
  const dispatch = createDispatch({
    ...{ store, scrolling, me, ignored, images, quitWarning, redraw, copy },
    ascii: appearance.glyphs === 'ascii',
    runLine: (line) => lines.run(line).keep,
    post: (draft) => lines.post(draft),
    reconnect: session.reconnect,
    edit: (of, text) => lines.edit(of, text),
    openLink: (href) => openLink(href, { env, clock, platform: process.platform }),
    keepPreferences: preferences.keep,
    hideHint: preferences.hideHint,
    share: sharing.share,
    viewed: () => events.viewed(),
    loadDirects: () => events.loadDirects(),
    ask: (question, yes) => keyboard.ask(question, yes),
    save: (file) => void save(file),
    compose: () => void composeDraft(store, { env, temporary: tmpdir(), run: terminal.run, stop }),
    showPlainText: () => store.update((state) => ({ ...state, plainText: plainText(state, appearance) })),
    suspend: () => void terminal.suspend(),
    leave: (how) => leave(how === 'interrupt' ? { by: 'signal', signal: 'SIGINT' } : { by: 'person' }),
    openElsewhere: servers.open,
  });
  const act = (action: ScreenAction): void => {
    const before = current(store.state);
    dispatch(action);
    sharing.pressed(before);
  };
  const keyboard = createKeyboard({
    store,
    dispatch: act,
    soon: (callback) => void clock.after(0, callback),
  });
  const save = createSave({ store, ask: keyboard.ask, whole: scrolling.whole, env, appearance });
  const hosted = deps.hosted && [...deps.hosted, copying];
  const frontEnd = createCommandFrontEnd({
    ...{ session, marks, store, transfers, scrolling, keyboard, dispatch, appearance, away, hosted },
    ...{ servers, copy, quitWarning, stay: deps.stay, hideHint: preferences.hideHint },
    leave: (reason) => leave({ by: 'person' }, reason),
  });
  const lines = createLineRunner(frontEnd);
  const events = createEventHandler({
    ...{ store, session, ignored, marks, now },
    later: (ms, callback) => void clock.after(ms, callback),
    notify: deps.notify,
    ended(end) {
      isOver = true;
      deps.ended(end);
    },
  });
  let isOver = false;

  return {
    ...{ store, session, handle, press: keyboard.press, drawn: scrolling.drawn, resized: images.resized },
    open: (id, from) => dispatch({ do: 'open', id, from }),
    quitWarning: () => whatQuitEnds(store.state, { transfers, endsChat: deps.endsChat }),
    async leave(reason) {
      images.stop();
      if (!isOver && isConnected(store.state)) marks.flush();
      await Promise.all([transfers.close(), preferences.saved(), hooks?.close()]);
      if (!isOver) await session.quit(reason);
      await deps.done();
    },
  };

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
    sharing.notice(event);
    if (!isHidden(event, ignored)) hooks?.notice(event);
    if (event.kind === 'synced' && event.first) welcome(store, session, { hosted, stay: deps.stay });
  }
}

function copyToTerminal({ store, env, clock, terminal }: ViewDeps): Copy {
  const { send } = terminal;
  const clipboard = (text: string) => copyText(text, { env, clock, send });
  return createCopy({ store, clipboard, otherwise: plainTextKey });
}

function showTransfer(store: ScreenStore, transfer: Transfer, now: number): void {
  const { state: progress } = transfer.progress;
  const line = {
    ...{ id: `t${transfer.id}`, text: transferBar(transfer), now, bad: progress === 'failed' },
    sentTo: progress === 'done' ? transfer.to : undefined,
  };
  store.update((state) => withProgress(state, line));
}

function isHidden(event: SessionEvent, ignored: ReadonlySet<string>): boolean {
  return event.kind === 'event' && event.event.type === 'message' && ignored.has(event.event.from);
}

/** What the server and the host want to be read first. */
function welcome(
  store: ScreenStore,
  { motd, recovery }: Session,
  { hosted, stay }: Pick<FrontEndDeps, 'hosted' | 'stay'>,
): void {
  const rules = roomRulesWords('lobby', find(store.state, lobby)?.rules);
  const texts = [
    motdLines(motd),
    rules === undefined ? [] : [rules],
    hosted ?? [],
    recovery === undefined ? [] : [...recoveryLines(recovery), 'Copy it with /copy code.'],
    stay?.offer ? [stayOffer] : [],
  ];
  for (const lines of texts) if (lines.length > 0) store.notice(lines.join('\n'), 'plain', 'lasts');
}

interface FrontEndDeps {
  readonly session: Session;
  readonly marks: Pick<ReadMarks, 'flush'>;
  readonly store: ScreenStore;
  readonly transfers: Transfers;
  readonly scrolling: Scrolling;
  readonly keyboard: Keyboard;
  readonly dispatch: (action: ScreenAction) => void;
  readonly copy: Pick<Copy, 'choice'>;
  readonly appearance: Appearance;
  readonly away: Pick<AwayStatus, 'wroteTo'>;
  readonly hosted: readonly string[] | undefined;
  readonly stay: StaySignedIn | undefined;
  readonly servers: Servers;
  readonly quitWarning: () => string | undefined;
  readonly hideHint: () => void;
  readonly leave: (reason: string | undefined) => void;
}

/** What the screen does for commands. */
export function createCommandFrontEnd(deps: FrontEndDeps): CommandFrontEnd {
  const { session, marks, store, transfers, scrolling, keyboard, dispatch, appearance, hideHint } = deps;
  const { hosted, stay } = deps;

  function answer(lines: readonly string[]): void {
    // First, for the hint takes a row of the pane.
    hideHint();
    store.notice(lines.join('\n'));
    scrolling.showNewest();
  }

  return {
    ...{ transfers, hosted, stay, answer },
    session: {
      ...{ name: session.name, hello: session.hello, reconnect: session.reconnect },
      get watched() {
        return session.watched;
      },
      ask(request) {
        // What is on the screen is not unread.
        if (request.type === 'conversations') marks.flush();
        return session.ask(request);
      },
    },
    time: appearance.time,
    emoji: true,
    conversation: () => toRoomOrPerson(store.state.current),
    refuse: (message) => void store.notice(message, 'bad'),
    say: (draft) => say(deps, draft),
    open: (conversation) => dispatch({ do: 'open', id: formatRoomOrPerson(conversation) }),
    goTo: (which) => goTo(deps, which),
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
      copy: deps.copy.choice,
      save: (path) => dispatch({ do: 'save', path }),
      view: (seq) => dispatch({ do: 'view', seq }),
      notify: (choice) => dispatch({ do: 'notify', choice }),
      set: (change) => dispatch({ do: 'set', change }),
      ignore: (name) => dispatch({ do: 'ignore', name }),
      unignore: (name) => dispatch({ do: 'unignore', name }),
      keyHelp,
      connect: (address) => connect(deps, address),
      disconnect: (reason) => disconnect(deps, reason),
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

function goTo({ store, dispatch, servers }: FrontEndDeps, which: string): boolean {
  const all = allConversations(store.state);
  // Of two with the same name, the one on this server.
  const own = all.filter(({ place }) => place.server === store.state.key);
  const named = [...own, ...all].map(({ place }) => place).concat(closedDirects(store.state));
  const found = /^\d{1,3}$/.test(which)
    ? all[Number(which) - 1]?.place
    : named.find(({ id }) => id === which || id.slice(1) === which);
  const place = found ?? notBegun(store.state, which);
  if (place === undefined) return false;
  if (place.server === store.state.key) dispatch({ do: 'open', id: place.id });
  else servers.open(place);
  return true;
}

/** Direct messages with `@NAME`, which may not have begun. */
function notBegun({ key }: ScreenState, which: string): ConversationPlace | undefined {
  const typed = parseRoomOrPerson(which, 'room');
  if (!typed.ok || 'room' in typed.conversation) return undefined;
  return { server: key, id: formatRoomOrPerson(typed.conversation) };
}

async function connect({ store, servers }: FrontEndDeps, address: string | undefined): Promise<void> {
  if (address === undefined) {
    store.notice(serversOf(store.state).map(serverLine).join('\n'));
    return;
  }
  try {
    await servers.connect(address);
  } catch (error) {
    throw new CommandRefused(error instanceof Error ? error.message : String(error));
  }
}

function serverLine({ server, conversations, ...summary }: ServerSummary): string {
  const unread = conversations.reduce((sum, each) => sum + each.unread, 0);
  const state = isConnected(summary) ? '' : ', not connected';
  return `${server}: ${unread === 0 ? 'nothing unread' : `${unread} unread`}${state}`;
}

function quit({ quitWarning, keyboard, leave }: FrontEndDeps, reason: string | undefined): void {
  const warning = quitWarning();
  if (warning === undefined) leave(reason);
  else keyboard.ask({ about: 'quit', text: `${warning} Quit anyway? y/n` }, () => leave(reason));
}

function disconnect(deps: FrontEndDeps, reason: string | undefined): void {
  const { store, transfers, servers, keyboard } = deps;
  const warning = transferWarning(transfers);
  if (serversOf(store.state).length === 1) quit(deps, reason);
  else if (warning === undefined) servers.disconnect(reason);
  else
    keyboard.ask({ about: 'quit', text: `${warning} Leave this server anyway? y/n` }, () =>
      servers.disconnect(reason),
    );
}

/** What would end with this client, as a sentence; undefined for nothing. */
function whatQuitEnds(
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
