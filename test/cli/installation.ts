import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { findInstallation, guestCommand, guestFile, type Installation } from '../../lib/cli/installation.js';
import { temporaryFolder } from '../support/trust.js';

const [file, from] = ['secure-chat-1.2.3.tgz', 'node_modules/secure-chat/dist/bin/secure-chat.js'];

interface Place {
  /** Holds node_modules. */
  readonly at: string;
  /** What is in package.json beside node_modules; undefined where there is none. */
  readonly holder?: object;
  /** The current one, from there. */
  readonly folder?: string;
}

/** Of a copy in node_modules of that folder. */
async function installed({ at, holder, folder = '.' }: Place): Promise<Installation> {
  if (holder !== undefined) await writeFile(join(at, 'package.json'), JSON.stringify(holder));
  const root = join(at, 'node_modules/secure-chat');
  return findInstallation({
    root,
    version: '1.2.3',
    script: join(at, from),
    env: {},
    folder: join(at, folder),
  });
}

t.test('from a clone, guests need the file that npm pack makes', async (t) => {
  const copy = { root: '/home/ana/my chat', version: '1.2.3', folder: '/' };
  const { called, guests } = await findInstallation({ ...copy, script: '/x/secure-chat.js', env: {} });
  t.equal(called, 'npx secure-chat');
  t.equal(guestCommand(guests, 'LINK'), `npx -y ./${file} connect LINK`);
  t.equal(guestFile(guests), "Send them that file, too. To make it: cd '/home/ana/my chat' && npm pack");
});

t.test('a clone that npm link put on the PATH is called by its name, but not in npx', async (t) => {
  const copy = { root: '/srv/chat', version: '1.2.3', folder: '/', script: '/usr/bin/secure-chat' };
  t.equal((await findInstallation({ ...copy, env: {} })).called, 'secure-chat');
  t.equal((await findInstallation({ ...copy, env: { npm_command: 'exec' } })).called, 'npx secure-chat');
});

t.test('from a package file by npx, guests need that file', async (t) => {
  const holder = { dependencies: { 'secure-chat': `file:../sent%23/${file}` }, _npx: { packages: [] } };
  const at = temporaryFolder(t);
  const { called, guests } = await installed({ at, holder });
  const path = join(at, `../sent#/${file}`);
  t.equal(called, `npx -y '${path}'`, 'here it is called by its path');
  t.equal(guestCommand(guests, 'LINK'), `npx -y ./${file} connect LINK`);
  t.equal(guestFile(guests), `Send them that file, too: ${path}`);
  t.equal((await installed({ at, holder, folder: '../sent#' })).called, `npx -y ./${file}`);
});

t.test('from the registry, guests need nothing', async (t) => {
  const dependencies = { 'secure-chat': '^1.2.3' };
  for (const holder of [{ dependencies, _npx: { packages: [] } }, { dependencies }]) {
    const { called, guests } = await installed({ at: temporaryFolder(t), holder });
    t.equal(called, 'npx secure-chat');
    t.equal(guestCommand(guests, 'LINK'), 'npx secure-chat connect LINK');
    t.equal(guestFile(guests), undefined);
  }
});

t.test('installed globally, everyone calls it by its name', async (t) => {
  const { called, guests } = await installed({ at: temporaryFolder(t) });
  t.equal(called, 'secure-chat');
  t.equal(guestCommand(guests, 'secure-chat://a/b'), 'secure-chat connect secure-chat://a/b');
  t.equal(guestFile(guests), undefined);
});
