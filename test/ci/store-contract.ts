/** The store as the server opens it, with its threads. */
import t from 'tap';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import { sqliteSubject } from '../support/sqlite-store.js';
import { storeContract } from '../support/store-contract.js';

storeContract(t, sqliteSubject(openSqliteStore));
