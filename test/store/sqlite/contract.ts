/** Without threads, which takes a quarter of the time. With them: ci/store-contract. */
import t from 'tap';
import { openInlineStore } from '../../support/inline-store.js';
import { sqliteSubject } from '../../support/sqlite-store.js';
import { storeContract } from '../../support/store-contract.js';

storeContract(t, sqliteSubject(openInlineStore));
