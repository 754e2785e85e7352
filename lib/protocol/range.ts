/** A part of a text, in UTF-16 offsets, the end not included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}
