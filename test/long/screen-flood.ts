import t from 'tap';
import { measureFlood } from '../../scripts/screen/flood.js';

t.test('100,000 messages at full speed: flat memory, few frames, no lost key', async (t) => {
  const { frames, took, lost, rssStart, rssEnd, cpu, messages } = await measureFlood({ messages: 100_000 });
  t.comment(
    `${Math.round(messages / took)} messages/s, ${(frames / took).toFixed(1)} frames/s, ${(cpu * 100).toFixed(0)} % CPU, ` +
      `${Math.round(rssStart / 2 ** 20)} to ${Math.round(rssEnd / 2 ** 20)} MiB`,
  );
  t.equal(lost, 0);
  t.ok(frames / took <= 30.5, `${frames} frames in ${took} s`);
  t.ok(rssEnd < rssStart * 1.5, `${rssStart} became ${rssEnd} bytes`);
  t.ok(rssEnd < 250 * 2 ** 20, `${rssEnd} bytes`);
});
