/** /view: an image that another person sent, on terminals of every kind; hostile files end with a sentence. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { decode } from 'sixel';
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { jpeg, png, pngOf, redAndBlue } from '../support/images.js';
import { keys } from '../support/screen-keys.js';
import { gather, type People, type ScreenOptions, settle, typed } from '../support/screen-people.js';

const esc = '\x1b';
const truecolor = { COLORTERM: 'truecolor' };
const image = png(60, 40, redAndBlue(60));

/** People, and what sends a file and returns its ID. */
async function scene(t: Test) {
  const people = await gather(t);
  const bob = await people.pipe('bob');
  const folder = await people.home('bob');
  return {
    people,
    bob,
    async send(name: string, bytes: Buffer): Promise<string> {
      await writeFile(join(folder, name), bytes);
      bob.write(`/send "${join(folder, name)}"\n`);
      const [, id = ''] = await bob.prints(new RegExp(`sent a file: ${name} [^\\n]*/get (\\d+)\\n`));
      return id;
    },
  };
}

/** Alice, who has opened an image, once the terminal has it. */
async function viewing(people: People, id: string, options: ScreenOptions): Promise<PseudoTerminal> {
  const alice = await people.screen('alice', { args: ['--take-over'], ...options });
  await settle(alice);
  alice.enter(`/view ${id}`);
  await alice.until(() => /by \d+ pixels/.test(alice.screen()), 'an image');
  return alice;
}

async function quit(t: Test, alice: PseudoTerminal): Promise<void> {
  alice.enter('/quit');
  t.equal(await alice.ended, 0);
}

t.test('an image as half blocks', async (t) => {
  const { people, bob, send } = await scene(t);
  const id = await send('red and blue.png', image);
  const alice = await people.screen('alice', { env: truecolor });
  await alice.shows(new RegExp(`red and blue\\.png \\(\\d+ bytes, /view ${id} or /get ${id}\\)`));
  alice.enter(`/view ${id}`);
  await alice.until(() => alice.screen().includes('▀'), 'half blocks');
  const rows = alice.rows();
  t.match(rows[0], /^ red and blue\.png +60 by 40 pixels · \d+ bytes $/);
  t.match(rows[23], /^ Esc or q closes +$/);
  // 60 by 40 pixels are 60 by 20 cells, in the middle of 80 by 22.
  t.strictSame(
    rows.slice(1, 23).map((row) => row.replace(/▀+/, (cells) => `${cells.length}`).trimEnd()),
    ['', ...Array(20).fill(`${' '.repeat(10)}60`), ''],
  );
  const cells = alice.cells()[10] ?? [];
  t.match(cells[10], { foreground: '#ff0000', background: '#ff0000' });
  t.match(cells[69], { foreground: '#0000ff', background: '#0000ff' });

  bob.write('one\ntwo\n');
  await alice.shows(/ 2 new messages$/m);
  alice.type('typed into nothing\r');
  alice.resize(40, 12);
  await alice.until(() => /^ {5}▀{30} {5}$/.test(alice.rows()[1] ?? ''), 'the image at the new size');
  alice.type('q');
  await alice.until(() => / two *$/m.test(alice.screen()), 'the messages');
  await settle(alice);
  t.equal(typed(alice), '');
  t.notMatch(alice.screen(), '▀');
  t.notOk((await readdir(await people.home('alice'))).includes('Downloads'), 'no file is kept');
  await quit(t, alice);
});

t.test('an image by what the terminal says it has, or as characters', async (t) => {
  const { people, send } = await scene(t);
  const id = await send('image.png', image);
  const photo = await send('photo.jpg', await jpeg(200, 100, redAndBlue(200)));

  await t.test('kitty graphics', async (t) => {
    const attributes = '\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c';
    const alice = await viewing(people, id, { attributes });
    // Six by two cells in the middle.
    const shown = new RegExp(
      `${esc}\\[12;38H${esc}_Ga=d,d=I,i=(\\d+),q=2${esc}\\\\` +
        `${esc}_Ga=T,i=\\1,f=24,o=z,s=60,v=40,c=6,r=2,C=1,q=2,m=0;([^${esc}]+)${esc}\\\\`,
    );
    await alice.until(() => shown.test(alice.output()), 'kitty graphics');
    const [, number = '', data = ''] = shown.exec(alice.output()) ?? [];
    const pixels = inflateSync(Buffer.from(data, 'base64'));
    t.equal(pixels.length, 60 * 40 * 3);
    t.same([...pixels.subarray(0, 3), ...pixels.subarray(-3)], [255, 0, 0, 0, 0, 255]);
    t.notMatch(alice.screen(), /▀|OK|31/, 'neither half blocks nor an answer are text');

    const before = alice.output().length;
    alice.type('\x1b');
    await alice.until(() => alice.screen().includes('/view'), 'the messages');
    await settle(alice);
    t.match(alice.output().slice(before), `\x1b_Ga=d,d=I,i=${number},q=2\x1b\\`, 'it is deleted');
    t.equal(typed(alice), '');

    alice.enter(`/view ${id}`);
    const again = alice.output().length;
    await alice.until(() => shown.test(alice.output().slice(again)), 'kitty graphics again');
    const last = alice.output().length;
    alice.kill('SIGTERM');
    t.equal(await alice.ended, 143);
    const left = alice.output().slice(last);
    t.ok(
      left.indexOf(`a=d,d=I,i=${number}`) >= 0 && left.indexOf(`a=d`) < left.indexOf('\x1b[?1049l'),
      'and at the end',
    );
  });

  await t.test('sixel', async (t) => {
    const alice = await viewing(people, photo, { attributes: '\x1b[?62;4;22c' });
    const shown = new RegExp(`${esc}P[\\d;]*q([^${esc}]+)${esc}\\\\`);
    await alice.until(() => shown.test(alice.output()), 'sixel');
    const { width, height, data32 } = decode(shown.exec(alice.output())?.[1] ?? '');
    t.same({ width, height }, { width: 200, height: 100 });
    t.match(
      [data32[0], data32[199]].map((pixel = 0) => (pixel & 0xff) > 200),
      [true, false],
      'red, blue',
    );
    t.notMatch(alice.output(), '\x1b_Ga=T');
    alice.type('q');
    await settle(alice);
    await quit(t, alice);
  });

  await t.test('characters', async (t) => {
    for (const options of [{ env: { NO_COLOR: '1' } }, { args: ['--take-over', '--ascii'] }]) {
      const alice = await viewing(people, id, options);
      t.match(alice.rows()[10], / [.:-=+*#%@]{30}[ .:]{30} /);
      t.notMatch(alice.output(), '\x1b[c', 'the terminal is not asked');
      alice.type('q');
      await settle(alice);
      await quit(t, alice);
    }
  });

  const cleo = await people.pipe('cleo');
  cleo.write(`/view ${id}\n`);
  await cleo.prints(/\/view works only on the full screen/, 'stderr');
});

t.test('in a private room, after the server was killed', async (t) => {
  const { people, bob, send } = await scene(t);
  const { server } = people;
  const alice = await people.screen('alice', { env: truecolor });
  const eve = await people.screen('eve', { env: truecolor });
  bob.write('/join #den private\n/invite alice\n');
  await alice.shows(/bob invited you to #den/);
  alice.enter('/join #den');
  await bob.prints(/alice joined #den/, 'stderr');
  alice.kill('SIGSTOP');
  await server.killAndRestart();
  await bob.prints(/connected again/, 'stderr');
  const id = await send('plan.png', image);
  alice.kill('SIGCONT');
  await alice.shows(new RegExp(`plan\\.png \\(\\d+ bytes, /view ${id} or /get ${id}\\)`));
  await alice.shows(/verified/);
  alice.enter(`/view ${id}`);
  await alice.shows(/plan\.png +60 by 40 pixels/);
  alice.type('q');
  await settle(alice);

  await t.test('someone outside gets the same answer as for a file that never was', async () => {
    await eve.shows(/verified/);
    for (const asked of [id, '4000000']) {
      eve.enter(`/view ${asked}`);
      await eve.shows(new RegExp(`Couldn't show file ${asked}: no such file`));
    }
  });

  await t.test('a blocked person cannot send one', async (t) => {
    alice.enter('/block bob');
    await alice.shows(/You blocked bob/);
    bob.write(`/query alice\n/send "${join(await people.home('bob'), 'plan.png')}"\n`);
    await bob.prints(/not delivered|Couldn't send/, 'stderr');
    await settle(alice);
    t.notMatch(alice.screen(), '@bob');
    await quit(t, alice);
  });
});

t.test('files that are no images, damaged or too large end with a sentence', async (t) => {
  const { people, bob, send } = await scene(t);
  const alice = await people.screen('alice', { env: truecolor, cols: 120 });
  const files: [name: string, bytes: Buffer, why: RegExp][] = [
    [
      'large.png',
      Buffer.concat([image, Buffer.alloc(5 * 1024 * 1024)]),
      /larger than 5 MiB; download it with/,
    ],
    ['text.png', Buffer.from('hello'), /neither a PNG nor a JPEG/],
    ['cut.png', image.subarray(0, 60), /is damaged/],
    [
      'huge.png',
      pngOf({ width: 65_535, height: 65_535, packed: deflateSync(Buffer.alloc(9)) }),
      /65535 by 65535 pixels, more than 25 million/,
    ],
  ];
  for (const [name, bytes, why] of files) {
    const id = await send(name, bytes);
    alice.enter(`/view ${id}`);
    await alice.shows(new RegExp(`Couldn't show ${name}: .*${why.source}`));
    await settle(alice);
  }
  const bomb = pngOf({ width: 100, height: 100, packed: deflateSync(Buffer.alloc(64 * 1024 * 1024)) });
  alice.enter(`/view ${await send('bomb.png', bomb)}`);
  await alice.shows(/bomb\.png +100 by 100 pixels/);
  alice.type('q');
  await settle(alice);
  const gone = await send('gone.png', image);
  await alice.shows(/gone\.png \(/);
  bob.write('/delete\n');
  await alice.until(() => !alice.screen().includes('gone.png ('), 'a removed message');
  alice.enter(`/view ${gone}`);
  await alice.shows(/Couldn't show file \d+: no such file/);
  alice.type(keys.end);
  await quit(t, alice);
});
