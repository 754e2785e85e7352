/** What a file connection is for. */
import type { FileInfo } from '../../protocol/records.js';
import type { Account } from '../../store/account-store.js';
import type { Where } from '../places.js';

export interface Upload {
  readonly what: 'upload';
  readonly account: Account;
  /** Names the bytes that came, for as long as they are an upload. */
  readonly id: string;
  readonly where: Where;
  readonly file: FileInfo;
  readonly key: string;
}

export interface Download {
  readonly what: 'download';
  readonly account: Account;
  readonly of: number;
  readonly file: FileInfo;
}
