/** The full screen as a front end: one terminal for the views of one or more servers. Knows which one is on it. */
import type { Readable, Writable } from 'node:stream';
import type { Endpoint } from '../../trust/endpoint.js';
import {
  createListener,
  type FrontEnd,
  type FrontEndResult,
  type JoinedServer,
  type MoreServers,
  type StopSignal,
} from '../front-end.js';
import type { SessionEnd } from '../session/session.js';
import { endWords } from '../text/wording.js';
import { createKeyReader } from './input/key-reader.js';
import { createPicture, type Picture } from './picture.js';
import type { Preferences, PreferencesFile } from './preferences.js';
import { messagesIn } from './state/conversation.js';
import { here, startState } from './state/conversations.js';
import type { ScreenState } from './state/state.js';
import { createScreenStore } from './state/store.js';
import { createGraphicsQuery, type GraphicsQuery } from './terminal/graphics.js';
import type { Process } from './terminal/job.js';
import { createNotifier, type Notifier, type Occasion } from './terminal/notifier.js';
import { openTerminal, type Terminal } from './terminal/terminal.js';
import { createServerView, type ServerView, type ViewDeps } from './view.js';
import { createViews, type Views } from './views.js';

type Shared = 'appearance' | 'clock' | 'env' | 'stop' | 'openTransfers' | 'openHooks' | 'hosted' | 'endsChat';

export interface ScreenDeps extends Pick<ViewDeps, Shared> {
  /** Terminals both. */
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly process: Process;
  /** The first server. */
  readonly server: Endpoint;
  readonly openPreferences: (server: Endpoint) => PreferencesFile;
  /** An uncaught error, after the terminal is restored. Must end the process. */
  readonly onCrash: (error: unknown) => void;
}

export function createScreen(deps: ScreenDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    fullScreen: true,
    async run(session, more = alone, stay) {
      const first = { session, stay, server: deps.server, open, done: async () => more.leftFirst() };
      return openScreen(deps, { first, saved: await deps.openPreferences(deps.server).load(), more });
    },
  };
}

const alone: MoreServers = {
  first: [],
  connect: () => Promise.reject(new Error('Other servers cannot be joined here.')),
  leftFirst() {},
};

interface Opening {
  readonly first: JoinedServer;
  readonly saved: Preferences;
  readonly more: MoreServers;
}

/** What the parts below share. */
interface Screen {
  readonly deps: ScreenDeps;
  readonly more: MoreServers;
  readonly terminal: Terminal;
  readonly graphics: GraphicsQuery;
  readonly picture: Picture;
  readonly notifier: Notifier;
  readonly views: Views;
  readonly leave: (how: FrontEndResult['endedBy'], reason?: string) => void;
  lastKey: number;
  /** Settles when the servers that were left are. */
  leaving: Promise<unknown>;
}

function openScreen(deps: ScreenDeps, { first, saved, more }: Opening): Promise<FrontEndResult> {
  const { appearance, clock, env, stop } = deps;
  const terminal = openTerminal({
    ...deps,
    onKey: (key) => views.shown.press(key),
    keys: (report) => createKeyReader(report, clock, (sequence) => graphics.answer(sequence)),
    onResize: () => resized(screen),
    // Its size may have changed meanwhile.
    onBlank: () => resized(screen),
    onReady: () => picture.soon(),
  });
  const graphics = createGraphicsQuery({ send: terminal.send, size: () => terminal, clock, env });
  const picture = createPicture({
    ...{ appearance, terminal, clock },
    store: () => views.shown.store,
    drawn: () => views.shown.drawn(),
  });
  const { leave, over } = createLeave(stop, (reason) => leaveAll(screen, reason));
  const screen: Screen = {
    ...{ deps, more, terminal, graphics, picture, leave, lastKey: 0, leaving: Promise.resolve() },
    notifier: createNotifier({ env, clock }),
    get views() {
      return views;
    },
  };
  const views = createViews(
    createView(screen, first, { saved, hosted: deps.hosted, endsChat: deps.endsChat }),
  );
  aimMouse(screen);
  picture.redraw();
  first.open(views.shown.handle);
  for (const one of more.first) void joinLater(screen, one);
  return over;
}

type ViewOptions = Pick<ScreenDeps, 'hosted' | 'endsChat'> & { readonly saved: Preferences };

function createView(
  screen: Screen,
  { session, stay, server, done }: JoinedServer,
  { saved, hosted, endsChat }: ViewOptions,
): ServerView {
  const { deps, terminal, graphics, picture, leave } = screen;
  const { appearance, clock, env, stop, openTransfers, openHooks } = deps;
  const { now } = appearance.time;
  const store = createScreenStore(
    startState({
      ...{ key: ++screen.lastKey, columns: terminal.columns, rows: terminal.rows, now: now() },
      ...{ me: session.name, server: session.hello.server, hint: !saved.hintSeen },
      ...{ notifyChoices: saved.notify, settings: saved.settings },
    }),
    now,
    () => changed(screen, view),
  );
  const view = createServerView({
    ...{ session, stay, store, saved, appearance, clock, env, stop, openTransfers, openHooks },
    ...{ terminal, done, hosted, endsChat, leave },
    preferences: deps.openPreferences(server),
    ...{ redraw: picture.redraw, askGraphics: graphics.ask },
    servers: {
      open: (place) => screen.views.open(place),
      connect: (address) => connect(screen, address),
      disconnect: (reason) => disconnect(screen, reason),
    },
    quitWarning: () =>
      screen.views.all.map((each) => each.quitWarning()).find((warning) => warning !== undefined),
    notify: (occasion) => notify(screen, view, occasion),
    ended: (end) => ended(screen, view, end),
  });
  return view;
}

function changed(screen: Screen, view: ServerView): void {
  if (view !== screen.views.shown) screen.views.changed();
  else {
    aimMouse(screen);
    screen.picture.changed();
  }
}

function aimMouse({ terminal, views }: Screen): void {
  const { settings, plainText } = views.shown.store.state;
  terminal.mouse(settings.mouse === 'on' && plainText === undefined);
}

function resized({ terminal, views, picture }: Screen): void {
  const { columns, rows } = terminal;
  views.shown.resized();
  views.shown.store.update(({ plainText: _, ...state }) => ({ ...state, columns, rows }));
  picture.redraw();
}

async function add(screen: Screen, opened: JoinedServer): Promise<ServerView> {
  const saved = await screen.deps.openPreferences(opened.server).load();
  const view = createView(screen, opened, { saved, hosted: undefined, endsChat: undefined });
  screen.views.add(view);
  opened.open(view.handle);
  return view;
}

async function connect(screen: Screen, address: string): Promise<void> {
  // It may be one of them.
  await screen.leaving;
  const view = await add(screen, await screen.terminal.run(() => screen.more.connect(address)));
  screen.views.open(here(view.store.state));
}

async function joinLater(screen: Screen, { address, late, opened }: MoreServers['first'][number]) {
  const tell = (words: string, tone?: 'bad') => void screen.views.shown.store.notice(words, tone);
  if (late) tell(`${address} can't be reached now. It joins once it can be.`, 'bad');
  try {
    const { session, store } = await add(screen, await opened);
    if (late) tell(`Connected to ${session.hello.server}.`);
    // It has a recovery code to be read.
    if (session.recovery !== undefined) screen.views.open(here(store.state));
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), 'bad');
  }
}

function disconnect(screen: Screen, reason: string | undefined): void {
  remove(screen, screen.views.shown, reason);
}

function remove(screen: Screen, view: ServerView, reason?: string): void {
  screen.views.remove(view);
  screen.leaving = Promise.all([screen.leaving, view.leave(reason)]);
}

function ended(screen: Screen, view: ServerView, end: SessionEnd): void {
  const { views, leave } = screen;
  if (!views.all.includes(view)) return;
  if (views.all.length === 1) leave({ by: 'session', end });
  else {
    remove(screen, view);
    views.shown.store.notice(`${view.session.hello.server}: ${endWords(end)}`, 'bad');
  }
}

/** Its title names the server if there are several. */
function notify({ terminal, notifier, views }: Screen, { session }: ServerView, occasion: Occasion): void {
  const { conversation } = occasion;
  const title = views.all.length === 1 ? conversation : `${conversation} (${session.hello.server})`;
  terminal.send(notifier.notification({ ...occasion, conversation: title }));
}

/** @returns how many messages were not acknowledged */
async function leaveAll({ terminal, picture, views }: Screen, reason: string | undefined): Promise<number> {
  picture.stop();
  terminal.close();
  await Promise.all(views.all.map((view) => view.leave(reason)));
  return views.all.reduce((sum, { store }) => sum + unacknowledged(store.state), 0);
}

/**
 * The end, which comes once.
 * @param close closes everything and signs off; resolves with the number of messages that were not acknowledged
 */
function createLeave(stop: AbortSignal, close: (reason: string | undefined) => Promise<number>) {
  let left = false;
  let finish: (leave: FrontEndResult) => void = () => {};
  const over = new Promise<FrontEndResult>((resolve) => {
    finish = resolve;
  });

  function leave(how: FrontEndResult['endedBy'], reason?: string): void {
    if (left) return;
    left = true;
    stop.removeEventListener('abort', onStop);
    void close(reason).then((count) => finish({ endedBy: how, refused: 0, unacknowledged: count }));
  }

  function onStop(): void {
    leave({ by: 'signal', signal: stop.reason as StopSignal });
  }

  stop.addEventListener('abort', onStop);
  if (stop.aborted) queueMicrotask(onStop);
  return { leave, over };
}

function unacknowledged({ conversations }: ScreenState): number {
  return conversations.flatMap(messagesIn).filter(({ delivery }) => delivery.state === 'sending').length;
}
