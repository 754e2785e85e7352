/** What becomes of a transfer, in words for people. Knows transfers, not how often they are told. */
import { printable } from '../../protocol/printable.js';
import type { Transfer } from '../transfer/transfer.js';
import { byteCount } from './byte-count.js';

/** One line; what it is called is said each time, for several may be on their way. */
export function transferWords(transfer: Transfer): string {
  const { id, direction, path, progress } = transfer;
  const name = printable(transfer.name);
  const verb = direction === 'send' ? 'sending' : 'fetching';
  switch (progress.state) {
    case 'hashing':
      return `${verb} ${name}: reading it${percent(transfer)}`;
    case 'moving':
      return `${verb} ${name}${sizeOf(transfer)}${percent(transfer)} (/cancel ${id} stops it)`;
    case 'waiting':
      return `${verb} ${name}: waiting${percent(transfer)}`;
    case 'done':
      return direction === 'send' ? `${name} was sent` : `${name} is in ${printable(path ?? '')}`;
    case 'cancelled':
      return `${name}: cancelled`;
    case 'failed':
      return `${name} was not ${direction === 'send' ? 'sent' : 'fetched'}: ${printable(progress.why)}`;
    default:
      return progress satisfies never;
  }
}

const barColumns = 20;

/** The same with a bar, while bytes move. */
export function transferBar(transfer: Transfer): string {
  const share = transfer.progress.state === 'moving' ? percentOf(transfer) : undefined;
  if (share === undefined) return transferWords(transfer);
  const full = Math.floor((share * barColumns) / 100);
  return `[${'#'.repeat(full)}${'.'.repeat(barColumns - full)}] ${transferWords(transfer)}`;
}

/** Nothing becomes of it any more. */
export function isOver({ progress }: Transfer): boolean {
  return progress.state === 'done' || progress.state === 'cancelled' || progress.state === 'failed';
}

/** From 0 to 100, undefined where the size is not known. */
export function percentOf({ size, done }: Transfer): number | undefined {
  if (size === undefined) return undefined;
  return size === 0 ? 100 : Math.floor((100 * done) / size);
}

function sizeOf({ size }: Transfer): string {
  return size === undefined ? '' : `, ${byteCount(size)}`;
}

function percent(transfer: Transfer): string {
  const share = percentOf(transfer);
  return share === undefined || share === 0 ? '' : `, ${share} %`;
}
