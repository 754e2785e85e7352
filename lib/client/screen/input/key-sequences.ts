/**
 * Which key an escape sequence or a control character stands for, as xterm, the Linux console, rxvt and
 * terminals with CSI u send them. Knows the names of keys, not what they do.
 */
import type { Key } from './key.js';

/** The key of one whole sequence that begins with ESC; undefined for what is no key, such as a reply. */
export function sequenceKey(sequence: string): Key | undefined {
  const alt = sequence.startsWith('\x1b\x1b') && sequence.length > 2;
  const plain = alt ? sequence.slice(1) : sequence;
  if (plain === '\x1b') return named('escape');
  if (plain === '\x1b[I') return { kind: 'focus', focused: true };
  if (plain === '\x1b[O') return { kind: 'focus', focused: false };
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

function csiKey(sequence: string, escaped: boolean): Key | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
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
  /** Where it is not the second parameter: as there. */
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

/** Undefined for keys let go of, and for those with Super or Hyper, which are the window manager's. */
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
  // Shift is often held on over a space.
  if (name === 'space' && !ctrl && !alt) return { kind: 'text', text: ' ' };
  if (name !== undefined) return named(withModifiers(name, { ctrl, alt, shift: shift && name !== 'space' }));
  if (!(number > 0x20 && number < 0x7f) || (!ctrl && !alt)) return undefined;
  const letter = String.fromCharCode(number).toLowerCase();
  // What Ctrl-/ is without CSI u.
  return named(withModifiers(ctrl && letter === '/' ? '_' : letter, { ctrl, alt, shift: false }));
}
