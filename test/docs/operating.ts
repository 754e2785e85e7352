/** docs/operating.md and the README against the tables: every command stands in one of them. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { liveOptions } from '../../lib/cli/reload.js';
import { serverOptions } from '../../lib/cli/server-options.js';
import { accountCommands } from '../../lib/client/commands/account.js';
import { inviteCommands } from '../../lib/client/commands/invites.js';
import { moderationCommands } from '../../lib/client/commands/moderation.js';
import { openCommandLine } from '../support/run-main.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const operating = read('docs/operating.md');
const both = operating + read('README.md');

t.test('every command for moderation, invites, accounts, and /whois is documented', async (t) => {
  const documented = [...moderationCommands, ...inviteCommands, ...accountCommands];
  for (const { name } of [...documented, { name: 'whois' }]) t.match(both, `/${name}`, name);
});

t.test('every command of the operator is documented', async (t) => {
  const { run } = await openCommandLine(t);
  const commandsIn = (help: string) =>
    [...(/\nCommands:\n((?: .*\n)+)/.exec(help)?.[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, name = '']) => name,
    );
  const names = commandsIn((await run(['--help'])).out);
  t.ok(names.includes('server') && names.includes('backup'));
  for (const name of names.filter((each) => each !== 'help')) t.match(both, `secure-chat ${name}`, name);
  const user = commandsIn((await run(['user', '--help'])).out);
  t.ok(user.includes('passwd'));
  for (const name of user.filter((each) => each !== 'help')) t.match(operating, `user ${name}`, name);
});

t.test('the options that a reload changes are documented, and no others', (t) => {
  const [, list = ''] = /These options change without a restart: ([^.]+)\. Those/.exec(operating) ?? [];
  const documented = Array.from(list.matchAll(/`([a-z-]+)`/g), ([, name = '']) => name);
  const changing = serverOptions({ env: {} }).filter((option) =>
    Object.hasOwn(liveOptions, option.attributeName()),
  );
  t.same(documented.sort(), changing.map((option) => option.name()).sort());
  t.equal(changing.length, Object.keys(liveOptions).length);
  t.end();
});

t.test('every option of the server is documented', async (t) => {
  const { out } = await (await openCommandLine(t)).run(['server', '--help']);
  for (const [, option = ''] of out.matchAll(/(--[a-z-]+) </g)) t.match(operating, option, option);
});
