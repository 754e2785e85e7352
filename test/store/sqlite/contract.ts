import t from 'tap';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';
import { storeContract } from '../../support/store-contract.js';

storeContract(t, async (t) => {
  const file = await temporaryFile(t);
  const store = await openStore(t, file);
  return {
    store,
    async reopen() {
      await store.close();
      return openStore(t, file);
    },
  };
});
