/**
 * The full screen as a face of a session: puts its parts together. Knows which part does what; none of it
 * itself.
 */
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { formatRoomOrPerson, recipientOf, toRoomOrPerson } from '../../protocol/room-or-person.js';
import type { Clock } from '../../system/clock.js';
import { createAwayStatus } from '../commands/away-status.js';
import { createLineRunner } from '../commands/run-line.js';
import {
  createListener,
  type FrontEnd,
  type FrontEndResult,
  type OpenTransfers,
  type StopSignal,
} from '../front-end.js';
import { createReadMarks } from '../session/read-marks.js';
import type { Session, SessionEvent } from '../session/session.js';
import { transferBar } from '../text/transfer-words.js';
import { motdLines, recoveryLines } from '../text/wording.js';
import { createActs } from './acts.js';
import { compose } from './compose.js';
import { createControls } from './controls.js';
import { createScreenHistory } from './history.js';
import { createKeyReader } from './input/key-reader.js';
import { shownKey } from './input/keymap.js';
import { createTab } from './input/tab.js';
import type { Preferences, PreferencesFile } from './preferences.js';
import { createHabits } from './preferences.js';
import { bareText } from './render/bare.js';
import type { Look } from './render/theme.js';
import { createSaving } from './save.js';
import { createScrolling } from './scrolling.js';
import { current } from './state/conversations.js';
import { createHappenings } from './state/happenings.js';
import { createLoader } from './state/loader.js';
import { reported } from './state/notices.js';
import type { ConversationId, ScreenState } from './state/state.js';
import { createScreenStore } from './state/store.js';
import { said, startState } from './state/update.js';
import type { Process } from './terminal/job.js';
import { createNotifier } from './terminal/notifier.js';
import { createPicture } from './terminal/picture.js';
import { openTerminal } from './terminal/terminal.js';
import { showTotpQr } from './totp-qr.js';

export interface ScreenDeps {
  /** Terminals both. */
  readonly stdin: Readable & { setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly process: Process;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly look: Look;
  readonly clock: Clock;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
  readonly preferences: PreferencesFile;
  readonly openTransfers: OpenTransfers;
  /** What there is to know of the chat that is hosted here; told at the beginning. */
  readonly hosted?: readonly string[] | undefined;
  /** An error that nobody caught, after the terminal was restored. Has to end the process. */
  readonly onCrash: (error: unknown) => void;
}

export function createScreen(deps: ScreenDeps): FrontEnd {
  const { listener, open } = createListener();
  return {
    listener,
    async run(session) {
      const screen = assemble(deps, session, await deps.preferences.load());
      open(screen.show);
      return screen.over;
    },
  };
}

const copying = `${shownKey('alt-l')} shows text alone, to copy it whole.`;
const readMarkMs = 1_000;
const secondMs = 1_000;

function assemble(deps: ScreenDeps, session: Session, kept: Preferences) {
  const { clock, env, look, stop } = deps;
  const ignored = new Set(kept.ignored);
  const hosted = deps.hosted && [...deps.hosted, copying];
  let ticking = false;
  let left = false;
  let finish: (leave: FrontEndResult) => void = () => {};
  const over = new Promise<FrontEndResult>((resolve) => {
    finish = resolve;
  });

  const terminal = openTerminal({
    stdin: deps.stdin,
    stdout: deps.stdout,
    process: deps.process,
    env,
    clock,
    keys: (onKey) => createKeyReader(onKey, clock),
    onKey: (key) => controls.press(key),
    onResize: resized,
    // It may have become another one meanwhile.
    onBlank: () => resized(),
    onReady: () => picture.soon(),
    onCrash: deps.onCrash,
  });
  const stage = createScreenStore({
    start: startState({
      columns: terminal.columns,
      rows: terminal.rows,
      me: session.name,
      server: session.hello.server,
      now: look.time.now(),
      hint: !kept.initiated,
      chosen: kept.notify,
    }),
    now: look.time.now,
    changed,
  });
  const { keep, initiated, saved } = createHabits({ stage, file: deps.preferences, kept });
  const picture = createPicture({ stage, look, terminal, clock, drawn: () => scrolling.drawn() });
  const marks = createReadMarks({ session, later: (callback) => void clock.after(readMarkMs, callback) });
  const loader = createLoader({ stage, session, ignored });
  const notifier = createNotifier({ env, clock });
  const happenings = createHappenings({
    stage,
    session,
    ignored,
    marks,
    now: look.time.now,
    later: (ms, callback) => void clock.after(ms, callback),
    ring(id, { from, text }) {
      const conversation = stage.state.conversations.find((each) => each.id === id);
      const mention = conversation?.entries.at(-1);
      const named = mention?.kind === 'message' && mention.mention;
      terminal.send(
        notifier.notification({
          kind: id.startsWith('@') ? 'direct' : named ? 'mention' : 'message',
          conversation: id,
          notify: conversation?.notify ?? 'mention',
          focused: stage.state.focused,
          from,
          text,
        }),
      );
    },
    ended: (end) => leave({ by: 'session', end }),
  });

  const awayStatus = createAwayStatus({ session, show: (words) => void stage.tell(words) });
  const transfers = deps.openTransfers(session, (transfer) => {
    const bad = transfer.progress.state === 'failed';
    const id = `t${transfer.id}`;
    stage.update((state) => reported(state, { id, text: transferBar(transfer), now: look.time.now(), bad }));
  });
  const acts = createActs({
    stage,
    me: session.name,
    ignored,
    looked: happenings.looked,
    say: (id, draft) => runner.post({ ...recipientOf(toRoomOrPerson(id)), ...draft }),
    keep,
    save: (file) => void save(file),
    compose: () => void write(),
  });
  const scrolling = createScrolling({ stage, loader, look });
  const runner = createLineRunner({
    session,
    transfers,
    time: look.time,
    hosted,
    conversation: () => toRoomOrPerson(stage.state.current),
    answer(lines) {
      // First, for the hint takes a row of the pane.
      initiated();
      stage.tell(lines.join('\n'));
      scrolling.reveal();
    },
    refuse: (message) => void stage.tell(message, 'bad'),
    say(draft) {
      const id: ConversationId = draft.to === undefined ? `#${draft.room ?? 'lobby'}` : `@${draft.to}`;
      const key = session.say(draft);
      stage.update((state) => said(state, key, { id, draft, now: look.time.now() }));
      if (id !== stage.state.current) stage.tell(`to ${id.slice(1)}: ${draft.text}`);
      initiated();
      if (draft.to !== undefined) void awayStatus.wroteTo(draft.to);
    },
    open: (conversation) => controls.turn(formatRoomOrPerson(conversation)),
    findConversation: acts.findConversation,
    ...createScreenHistory({ stage, loader, scrolling }),
    quit(reason) {
      const count = transfers.current.length;
      const files = count === 1 ? 'A transfer is' : `${count} transfers are`;
      if (count === 0) leave({ by: 'person' }, reason);
      else
        controls.ask({ about: 'quit', text: `${files} in progress. Quit anyway? y/n` }, () =>
          leave({ by: 'person' }, reason),
        );
    },
    secrets: {
      ask: (question, options) => controls.enquire(question, options),
      showKey(key) {
        // First, for the hint takes a row of the pane.
        initiated();
        return showTotpQr({ stage, look }, key);
      },
      copying,
    },
    screen: acts.screen,
  });
  const controls = createControls({
    stage,
    loader,
    scrolling,
    tab: createTab({ stage, used: initiated }),
    runner,
    bare: () => stage.update((state) => ({ ...state, bare: bareText(state, look) })),
    redraw: () => picture.redraw(),
    suspend: () => void terminal.suspend(),
    compose: () => void write(),
    leave: (how) => leave(how === 'interrupt' ? { by: 'signal', signal: 'SIGINT' } : { by: 'person' }),
    looked: happenings.looked,
    soon: (callback) => void clock.after(0, callback),
  });

  const save = createSaving({
    ...{ stage, env },
    me: session.name,
    now: look.time.now,
    ask: controls.ask,
  });
  const onStop = (): void => leave({ by: 'signal', signal: stop.reason as StopSignal });
  stop.addEventListener('abort', onStop);
  picture.redraw();
  if (stop.aborted) onStop();
  return { show, over };

  function show(happening: SessionEvent): void {
    if (happening.kind === 'event') {
      runner.notice(happening.event);
      awayStatus.notice(happening.event);
    }
    if (happening.kind === 'synced') {
      transfers.resume();
      void awayStatus.restore();
    }
    happenings.show(happening);
    if (happening.kind === 'synced' && happening.first) welcome();
  }

  function welcome(): void {
    const motd = motdLines(session.motd);
    if (motd.length > 0) stage.tell(motd.join('\n'));
    if (hosted !== undefined) stage.tell(hosted.join('\n'));
    // Here too, for the screen covers what the sign-in showed.
    if (session.recovery !== undefined) stage.tell(recoveryLines(session.recovery).join('\n'));
  }

  function resized(): void {
    const { columns, rows } = terminal;
    stage.update(({ bare: _, ...state }) => ({ ...state, columns, rows }));
    picture.redraw();
  }

  function changed(): void {
    picture.soon();
    if (stage.state.link.state === 'waiting' && !ticking) tick();
  }

  /** The seconds until the next try go by. */
  function tick(): void {
    ticking = true;
    clock.after(secondMs, () => {
      ticking = false;
      if (!left) stage.update((state) => ({ ...state, now: look.time.now() }));
    });
  }

  async function write(): Promise<void> {
    const { id, draft } = current(stage.state);
    const written = await compose(draft.text, { env, temporary: tmpdir(), run: terminal.run, stop });
    if (written.outcome === 'failed') stage.tell(written.message, 'bad');
    const text = written.outcome === 'text' ? written.text : written.outcome === 'empty' ? '' : undefined;
    if (text !== undefined) controls.replace(id, text);
  }

  function leave(how: FrontEndResult['endedBy'], reason?: string): void {
    if (left) return;
    left = true;
    stop.removeEventListener('abort', onStop);
    picture.stop();
    terminal.leave();
    const online = stage.state.link.state === 'online';
    if (how.by !== 'session' && online) marks.flush();
    const closed = transfers.close();
    const gone = how.by === 'session' ? closed : closed.then(() => session.quit(reason));
    // The program ends with this.
    void Promise.all([gone, saved()]).then(() =>
      finish({ endedBy: how, refused: 0, unacknowledged: unacknowledged(stage.state) }),
    );
  }
}

function unacknowledged({ conversations }: ScreenState): number {
  const entries = conversations.flatMap((conversation) => conversation.entries);
  return entries.filter((entry) => entry.kind === 'message' && entry.delivery.state === 'sending').length;
}
