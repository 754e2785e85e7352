/** A server that has room for so many: whom it turns away, and what that costs them. */
import t from 'tap';
import { ok, password, runServer } from '../support/running-server.js';

t.test('beyond --max-clients nobody comes in but admins and those who are here', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'ben', 'cleo'],
    maxClients: 1,
    furnish: (store, accounts) => store.setRole(accounts.get('cleo')?.id ?? 0, 'admin').then(() => {}),
  });
  const ada = await server.enter('ada');
  const token = server.token('ben');
  const ben = await server.dial();
  t.match(await ben.ask({ type: 'resume', token }), { type: 'error', code: 'server-full' });
  ok(await (await server.dial()).ask({ type: 'resume', token: server.token('ada'), mode: 'attach' }));
  await server.enter('cleo');
  t.match(ok(await ada.ask({ type: 'who' })).people, [{ name: 'ada', terminals: 2 }, { name: 'cleo' }]);
});

t.test('whoever finds it full comes again with the same session', async (t) => {
  const server = await runServer(t, { people: ['ada', 'ben'], maxClients: 1 });
  const ada = await server.enter('ada');
  const token = server.token('ben');
  const ben = await server.dial();
  t.match(await ben.ask({ type: 'resume', token }), { code: 'server-full' });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  ok(await ben.ask({ type: 'resume', token }));
});

t.test('an account that would not get in is not made, and its invite is good later', async (t) => {
  const server = await runServer(t, { people: ['ada'], maxClients: 1 });
  const code = await server.running.invite({ uses: 1 });
  const ada = await server.enter('ada');
  const dora = await server.dial();
  const register = { type: 'register', name: 'dora', password, code } as const;
  t.match(await dora.ask(register), { code: 'server-full' });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  t.match(ok(await dora.ask(register)), { name: 'dora', role: 'member' });
});

t.test('nor is a recovery code used up', async (t) => {
  const server = await runServer(t, { maxClients: 1 });
  const code = server.running.firstLink?.split('/').at(-1) ?? '';
  const ada = await server.dial();
  ok(await ada.ask({ type: 'register', name: 'ada', password, code }));
  const ben = await server.dial();
  const invite = await server.running.invite({ uses: 2 });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  const { recovery = '' } = ok(await ben.ask({ type: 'register', name: 'ben', password, code: invite }));
  ok(await ben.ask({ type: 'quit' }));
  await ben.closed;
  const cleo = await server.dial();
  ok(await cleo.ask({ type: 'register', name: 'cleo', password, code: invite }));
  const back = await server.dial();
  const recover = { type: 'recover', name: 'ben', password: 'quite another one', code: recovery } as const;
  t.match(await back.ask({ ...recover, code: 'none' }), { code: 'recovery-invalid' });
  t.match(await back.ask(recover), { code: 'server-full' });
  ok(await cleo.ask({ type: 'quit' }));
  await cleo.closed;
  ok(await back.ask(recover));
});

t.test('an admin who lost the password comes in with a code all the same', async (t) => {
  const server = await runServer(t, { maxClients: 1 });
  const first = server.running.firstLink?.split('/').at(-1) ?? '';
  const ada = await server.dial();
  const { recovery = '' } = ok(await ada.ask({ type: 'register', name: 'ada', password, code: first }));
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  const ben = await server.dial();
  const code = await server.running.invite({ uses: 1 });
  ok(await ben.ask({ type: 'register', name: 'ben', password, code }));
  const back = await server.dial();
  const recover = { type: 'recover', name: 'ada', password: 'quite another one', code: recovery } as const;
  t.match(ok(await back.ask(recover)), { name: 'ada', role: 'admin' });
});
