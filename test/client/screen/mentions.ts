import t from 'tap';
import { mentions } from '../../../lib/client/screen/mentions.js';

t.test('a name as a whole word is a mention, in any case', async (t) => {
  for (const text of [
    'ana',
    'Ana: hi',
    'hi ANA!',
    '@ana',
    "ana's turn",
    '(ana)',
    'so, ana.',
    'ana…',
    'hi\nana',
    '«ana»',
  ]) {
    t.equal(mentions(text, 'ana'), true, text);
  }
});

t.test('part of another word, a link or an address is none', async (t) => {
  for (const text of [
    'banana',
    'anabel',
    'ana-lena',
    'lena-ana',
    'ana_1',
    'ana.lena',
    'https://example.org/ana',
    'see http://ana.example/ now',
    'write to ana@example.org',
    'mail me@ana.example',
    'über-ana',
    'anaé',
  ]) {
    t.equal(mentions(text, 'ana'), false, text);
  }
});

t.test('names with dots and hyphens are taken as they are', async (t) => {
  t.equal(mentions('hi a.b-c!', 'a.b-c'), true);
  t.equal(mentions('hi axb-c!', 'a.b-c'), false);
});
