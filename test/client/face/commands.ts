import t from 'tap';
import { commands, commandWords, parseInput } from '../../../lib/client/face/commands.js';

t.test('what has no slash in front is said as it is', async (t) => {
  t.same(parseInput('hello'), { do: 'say', text: 'hello' });
  t.same(parseInput('  indented /quit'), { do: 'say', text: '  indented /quit' });
  t.same(parseInput('1/2'), { do: 'say', text: '1/2' });
});

t.test('two slashes say one', async (t) => {
  t.same(parseInput('//quit'), { do: 'say', text: '/quit' });
  t.same(parseInput('///'), { do: 'say', text: '//' });
});

t.test('blank lines do nothing', async (t) => {
  for (const line of ['', ' ', '\t  ']) t.same(parseInput(line), { do: 'nothing' });
});

t.test('every name and alias is found, in capitals too', async (t) => {
  const rest: Record<string, string> = {
    ...{ msg: ' ben hi', me: ' waves', query: ' ben', window: ' 2', save: ' talk.txt', unignore: ' ben' },
  };
  for (const command of commands) {
    for (const word of [command.name, ...command.aliases]) {
      t.not(parseInput(`/${word}${rest[command.name] ?? ''}`, true).do, 'error', word);
      t.not(parseInput(`/${word.toUpperCase()}${rest[command.name] ?? ''}`, true).do, 'error', word);
    }
  }
});

t.test('what only the full screen can is refused elsewhere, and not in the help there', async (t) => {
  t.match(parseInput('/clear'), { do: 'error', message: /full screen/ });
  const help = parseInput('/help');
  if (help.do === 'help') t.notMatch(help.lines.join('\n'), '/clear');
  t.notOk(commandWords().includes('clear'));
});

t.test('commands of the full screen', async (t) => {
  const cases: [string, object][] = [
    ['/query Ben', { do: 'query', name: 'ben', text: '' }],
    ['/q ben hi there', { do: 'query', name: 'ben', text: 'hi there' }],
    ['/query no!name', { do: 'error' }],
    ['/query', { do: 'error', message: /Usage/ }],
    ['/window 3', { do: 'window', which: 3 }],
    ['/win Lobby', { do: 'window', which: 'lobby' }],
    ['/close', { do: 'close' }],
    ['/clear now', { do: 'error', message: /Usage/ }],
    ['/compose', { do: 'compose' }],
    ['/retry', { do: 'retry' }],
    ['/save my file.txt', { do: 'save', path: 'my file.txt' }],
    ['/notify', { do: 'notify' }],
    ['/notify ALL', { do: 'notify', what: 'all' }],
    ['/notify sometimes', { do: 'error' }],
    ['/ignore', { do: 'ignore' }],
    ['/ignore Eve', { do: 'ignore', name: 'eve' }],
    ['/unignore eve', { do: 'unignore', name: 'eve' }],
    ['/help keys', { do: 'keys' }],
  ];
  for (const [line, act] of cases) t.match(parseInput(line, true), act, line);
});

t.test('no two commands share a word', async (t) => {
  const words = commandWords(true);
  t.equal(new Set(words).size, words.length);
});

t.test('a message to one person keeps its text', async (t) => {
  t.same(parseInput('/msg ben  two  spaces '), { do: 'tell', to: 'ben', text: ' two  spaces ' });
  t.same(parseInput('/w BEN hi'), { do: 'tell', to: 'ben', text: 'hi' });
  for (const line of ['/msg', '/msg ben', '/msg ben  ', '/msg b\u00e9n hi', '/msg . hi']) {
    t.equal(parseInput(line).do, 'error', line);
  }
});

t.test('an action needs its text', async (t) => {
  t.same(parseInput('/me waves'), { do: 'say', text: 'waves', action: true });
  t.equal(parseInput('/me ').do, 'error');
});

t.test('leaving may have a reason, which has a limit', async (t) => {
  t.same(parseInput('/quit'), { do: 'quit' });
  t.same(parseInput('/exit  see you '), { do: 'quit', reason: 'see you' });
  t.equal(parseInput(`/quit ${'x'.repeat(200)}`).do, 'quit');
  t.equal(parseInput(`/quit ${'\u00e4'.repeat(101)}`).do, 'error');
});

t.test('a unique prefix of two letters is enough, of one it is not', async (t) => {
  t.same(parseInput('/li'), { do: 'list' });
  t.same(parseInput('/qui'), { do: 'quit' });
  t.same(parseInput('/whi ben hi'), { do: 'tell', to: 'ben', text: 'hi' });
  for (const line of ['/q', '/e', '/l', '/h']) t.equal(parseInput(line).do, 'error', line);
});

t.test('a prefix of two commands is refused, naming both', async (t) => {
  const act = parseInput('/wh');
  t.equal(act.do, 'error');
  if (act.do === 'error') {
    t.match(act.message, '/whisper');
    t.match(act.message, '/who');
  }
});

t.test('an unknown command is never said; the nearest one is named', async (t) => {
  const hints: Record<string, string | undefined> = {
    '/lsit': '/list',
    '/hepl me': '/help',
    '/qiut': '/quit',
    '/mgs ben hi': '/msg',
    '/password hunter2': undefined,
    '/': undefined,
    '/ quit': undefined,
    '/etc/passwd': undefined,
  };
  for (const [line, hint] of Object.entries(hints)) {
    const act = parseInput(line);
    t.equal(act.do, 'error', line);
    if (act.do !== 'error') continue;
    if (hint !== undefined) t.match(act.message, `Did you mean ${hint}?`);
    t.notMatch(act.message, 'hunter2');
  }
});

t.test('help lists every command, and explains one', async (t) => {
  const all = parseInput('/help', true);
  t.equal(all.do, 'help');
  if (all.do === 'help') for (const { name } of commands) t.match(all.lines.join('\n'), `/${name}`);
  const one = parseInput('/help /w');
  t.equal(one.do, 'help');
  if (one.do === 'help') t.match(one.lines.join('\n'), '/msg NAME TEXT');
  t.equal(parseInput('/help nothing').do, 'error');
});
