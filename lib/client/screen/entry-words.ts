/** An entry of a pane in words, each of them printable and of one line or several. Knows no looks. */
import { spoken } from '../text/transcript.js';
import type { Entry } from './state/state.js';

export function entryWords(entry: Entry): string[] {
  switch (entry.kind) {
    case 'message': {
      const { from, text, action, delivery } = entry;
      const fate =
        delivery.state === 'failed'
          ? ` (not sent: ${delivery.why})`
          : delivery.state === 'sending'
            ? ' (not sent yet)'
            : '';
      return [spoken({ from, text: `${text}${fate}`, action })];
    }
    case 'presence': {
      const { joined, left } = entry;
      return [
        ...(joined.length === 0 ? [] : [`-- ${joined.join(', ')} joined`]),
        ...left.map(({ name, reason }) => `-- ${name} left${reason === undefined ? '' : ` (${reason})`}`),
      ];
    }
    default:
      return [entry.text];
  }
}
