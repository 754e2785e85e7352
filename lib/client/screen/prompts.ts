/** Questions in the status line that are answered while one types: what was typed before, and where to go. Knows no keys. */
import { reactionCodes, reactionEmoji } from '../../protocol/reactions.js';
import type { KeyAction, ScreenAction } from './input/keymap.js';
import { allConversations, closedDirects, here, isSamePlace, serversOf } from './state/conversations.js';
import { edit, emptyEditor } from './state/editor.js';
import type { ConversationPlace, ConversationState, ScreenState } from './state/state.js';
import type { ScreenStore } from './state/store.js';

export interface Prompt {
  /** Actions that ask for the next answer. */
  readonly again: readonly KeyAction[];
  /** @returns what the status line says before and after the text */
  readonly answer: (text: string, why: Reason) => readonly [before: string, after: string];
  /** Enter. @returns whether that was all that Enter does */
  readonly accept: () => boolean;
  readonly cancel: () => void;
}

/** Why an answer is wanted: the text is new, the next answer is asked for, or there may be better ones now. */
type Reason = 'typed' | 'again' | 'refreshed';

export interface Prompts {
  begin(prompt: Prompt): void;
  /** There may be more to find now; nothing happens if the prompt is over. */
  refresh(prompt: Prompt): void;
  /** Any action that neither types, deletes nor cancels ends the prompt. @returns whether the action was meant for the prompt */
  take(action: ScreenAction): boolean;
}

/** What one corrects a mistyped answer with: it must not change the input below it. */
const deletions = ['delete-left', 'delete-word-left', 'delete-space-word-left', 'kill-to-start'] as const;

function isDeletion(name: ScreenAction['do']): name is (typeof deletions)[number] {
  return deletions.some((each) => each === name);
}

export function createPrompts(store: ScreenStore): Prompts {
  let open: { readonly prompt: Prompt; readonly text: string } | undefined;

  function show(prompt: Prompt, text: string, why: Reason): true {
    open = { prompt, text };
    const [before, after] = prompt.answer(text, why);
    store.update((state) => ({
      ...state,
      question: { about: 'search', text: `${before}: ${text}_${after}` },
    }));
    return true;
  }

  function close(): void {
    open = undefined;
    store.update((state) => ({ ...state, question: undefined }));
  }

  return {
    begin: (prompt) => void show(prompt, '', 'typed'),
    refresh(prompt) {
      if (open?.prompt === prompt) show(prompt, open.text, 'refreshed');
    },
    take(action) {
      if (open === undefined || action.do === 'focus') return false;
      const { prompt, text } = open;
      if (prompt.again.some((each) => each === action.do)) return show(prompt, text, 'again');
      if (action.do === 'insert') return show(prompt, text + action.text, 'typed');
      if (isDeletion(action.do)) {
        const answer = { ...emptyEditor, text, cursor: text.length };
        return show(prompt, edit(answer, { edit: action.do }).text, 'typed');
      }
      close();
      if (action.do === 'send') return prompt.accept();
      if (action.do !== 'interrupt' && action.do !== 'cancel') return false;
      prompt.cancel();
      return true;
    },
  };
}

const namesShown = 5;

/** Alt-K: goes to the conversation whose name fits the letters best. */
export function createSwitcher(
  store: Pick<ScreenStore, 'state'>,
  open: (place: ConversationPlace) => void,
): Prompt {
  let chosen = 0;
  let fitting: readonly Destination[] = [];
  return {
    again: ['switch', 'complete'],
    answer(text, why) {
      chosen = why === 'typed' ? 0 : chosen + (why === 'again' ? 1 : 0);
      fitting = conversationsFor(store.state, text);
      const names = fitting.slice(0, namesShown).map((each, i) => {
        const name = nameOf(store.state, each.place);
        return i === chosen % fitting.length ? `[${name}]` : ` ${name} `;
      });
      return ['Go to', `   ${names.join(' ') || 'no such conversation'}`];
    },
    accept() {
      const found = fitting[chosen % fitting.length];
      if (found !== undefined) open(found.place);
      return true;
    },
    cancel() {},
  };
}

function nameOf(state: ScreenState, { server, id }: ConversationPlace): string {
  const elsewhere = serversOf(state).find(({ key }) => key === server && key !== state.key);
  return elsewhere === undefined ? id : `${id} (${elsewhere.server})`;
}

interface Choice {
  readonly shown: string;
  readonly go: () => void;
}

/** One of a few things, by Tab or by letters of it. @param what is done with it */
function createChoice(what: string, choicesFor: (text: string) => readonly Choice[]): Prompt {
  let chosen = 0;
  let fitting: readonly Choice[] = [];
  return {
    again: ['complete'],
    answer(text, why) {
      chosen = why === 'typed' ? 0 : chosen + (why === 'again' ? 1 : 0);
      fitting = choicesFor(text);
      const at = chosen % fitting.length;
      const count = fitting.length > 1 ? ` (${at + 1} of ${fitting.length}, Tab)` : '';
      // Last, where a narrow screen shows it.
      return [`${what}${count}`, `   ${fitting.length === 0 ? 'no match' : `[${fitting[at]?.shown}]`}`];
    },
    accept() {
      fitting[chosen % fitting.length]?.go();
      return true;
    },
    cancel() {},
  };
}

/** Enter opens a link of a message, or goes to what it replies to: first it shows where that leads. @param links absolute */
export function createLinkPrompt(
  links: readonly string[],
  { open, jump }: { readonly open: (href: string) => void; readonly jump: (() => void) | undefined },
): Prompt {
  const choices = [
    ...links.map((href) => ({ shown: shortLink(href), words: href, go: () => open(href) })),
    ...(jump === undefined ? [] : [{ shown: 'what it replies to', words: 'replies', go: jump }]),
  ];
  return createChoice('Open', (text) =>
    choices.filter(({ words }) => words.toLowerCase().includes(text.toLowerCase())),
  );
}

/** A reaction by a short code or part of one, or by an emoji. @param react gets what was chosen */
export function createReactionPrompt(react: (emoji: string) => void, { ascii }: { ascii: boolean }): Prompt {
  return createChoice('React', (text) => {
    const typed = text.trim().toLowerCase().replaceAll(':', '');
    const codes = reactionCodes.filter((code) => code.includes(typed));
    // What begins like that before what contains it.
    const sorted = [...codes].sort((a, b) => Number(b.startsWith(typed)) - Number(a.startsWith(typed)));
    const emoji = sorted.includes(typed) ? undefined : reactionEmoji(text);
    return [
      ...(emoji === undefined ? [] : [{ shown: emoji, go: () => react(emoji) }]),
      ...sorted.map((code) => ({
        shown: ascii ? code : `${reactionEmoji(code)} ${code}`,
        go: () => react(code),
      })),
    ];
  });
}

const linkColumns = 48;

/** The host, and as much of the rest as fits: it decides where the link leads. */
function shortLink(href: string): string {
  const shown = href.replace(/^https?:\/\//, '');
  return shown.length > linkColumns ? `${shown.slice(0, linkColumns - 1)}…` : shown;
}

interface Destination {
  readonly place: ConversationPlace;
  /** Undefined if it is closed. */
  readonly conversation?: ConversationState;
}

/**
 * The others that have these letters in this order, the best first: the beginning, all together, what is unread; closed
 * ones last.
 */
function conversationsFor(state: ScreenState, text: string): Destination[] {
  const typed = text.toLowerCase();
  const start = typed.replace(/^[#@]/, '');
  const rank = ({ place: { id }, conversation }: Destination) => {
    const name = id.slice(1);
    const fit = name.startsWith(start) ? 0 : name.includes(start) ? 1 : 2;
    if (conversation === undefined) return fit * 4 + 3;
    const { unread, mentions } = conversation;
    return fit * 4 + (mentions > 0 ? 0 : unread > 0 ? 1 : 2);
  };
  return [...allConversations(state), ...closedDirects(state).map((place) => ({ place }))]
    .filter(({ place }) => !isSamePlace(place, here(state)) && hasInOrder(place.id, typed))
    .sort((a, b) => rank(a) - rank(b));
}

function hasInOrder(id: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    const found = id.indexOf(letter, at);
    if (found < 0) return false;
    at = found + letter.length;
  }
  return true;
}
