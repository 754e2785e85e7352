/** The end of a ban or a mute in words. */

/** @param at milliseconds since the epoch; undefined for no end, which is '' */
export function until(at: number | undefined): string {
  return at === undefined ? '' : ` until ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
