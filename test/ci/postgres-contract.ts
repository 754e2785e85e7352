/** The store contract on PostgreSQL, without threads: too long for `npm test`, but CI runs it. */
import t, { type Test } from 'tap';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { postgresDriver } from '../../lib/store/postgres/connection.js';
import { openPostgresStore } from '../../lib/store/postgres/open.js';
import { startInlineOn } from '../support/inline-store.js';
import { startCluster, withoutPostgres } from '../support/postgres.js';
import { storeContract } from '../support/store-contract.js';
import { subjectOn } from '../support/store-subject.js';

t.test('on PostgreSQL', { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const start = startInlineOn(postgresDriver);
  storeContract(t, async (t: Test) => {
    const address = parseDatabaseAddress(cluster.database());
    return subjectOn(t, () => openPostgresStore({ address, start, onFailure: (error) => t.error(error) }));
  });
});
