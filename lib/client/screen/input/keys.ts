/**
 * Keys and the sequences terminals send for them: xterm, the Linux console, rxvt and terminals with CSI u.
 * Knows the names of keys, not what they do.
 */

/** A key, or an event of the terminal that arrives the same way. */
export type Key =
  /** Typed text: one or more characters. */
  | { readonly kind: 'text'; readonly text: string }
  /**
   * A key by name as people write it: `enter`, `tab`, `backspace`, `delete`, `insert`, `up`, `down`, `left`, `right`,
   * `home`, `end`, `pageup`, `pagedown`, `f1` … `f12`, `escape`, each also after `ctrl-`, `alt-`, `shift-` in this order;
   * `ctrl-a` … `ctrl-z`, `ctrl-space`, `ctrl-_`, `ctrl-\`, `ctrl-]`, `ctrl-^`; `alt-` and any lower-case character;
   * `ctrl-alt-a` … ; `wheel-up`, `wheel-down` (DECSET 1006). Ctrl-I, Ctrl-J and Ctrl-M are `tab`, `enter` and `enter` to most terminals, Ctrl-/ is `ctrl-_`.
   */
  | { readonly kind: 'key'; readonly name: string }
  /** A bracketed paste, whole, line ends as \n, not yet made printable. */
  | { readonly kind: 'paste'; readonly text: string }
  /** The terminal window got or lost the keyboard (DECSET 1004). */
  | { readonly kind: 'focus'; readonly focused: boolean }
  /** The terminal is gone. */
  | { readonly kind: 'end' };

/** The key of a whole sequence that begins with ESC; undefined if it is no key, such as a reply. */
export function sequenceKey(sequence: string): Key | undefined {
  const alt = sequence.startsWith('\x1b\x1b') && sequence.length > 2;
  const plain = alt ? sequence.slice(1) : sequence;
  if (plain === '\x1b') return named('escape');
  if (plain === '\x1b[I') return { kind: 'focus', focused: true };
  if (plain === '\x1b[O') return { kind: 'focus', focused: false };
  const wheel = wheelKey(plain);
  if (wheel !== undefined) return wheel;
  if (plain.length > 2) return csiKey(plain, alt);
  const key = altKey(plain.slice(1));
  return key === undefined ? undefined : named(key);
}

/** The key of a control character U+0000 to U+001F or U+007F; undefined for U+0080 to U+009F. */
export function controlKey(character: string): Key | undefined {
  const name = controlName(character.charCodeAt(0));
  return name === undefined ? undefined : named(name);
}

interface Modifiers {
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

const none: Modifiers = { ctrl: false, alt: false, shift: false };

const byLetter: Readonly<Record<string, string>> = {
  ...{ A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end' },
  ...{ P: 'f1', Q: 'f2', R: 'f3', S: 'f4' },
};

// rxvt: with Shift after ESC [, with Ctrl after ESC O.
const rxvtArrows: Readonly<Record<string, string>> = { a: 'up', b: 'down', c: 'right', d: 'left' };

const byNumber: Readonly<Record<number, string>> = {
  ...{ 1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end' },
  ...{ 11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8' },
  ...{ 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12' },
};

// 57414 is the Enter of the keypad.
const byCode: Readonly<Record<number, string>> = {
  ...{ 8: 'backspace', 9: 'tab', 13: 'enter', 27: 'escape', 32: 'space', 127: 'backspace', 57414: 'enter' },
};

function named(name: string): Key {
  return { kind: 'key', name };
}

function withModifiers(name: string, { ctrl, alt, shift }: Modifiers): string {
  return `${ctrl ? 'ctrl-' : ''}${alt ? 'alt-' : ''}${shift ? 'shift-' : ''}${name}`;
}

function controlName(code: number): string | undefined {
  if (code === 0) return 'ctrl-space';
  if (code === 0x09) return 'tab';
  if (code === 0x0a || code === 0x0d) return 'enter';
  if (code === 0x1b) return 'escape';
  if (code === 0x7f) return 'backspace';
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x40).toLowerCase()}` : undefined;
}

function altKey(character: string): string | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x08) return 'alt-backspace';
  if (character === ' ') return 'alt-space';
  if (code > 0x9f || (code > 0x20 && code < 0x7f)) return `alt-${character.toLowerCase()}`;
  const name = controlName(code);
  if (name === undefined) return undefined;
  return name.startsWith('ctrl-') ? name.replace('ctrl-', 'ctrl-alt-') : `alt-${name}`;
}

/** The wheel of the mouse, with any modifiers; no other button is a key. */
function wheelKey(sequence: string): Key | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const [, button] = /^\x1b\[<(\d+);\d+;\d+M$/.exec(sequence) ?? [];
  if (button === undefined) return undefined;
  const plain = Number(button) & ~mouseModifiers;
  if (plain === 64) return named('wheel-up');
  return plain === 65 ? named('wheel-down') : undefined;
}

/** Shift, Alt and Ctrl in a mouse report. */
const mouseModifiers = 4 | 8 | 16;

function csiKey(sequence: string, escaped: boolean): Key | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
  const [, kind, parameters = '', final = ''] = /^\x1b([[O])(\[|[0-9;:]*)(.)$/s.exec(sequence) ?? [];
  if (kind === undefined) return undefined;
  if (parameters === '[') return /[A-E]/.test(final) ? named(`f${final.charCodeAt(0) - 0x40}`) : undefined;
  const [first, second, third] = parameters.split(';');
  // modifyOtherKeys of xterm.
  if (final === '~' && first === '27') return codeKey(third, second);
  if (final === 'u' && kind === '[') return codeKey(first, second);
  if (final === 'M' && sequence === '\x1bOM') return named('enter');
  if (final === 'Z') return named('shift-tab');
  const key = numberedKey(first, final) ?? letteredKey({ kind, first, second, final });
  const modifiers = modifiersOf(key?.modifier ?? second);
  if (key === undefined || modifiers === undefined) return undefined;
  return named(withModifiers(key.name, { ...modifiers, alt: modifiers.alt || escaped }));
}

interface Found {
  readonly name: string;
  /** If it is not the second parameter; in the same form. */
  readonly modifier?: string | undefined;
}

function numberedKey(first: string | undefined, final: string): Found | undefined {
  const name = byNumber[Number(first)];
  const rxvt: Readonly<Record<string, string>> = { $: '2', '^': '5', '@': '6' };
  if (name === undefined || !(final === '~' || Object.hasOwn(rxvt, final))) return undefined;
  return { name, modifier: rxvt[final] };
}

interface Lettered {
  readonly kind: string;
  readonly first: string | undefined;
  readonly second: string | undefined;
  readonly final: string;
}

function letteredKey({ kind, first = '', second, final }: Lettered): Found | undefined {
  const arrow = rxvtArrows[final];
  if (arrow !== undefined && first === '') return { name: arrow, modifier: kind === 'O' ? '5' : '2' };
  const name = byLetter[final];
  if (name === undefined) return undefined;
  // Old xterm has the modifier alone. A position of the cursor, row and column, looks like F3.
  if (second === undefined) return final === 'R' && kind === '[' ? undefined : { name, modifier: first };
  return first === '' || first === '1' ? { name, modifier: second } : undefined;
}

/** Undefined for a key release, and for Super or Hyper, which belong to the window manager. */
function modifiersOf(parameter = ''): Modifiers | undefined {
  const [number = '', event = '1'] = parameter.split(':');
  if (event === '3') return undefined;
  const bits = number === '' ? 0 : Number(number) - 1;
  if (bits <= 0) return none;
  if ((bits & 0b11000) !== 0) return undefined;
  return { shift: (bits & 1) !== 0, alt: (bits & 2) !== 0 || (bits & 32) !== 0, ctrl: (bits & 4) !== 0 };
}

function codeKey(code = '', modifier: string | undefined): Key | undefined {
  const number = Number(code.split(':')[0]);
  const modifiers = modifiersOf(modifier);
  if (modifiers === undefined) return undefined;
  const { ctrl, alt, shift } = modifiers;
  const name = byCode[number];
  // Shift is often still held for a space.
  if (name === 'space' && !ctrl && !alt) return { kind: 'text', text: ' ' };
  if (name !== undefined) return named(withModifiers(name, { ctrl, alt, shift: shift && name !== 'space' }));
  if (!(number > 0x20 && number < 0x7f) || (!ctrl && !alt)) return undefined;
  const letter = String.fromCharCode(number).toLowerCase();
  // As terminals without CSI u send Ctrl-/.
  return named(withModifiers(ctrl && letter === '/' ? '_' : letter, { ctrl, alt, shift: false }));
}

/**
 * The offset after the sequence that begins with the ESC at `at`; undefined if it is incomplete (ECMA-48).
 * A sequence ends before a character that cannot be part of it. A lone ESC before another key has length 1.
 */
export function sequenceEnd(text: string, at: number): number | undefined {
  const second = text[at + 1];
  if (second === undefined) return undefined;
  if (second === '\x1b') return afterTwoEscapes(text, at);
  if (second === '[') return csiEnd(text, at);
  if (second === 'O') return ss3End(text, at);
  if (stringIntroducers.includes(second)) return stringEnd(text, at + 2);
  return at + 1 + ((text.codePointAt(at + 1) ?? 0) > 0xffff ? 2 : 1);
}

/** The offset after the end of a string that continues at `from`; undefined if it is incomplete. */
export function stringEnd(text: string, from: number): number | undefined {
  stringStop.lastIndex = from;
  const stop = stringStop.exec(text);
  if (stop === null) return undefined;
  if (stop[0] !== '\x1b') return stop.index + 1;
  const next = text[stop.index + 1];
  if (next === undefined) return undefined;
  // Any other sequence breaks the string off and is one itself.
  return next === '\\' ? stop.index + 2 : stop.index;
}

/** Begins a string of any length: OSC, DCS, SOS, PM, APC. */
export function isString(sequence: string): boolean {
  return stringIntroducers.includes(sequence[1] ?? ' ');
}

const stringIntroducers = ']PX^_';
// BEL, ST, CAN and SUB; ESC is the half of ST.
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
const stringStop = /[\x07\x18\x1a\x1b\x9c]/g;
// The function keys of the Linux console, the old mouse reports, rxvt's keys with Shift, and all the rest.
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
const csi = /\x1b\[(?:[[].|M.{3}|\d+\$|[0-?]*[ -/]*[@-LN-Z\\-~]|(?:[0-?]+[ -/]*|[ -/]+)M)/sy;
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
const csiBegun = /\x1b\[(?:\[|M.{0,2}|[ -?]*)$/sy;
const longestSs3 = 64;

/** Some terminals send ESC before the sequence of a key for Alt. */
function afterTwoEscapes(text: string, at: number): number | undefined {
  const third = text[at + 2];
  if (third === undefined) return undefined;
  return third === '[' || third === 'O' ? sequenceEnd(text, at + 1) : at + 1;
}

function csiEnd(text: string, at: number): number | undefined {
  csi.lastIndex = at;
  if (csi.test(text)) return csi.lastIndex;
  csiBegun.lastIndex = at;
  if (csiBegun.test(text)) return undefined;
  let end = at + 2;
  while (/[ -?]/.test(text.charAt(end))) end++;
  return end;
}

function ss3End(text: string, at: number): number | undefined {
  let end = at + 2;
  while (/[0-9;]/.test(text.charAt(end)) && end - at <= longestSs3) end++;
  const final = text[end];
  if (final === undefined) return undefined;
  return /[@-~]/.test(final) ? end + 1 : end;
}
