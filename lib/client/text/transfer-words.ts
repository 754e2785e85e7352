/** The state of a transfer in words. Knows transfers, not how often they are shown. */

import { printable } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import type { Transfer } from '../transfer/transfer.js';

/** One line, always with the file's name: several may be in progress. */
export function transferWords(transfer: Transfer): string {
  const { id, direction, path, progress } = transfer;
  const name = printable(transfer.name);
  const verb = direction === 'send' ? 'sending' : 'downloading';
  switch (progress.state) {
    case 'hashing':
      return `${verb} ${name}: reading${percent(transfer)}`;
    case 'moving':
      return `${verb} ${name}${sizeOf(transfer)}${percent(transfer)} (/cancel ${id})`;
    case 'waiting':
      return `${verb} ${name}: waiting${percent(transfer)}`;
    case 'done':
      return direction === 'send' ? `Sent ${name}` : `Downloaded ${name} to ${printable(path ?? '')}`;
    case 'cancelled':
      return `Cancelled ${name}`;
    case 'failed':
      return `Couldn't ${direction === 'send' ? 'send' : 'download'} ${name}: ${printable(progress.why)}`;
    default:
      return progress satisfies never;
  }
}

const barColumns = 20;

/** The same with a progress bar while bytes move. */
export function transferBar(transfer: Transfer): string {
  const share = transfer.progress.state === 'moving' ? percentOf(transfer) : undefined;
  if (share === undefined) return transferWords(transfer);
  const full = Math.floor((share * barColumns) / 100);
  return `[${'#'.repeat(full)}${'.'.repeat(barColumns - full)}] ${transferWords(transfer)}`;
}

/** It is done, cancelled or failed. */
export function isOver({ progress }: Transfer): boolean {
  return progress.state === 'done' || progress.state === 'cancelled' || progress.state === 'failed';
}

/** 0 to 100; undefined while the size is unknown. */
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
