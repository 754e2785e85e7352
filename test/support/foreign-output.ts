/** Finds terminal output that the chat must never write. Has its own list of what is allowed. */

// SGR, CUP, CHA, ED, EL; the title kept and given back; the modes of a full screen.
const control =
  /^(?:[\d;]*m|(?:\d+(?:;\d+)?)?H|\d*G|[0-3]?J|[0-2]?K|2[23];0t|\?(?:7|25|1000|1004|1006|1049|2004|2026)[hl])$/;
// A link to the web or the end of one, a title, and notifications; 9;4 would be progress.
const command =
  /^(?:8;(?:id=[\w-]*)?;(?:https?:\/\/[!-~]*)?|[02];[^;]?.*|9;(?!\d+;).*|777;notify;[^;]*;[^;]*)$/su;
// Controls, halves of characters, private use, what reorders or has no width, and tags; joiners have a meaning.
const invisible =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;

// The end of a string, line ends, and the bell.
const harmless: ReadonlySet<string> = new Set(['\x1b\\', '\r', '\n', '\x07']);

/** Each sequence and each run of text that is not allowed, as JSON strings. */
export function foreign(output: string): string[] {
  const found: string[] = [];
  const report = (text: string): void => void found.push(JSON.stringify(text.slice(0, 200)));
  // tmux gets sequences for the terminal in one of its own, with each ESC doubled.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how they begin
  const direct = output.replace(/\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\/g, (_, inner: string) =>
    inner.replaceAll('\x1b\x1b', '\x1b'),
  );
  const parts =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how they begin
    /\x1b\[([0-?]*[ -/]*[@-~])|\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b\\|[\r\n\x07]|\x1b|[^\x1b\r\n\x07]+/gu;
  for (const [part, csi, osc] of direct.matchAll(parts)) {
    if (csi !== undefined) {
      if (!control.test(csi)) report(part);
    } else if (osc !== undefined) {
      if (!command.test(osc) || invisible.test(osc)) report(part);
    } else if (part === '\x1b') report(part);
    else if (!harmless.has(part) && invisible.test(part)) report(part);
  }
  return found;
}
