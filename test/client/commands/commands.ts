import t from 'tap';
import { commands } from '../../../lib/client/commands/command-rows.js';
import { commandWords, helpLines, parseInput as parse } from '../../../lib/client/commands/commands.js';

const noon = new Date(2026, 10, 21, 12).getTime();
const parseInput = (line: string, screen = false) => parse(line, { screen, now: noon });

function help(about: string, screen = true): string {
  const lines = helpLines(about, screen);
  return 'unknown' in lines ? lines.unknown : lines.join('\n');
}

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
    ...{ reply: ' hi', unblock: ' ben', join: ' #dev', invite: ' ben', role: ' ben owner', jump: ' 7' },
    ...{ send: ' a.txt', get: ' 7', kick: ' ben', ban: ' ben', unban: ' ben', mute: ' ben', unmute: ' ben' },
    ...{ restrict: ' links', slow: ' 10s', whois: ' ben', uninvite: ' 3', reset: ' ben', '2fa': ' on' },
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
  t.notMatch(help('', false), '/clear');
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
    ['/help keys', { do: 'help', about: 'keys' }],
    ['/edit', { do: 'edit-last' }],
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
  t.same(parseInput('/sess'), { do: 'sessions' });
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

t.test('help lists every command within 80 columns, and explains a command or a group', async (t) => {
  for (const { name } of commands) t.match(help(''), `/${name}`);
  for (const line of help('').split('\n')) t.ok(line.length <= 78, line);
  t.ok(help('').split('\n').length <= 20, 'on one screen');
  t.match(help('w'), '/msg NAME TEXT');
  t.match(help('w'), '/whisper');
  t.match(help('rooms'), '/rooms');
  t.match(help('files'), 'which files were sent here');
  t.match(help('reading'), '/search');
  t.match(help('back'), 'that you are again');
  t.match(help('nothing'), 'There is no command /nothing');
  t.same(parseInput('/help /W'), { do: 'help', about: 'w' });
});

t.test('commands of rooms', async (t) => {
  const cases: [string, object][] = [
    ['/join #Dev', { do: 'join', room: 'dev' }],
    ['/j dev private', { do: 'join', room: 'dev', private: true }],
    ['/join', { do: 'error', message: /Usage/ }],
    ['/join #dev secret', { do: 'error', message: /Usage/ }],
    ['/join #d\u00e9v', { do: 'error', message: /name has/ }],
    ['/leave', { do: 'leave' }],
    ['/leave end', { do: 'leave', end: true }],
    ['/part #dev end', { do: 'leave', room: 'dev', end: true }],
    ['/leave now please', { do: 'error' }],
    ['/topic', { do: 'topic' }],
    ['/topic  what we do ', { do: 'topic', topic: 'what we do' }],
    ['/topic -', { do: 'topic', topic: '' }],
    ['/invite Ben', { do: 'invite', name: 'ben' }],
    ['/invite ben #dev', { do: 'invite', name: 'ben', room: 'dev' }],
    [
      '/role ben Moderator #dev',
      { do: 'role', name: 'ben', onServer: 'moderator', inRoom: 'moderator', room: 'dev' },
    ],
    ['/role ben admin', { do: 'role', name: 'ben', onServer: 'admin' }],
    ['/role ben admin #dev', { do: 'error', message: /Usage/ }],
    ['/kick ben', { do: 'kick', name: 'ben' }],
    ['/kick @Ben too loud', { do: 'kick', name: 'ben', reason: 'too loud' }],
    ['/ban ben 2h too loud', { do: 'ban', name: 'ben', ms: 7_200_000, reason: 'too loud' }],
    ['/ban 192.0.2.0/24 spam', { do: 'ban', address: '192.0.2.0/24', reason: 'spam' }],
    ['/ban 2001:db8::/32', { do: 'ban', address: '2001:db8::/32' }],
    [`/ban ben ${'x'.repeat(201)}`, { do: 'error', message: /200 bytes/ }],
    ['/unban 192.0.2.7', { do: 'unban', address: '192.0.2.7' }],
    ['/mute ben 10m', { do: 'mute', name: 'ben', ms: 600_000 }],
    ['/mute ben 10', { do: 'error', message: /30m/ }],
    ['/ban ben 10min spam', { do: 'error', message: /for good/ }],
    ['/ban ben 2h30m spam', { do: 'error', message: /for good/ }],
    ['/mute ben 1.5h', { do: 'error', message: /for good/ }],
    ['/ban ben 99999w', { do: 'error', message: /ten years/ }],
    ['/passwd old new', { do: 'error', message: /alone/ }],
    ['/mute ben soon', { do: 'mute', name: 'ben', reason: 'soon' }],
    ['/restrict #dev links caps', { do: 'rules', room: 'dev', restrict: ['links', 'caps'] }],
    ['/restrict none', { do: 'rules', restrict: [] }],
    ['/restrict fun', { do: 'error', message: /Usage/ }],
    ['/slow 10s', { do: 'rules', slow: 10_000 }],
    ['/slow #dev off', { do: 'rules', room: 'dev', slow: 0 }],
    ['/slow 2h', { do: 'error', message: /1h/ }],
    ['/lock', { do: 'rules', locked: true }],
    ['/unlock #dev', { do: 'rules', room: 'dev', locked: false }],
    ['/audit', { do: 'audit' }],
    ['/audit 12', { do: 'audit', before: 12 }],
    ['/invite-link', { do: 'invite-link' }],
    ['/invite-link 5 2d moderator', { do: 'invite-link', uses: 5, ms: 172_800_000, role: 'moderator' }],
    ['/invite-link bot', { do: 'error', message: /Usage/ }],
    ['/invite-link 10001', { do: 'error', message: /10000 times/ }],
    ['/invite-link 5s', { do: 'error', message: /minute/ }],
    ['/uninvite 3', { do: 'uninvite', invite: 3 }],
    ['/away', { do: 'away', text: '' }],
    ['/away at lunch', { do: 'away', text: 'at lunch' }],
    ['/logout', { do: 'logout' }],
    ['/logout 3', { do: 'logout', session: 3 }],
    ['/logout all', { do: 'logout', all: true }],
    ['/2fa on', { do: 'factor', on: true }],
    ['/2fa', { do: 'error', message: /Usage/ }],
    ['/whois ben', { do: 'whois', name: 'ben' }],
    ['/role ben king', { do: 'error', message: /Usage/ }],
    ['/clients', { do: 'list' }],
  ];
  for (const [line, act] of cases) t.match(parseInput(line), act, line);
});

t.test('what takes something away has to be spelled in full', async (t) => {
  for (const line of ['/del', '/lea', '/leav #dev']) {
    t.match(parseInput(line), { do: 'error', message: /Did you mean \/(delete|leave)\?/ }, line);
  }
  t.same(parseInput('/delete'), { do: 'delete' });
  t.same(parseInput('/delete 17'), { do: 'delete', which: 17 });
  t.same(parseInput('/delete Ben'), { do: 'delete', which: 'ben' });
});

t.test('commands that read back', async (t) => {
  const hour = 3_600_000;
  const cases: [string, object][] = [
    ['/history', { do: 'history', last: 50 }],
    ['/history 7', { do: 'history', last: 7 }],
    ['/history 0', { do: 'error' }],
    ['/history 2h', { do: 'history', since: noon - 2 * hour }],
    ['/history yesterday', { do: 'history', since: noon - 36 * hour }],
    ['/history 2026-11-20 14:30', { do: 'history', since: new Date(2026, 10, 20, 14, 30).getTime() }],
    ['/history 2026-02-30', { do: 'error', message: /2026-11-20/ }],
    ['/jump 12', { do: 'jump', seq: 12 }],
    ['/jump here', { do: 'error', message: /Usage/ }],
    ['/search', { do: 'search-more' }],
    ['/search red fox', { do: 'search', terms: { words: 'red fox' } }],
    [
      '/search "red fox" from:Ben in:#dev after:2026-11-20 before:09:00',
      {
        do: 'search',
        terms: {
          words: '"red fox"',
          from: 'ben',
          room: 'dev',
          since: new Date(2026, 10, 20).getTime(),
          until: new Date(2026, 10, 21, 9).getTime(),
        },
      },
    ],
    ['/search in:@ben hi', { do: 'search', terms: { words: 'hi', with: 'ben' } }],
    ['/search before:soon from:', { do: 'search', terms: { words: 'before:soon from:' } }],
    [`/search ${'x'.repeat(201)}`, { do: 'error' }],
  ];
  for (const [line, act] of cases) t.match(parseInput(line), act, line);
  t.notOk('from' in parseInput('/search red'));
});

t.test('commands of files', async (t) => {
  const cases: [string, object][] = [
    ['/send a b.txt', { do: 'send', path: 'a b.txt' }],
    ['/send ~/a.txt to #Dev', { do: 'send', path: '~/a.txt', to: { room: 'dev' } }],
    ['/send a.txt to @Ben', { do: 'send', path: 'a.txt', to: { to: 'ben' } }],
    ['/send "from me to you.txt"', { do: 'send', path: '"from me to you.txt"' }],
    ["/send 'from me to you.txt' to ben", { do: 'send', path: "'from me to you.txt'", to: { to: 'ben' } }],
    ['/send', { do: 'error', message: /Usage/ }],
    ['/get 17', { do: 'get', seq: 17 }],
    ['/get 17 ~/my files/', { do: 'get', seq: 17, path: '~/my files/' }],
    ['/get it', { do: 'error', message: /Usage/ }],
    ['/cancel', { do: 'cancel' }],
    ['/cancel 2', { do: 'cancel', transfer: 2 }],
  ];
  for (const [line, act] of cases) t.match(parseInput(line), act, line);
});
