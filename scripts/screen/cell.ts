/** What an emulator shows, cell by cell. Knows the emulator's buffer, not what is done with it. */
import type xterm from '@xterm/headless';

export interface Cell {
  /** A grapheme cluster; a space where nothing is; empty for the second half of a wide one. */
  readonly text: string;
  /** Columns that it takes: 1 or 2, and 0 for that second half. */
  readonly width: number;
  /** `default`, a number of the palette's 256, or `#rrggbb`. */
  readonly foreground: Color;
  readonly background: Color;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly strike: boolean;
}

export type Color = 'default' | number | `#${string}`;

/** Every row that one sees, from the first to the last column. */
export function cellsOf({ buffer: { active }, cols, rows }: xterm.Terminal): Cell[][] {
  return Array.from({ length: rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: cols }, (_, column) => {
      const cell = line?.getCell(column);
      return cell === undefined ? blank : read(cell);
    });
  });
}

const blank: Cell = {
  text: ' ',
  width: 1,
  foreground: 'default',
  background: 'default',
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
};

function read(cell: xterm.IBufferCell): Cell {
  const width = cell.getWidth();
  return {
    text: width === 0 ? '' : cell.getChars() || ' ',
    width,
    foreground: color(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
    background: color(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    italic: cell.isItalic() !== 0,
    underline: cell.isUnderline() !== 0,
    inverse: cell.isInverse() !== 0,
    strike: cell.isStrikethrough() !== 0,
  };
}

function color(isDefault: boolean, isRgb: boolean, value: number): Color {
  if (isDefault) return 'default';
  return isRgb ? `#${value.toString(16).padStart(6, '0')}` : value;
}
