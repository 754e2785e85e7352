import fc from 'fast-check';
import t from 'tap';
import { makeCertificate } from '../support/certificate.js';
import { clientRuns, runPipe, runScreen, runWire, wireRuns } from '../support/client-fuzz.js';
import { fuzz } from '../support/fuzzing.js';
import { keyRuns, runKeys, runPrompt } from '../support/key-fuzz.js';
import { runServer, serverRuns } from '../support/server-fuzz.js';
import { runSession, sessionRuns } from '../support/session-fuzz.js';

t.test('a server answers whatever people send, and others notice nothing', async (t) => {
  let frames = 0;
  await fuzz(t, 25, serverRuns(100), async (run) => {
    frames += await runServer(run);
  });
  t.comment(`${frames} frames`);
});

for (const kind of ['plain', 'json'] as const) {
  t.test(`a hostile server neither stops --${kind} nor drives its terminal`, async (t) => {
    await fuzz(t, 150, clientRuns, (run) => runPipe(kind, run));
  });
}

t.test('a hostile server neither stops the screen nor drives its terminal', async (t) => {
  await fuzz(t, 40, clientRuns, runScreen);
});

t.test('a client survives every stream of bytes', async (t) => {
  await fuzz(t, 200, wireRuns, runWire);
});

t.test('a session survives its server, and the person can quit', async (t) => {
  const certificate = await makeCertificate();
  await fuzz(t, 25, sessionRuns, (run) => runSession(certificate, run));
});

t.test('keys are the same in any pieces', async (t) => {
  await fuzz(t, 1_000, keyRuns, async (run) => runKeys(run));
});

t.test('a prompt takes any bytes, and Ctrl-C ends it', async (t) => {
  await fuzz(
    t,
    60,
    fc.tuple(fc.constantFrom('text', 'password', 'confirm', 'select'), keyRuns),
    async ([kind, run]) => {
      await runPrompt(kind, run);
    },
  );
});
