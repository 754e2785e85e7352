/** What the screen shows of one server, and what can be done there: wires the parts together. Knows which part does what, and no more. */
import { tmpdir } from 'node:os';
import type { Clock } from '../../system/clock.js';
import { createAwayStatus } from '../commands/away-status.js';
import { createLineRunner } from '../commands/run-line.js';
import type { FrontEndResult, OpenTransfers } from '../front-end.js';
import type { OpenHooks } from '../hooks.js';
import { createReadMarks } from '../session/read-marks.js';
import type { OutgoingMessage, Session, SessionEnd, SessionEvent, StaySignedIn } from '../session/session.js';
import { roomRulesWords } from '../text/event-words.js';
import { motdLines, recoveryLines, stayOffer, transferBar } from '../text/wording.js';
import type { Transfer } from '../transfer/transfer.js';
import { createDispatch } from './actions.js';
import { createCommandFrontEnd } from './command-front-end.js';
import { composeDraft } from './compose.js';
import { type Copy, copyingLinks, createCopy } from './copy.js';
import { createEventHandler } from './event-handler.js';
import { createHistoryLoader } from './history-loader.js';
import { createImageViewer } from './image-viewer.js';
import type { Key } from './input/keys.js';
import { createKeyboard } from './keyboard.js';
import { createLeaving, whatQuitEnds } from './leaving.js';
import { openLink } from './open-link.js';
import { createSave, plainText } from './plain-text.js';
import { createPreferenceKeeper, type Preferences, type PreferencesFile } from './preferences.js';
import type { Appearance } from './render/theme.js';
import { createScreenCommands } from './screen-commands.js';
import { createScrolling } from './scrolling.js';
import { createSharing } from './sharing.js';
import { lobby } from './state/conversation.js';
import { current, find, here, isConnected } from './state/conversations.js';
import { withProgress } from './state/notices.js';
import type { ConversationId, ConversationPlace } from './state/state.js';
import type { ScreenStore } from './state/store.js';
import { copyText } from './terminal/clipboard.js';
import type { TerminalGraphics } from './terminal/graphics.js';
import type { Occasion } from './terminal/notifier.js';
import type { Terminal } from './terminal/terminal.js';

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
  /** Aborted with a StopSignal as its reason. */
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

const readMarkMs = 1_000;

export function createServerView(deps: ViewDeps): ServerView {
  const { session, store, saved, appearance, clock, env, stop, stay, terminal, servers, quitWarning } = deps;
  const { now } = appearance.time;
  const ignored = new Set(saved.ignored);
  const preferences = createPreferenceKeeper(store, deps.preferences, saved);
  const marks = createReadMarks({ session, later: (callback) => void clock.after(readMarkMs, callback) });
  const events = createEventHandler({
    ...{ store, session, ignored, marks, now, notify: deps.notify },
    later: (ms, callback) => void clock.after(ms, callback),
    ended(end) {
      isOver = true;
      deps.ended(end);
    },
  });
  let isOver = false;
  const { viewed, loadDirects } = events;
  const history = createHistoryLoader({ store, session, ignored });
  const scrolling = createScrolling({ store, history, appearance });
  const transfers = deps.openTransfers(session, (transfer) => showTransfer(store, transfer, now()));
  const images = createImageViewer({
    ...{ store, appearance, clock, viewed, load: transfers.load, askTerminal: deps.askGraphics },
  });
  const away = createAwayStatus({ session, show: (words) => void store.notice(words) });
  const copy = copyToTerminal(deps);
  const hooks = deps.openHooks?.(session, (words) => void store.notice(words, 'bad'));
  const sharing = createSharing({ store, session, ignored, clock });
  const compose = () => void composeDraft(store, { env, temporary: tmpdir(), run: terminal.run, stop });
  const keyboard = createKeyboard({
    store,
    dispatch(action) {
      const before = current(store.state);
      dispatch(action);
      sharing.pressed(before);
    },
    soon: (callback) => void clock.after(0, callback),
  });
  const post = (draft: OutgoingMessage) => lines.post(draft);
  const dispatch = createDispatch({
    ...{ store, scrolling, history, quitWarning, copy, viewed, loadDirects, post, ask: keyboard.ask },
    ascii: appearance.glyphs === 'ascii',
    runLine: (line) => lines.run(line).keep,
    reconnect: session.reconnect,
    edit: (of, text) => lines.edit(of, text),
    openLink: (href) => openLink(href, { env, clock, platform: process.platform }),
    hideHint: preferences.hideHint,
    leave: (how) => deps.leave(how === 'interrupt' ? { by: 'signal', signal: 'SIGINT' } : { by: 'person' }),
    openElsewhere: servers.open,
    others: {
      ...{ compose, redraw: deps.redraw, 'close-image': images.close },
      'plain-text': () => store.update((state) => ({ ...state, plainText: plainText(state, appearance) })),
      suspend: () => void terminal.suspend(),
    },
  });
  const save = createSave({ store, ask: keyboard.ask, whole: history.whole, env, appearance });
  const { quit, disconnect } = createLeaving({
    ...{ store, transfers, ask: keyboard.ask, quitWarning, disconnect: servers.disconnect },
    leave: (reason) => deps.leave({ by: 'person' }, reason),
  });
  const hosted = deps.hosted && [...deps.hosted, copyingLinks];
  const lines = createLineRunner(
    createCommandFrontEnd({
      ...{ session, marks, store, transfers, scrolling, dispatch, appearance, away },
      ...{ hosted, stay, quit, askLine: keyboard.askLine, hideHint: preferences.hideHint },
      screen: createScreenCommands({
        ...{ store, ignored, post, copy, images, compose, viewed, disconnect },
        ...{ keep: preferences.keep, share: sharing.share, connect: servers.connect },
        save: (file) => void save(file),
      }),
    }),
  );

  return {
    ...{ store, session, handle, press: keyboard.press, drawn: scrolling.drawn, resized: images.resized },
    open: (id, from) => dispatch({ do: 'open', place: { ...here(store.state), id }, from }),
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
    if (event.kind === 'synced' && event.first) welcome(store, session, { hosted, stay });
  }
}

function copyToTerminal({ store, env, clock, terminal }: ViewDeps): Copy {
  const { send } = terminal;
  const clipboard = (text: string) => copyText(text, { env, clock, send });
  return createCopy({ store, clipboard });
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
  { hosted, stay }: Pick<ViewDeps, 'hosted' | 'stay'>,
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
