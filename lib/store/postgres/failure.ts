/** What failed in PostgreSQL, in a sentence. Knows error codes, not tables. */
import { DatabaseRefusal, describeRefusal, type Failure, unexplained } from '../sql/failure.js';
import { PostgresError } from './blocking.js';

const unreachable =
  "The database can't be reached. Check that PostgreSQL is running there, and the network to it.";

/** By PostgreSQL's code, or by its class, the first two letters. */
const sentences: ReadonlyMap<string, string> = new Map([
  [
    'standby',
    'The database is a standby, which takes no writes. Name the primary, or all hosts of the cluster.',
  ],
  ['too-old', 'PostgreSQL there is older than version 14. Update it.'],
  ['28P01', "The database refused the user's password. Check the address, PGPASSFILE or ~/.pgpass."],
  ['28', "The database refused this user. Check the address and the server's pg_hba.conf."],
  ['3D000', 'There is no database with that name. Create it with createdb.'],
  ['42501', 'The user may not do this in the database. Make it the owner of the database.'],
  ['25006', 'The database takes no writes. Name the primary, or all hosts of the cluster.'],
  ['53100', 'The disk of the database is full. Free some space on it.'],
  ['53300', 'The database has no connection left. Raise max_connections there.'],
  ['XX001', 'The database is damaged. Restore a backup.'],
  ['XX002', 'The database is damaged. Restore a backup.'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'The certificate of the database is not trusted. Name its authority with sslrootcert=FILE.',
  ],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'The certificate of the database is not trusted. Name it with sslrootcert=FILE.',
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'The certificate of the database is for another host name.'],
]);

const reasons: ReadonlyMap<string, Failure['reason']> = new Map([
  // It waited for another server's transaction longer than that may take.
  ['55P03', 'unreachable'],
  ['53100', 'full'],
  ['XX001', 'damaged'],
  ['XX002', 'damaged'],
]);

export function describePostgresFailure(error: unknown): Failure {
  if (error instanceof DatabaseRefusal) return describeRefusal(error);
  if (!(error instanceof PostgresError)) {
    return { sentence: unexplained, detail: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, connected } = error;
  const known = sentences.get(code) ?? sentences.get(code.slice(0, 2));
  // One that refuses the connection may be mended while people wait, too.
  const reason = reasons.get(code) ?? (connected ? undefined : 'unreachable');
  return {
    sentence: known ?? (connected ? unexplained : unreachable),
    ...{ detail: message, errcode: code },
    ...(reason !== undefined && { reason }),
  };
}
