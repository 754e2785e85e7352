import t from 'tap';
import { CommandRefused } from '../../../lib/client/commands/command.js';
import { commands, commandWords, helpLines, parseLine } from '../../../lib/client/commands/commands.js';

const noon = new Date(2026, 10, 21, 12).getTime();

/** A command as its name and arguments. */
function parse(line: string, screen = false): { kind?: string; command?: string; message?: string } {
  const parsed = parseLine(line, { screen, now: noon });
  return parsed.kind === 'command' ? { command: parsed.name, ...parsed.args } : parsed;
}

const help = (about: string, screen = true): string => helpLines(about, screen).join('\n');

t.test('a line without a slash is text', async (t) => {
  t.same(parse('hello'), { kind: 'text', text: 'hello' });
  t.same(parse('  indented /quit'), { kind: 'text', text: '  indented /quit' });
  t.same(parse('1/2'), { kind: 'text', text: '1/2' });
});

t.test('two slashes post one', async (t) => {
  t.same(parse('//quit'), { kind: 'text', text: '/quit', literal: true });
  t.same(parse('///'), { kind: 'text', text: '//', literal: true });
});

t.test('blank lines do nothing', async (t) => {
  for (const line of ['', ' ', '\t  ']) t.same(parse(line), { kind: 'blank' });
});

t.test('every name and alias is found, in capitals too', async (t) => {
  const rest: Record<string, string> = {
    ...{ msg: ' ben hi', me: ' waves', query: ' ben', window: ' 2', save: ' talk.txt', unignore: ' ben' },
    ...{ answer: ' hi', reply: ' hi', react: ' +1' },
    ...{ unblock: ' ben', join: ' #dev', invite: ' ben', role: ' ben owner', jump: ' 7' },
    ...{ send: ' a.txt', get: ' 7', kick: ' ben', ban: ' ben', unban: ' ben', mute: ' ben', unmute: ' ben' },
    ...{ restrict: ' links', slow: ' 10s', whois: ' ben', uninvite: ' 3', reset: ' ben', '2fa': ' on' },
    view: ' 7',
  };
  for (const command of commands) {
    for (const word of [command.name, ...command.aliases]) {
      t.not(parse(`/${word}${rest[command.name] ?? ''}`, true).kind, 'error', word);
      t.not(parse(`/${word.toUpperCase()}${rest[command.name] ?? ''}`, true).kind, 'error', word);
    }
  }
});

t.test('commands of the full screen are refused elsewhere, and not in the help there', async (t) => {
  t.match(parse('/clear'), { kind: 'error', message: /full screen/ });
  t.notMatch(help('', false), '/clear');
  t.notOk(commandWords().includes('clear'));
});

t.test('commands of the full screen', async (t) => {
  const cases: [string, object][] = [
    ['/query Ben', { command: 'query', name: 'ben', text: '' }],
    ['/q ben hi there', { command: 'query', name: 'ben', text: 'hi there' }],
    ['/query no!name', { kind: 'error', message: /"no!name" is not a valid name/ }],
    ['/query admin', { kind: 'error', message: /That name is reserved/ }],
    ['/query', { kind: 'error', message: /Usage/ }],
    ['/window 3', { command: 'window', which: '3' }],
    ['/win Lobby', { command: 'window', which: 'lobby' }],
    ['/close', { command: 'close' }],
    ['/clear now', { kind: 'error', message: /Usage/ }],
    ['/compose', { command: 'compose' }],
    ['/retry', { command: 'retry' }],
    ['/save my file.txt', { command: 'save', path: 'my file.txt' }],
    ['/notify', { command: 'notify' }],
    ['/notify ALL', { command: 'notify', choice: 'all' }],
    ['/notify sometimes', { kind: 'error' }],
    ['/notify when @Ben', { command: 'notify', when: 'ben' }],
    ['/notify CANCEL ben', { command: 'notify', cancel: 'ben' }],
    ['/notify when', { kind: 'error', message: /Usage/ }],
    ['/notify when ben cleo', { kind: 'error', message: /Usage/ }],
    ['/notify all ben', { kind: 'error', message: /Usage/ }],
    ['/notify when no!name', { kind: 'error', message: /not a valid name/ }],
    ['/ignore', { command: 'ignore' }],
    ['/ignore Eve', { command: 'ignore', name: 'eve' }],
    ['/unignore eve', { command: 'unignore', name: 'eve' }],
    ['/help keys', { command: 'help', about: 'keys' }],
    ['/edit', { command: 'edit' }],
  ];
  for (const [line, expected] of cases) t.match(parse(line, true), expected, line);
});

t.test('no two commands share a word', async (t) => {
  const words = commandWords(true);
  t.equal(new Set(words).size, words.length);
});

t.test('a direct message keeps its text', async (t) => {
  t.same(parse('/msg ben  two  spaces '), { command: 'msg', to: 'ben', text: ' two  spaces ' });
  t.same(parse('/w BEN hi'), { command: 'msg', to: 'ben', text: 'hi' });
  for (const line of ['/msg', '/msg ben', '/msg ben  ', '/msg b\u00e9n hi', '/msg . hi']) {
    t.equal(parse(line).kind, 'error', line);
  }
});

t.test('an action needs its text', async (t) => {
  t.same(parse('/me waves'), { command: 'me', text: 'waves' });
  t.equal(parse('/me ').kind, 'error');
});

t.test('/quit takes a reason, up to a limit', async (t) => {
  t.same(parse('/quit'), { command: 'quit' });
  t.same(parse('/exit  see you '), { command: 'quit', reason: 'see you' });
  t.match(parse(`/quit ${'x'.repeat(200)}`), { command: 'quit' });
  t.equal(parse(`/quit ${'\u00e4'.repeat(101)}`).kind, 'error');
});

t.test('a unique prefix of two letters is enough, of one it is not', async (t) => {
  t.same(parse('/sess'), { command: 'sessions' });
  t.same(parse('/qui'), { command: 'quit' });
  t.same(parse('/whi ben hi'), { command: 'msg', to: 'ben', text: 'hi' });
  for (const line of ['/q', '/e', '/l', '/h']) t.equal(parse(line).kind, 'error', line);
});

t.test('a prefix of two commands is refused, naming both', async (t) => {
  const { kind, message } = parse('/wh');
  t.equal(kind, 'error');
  t.match(message, '/whisper');
  t.match(message, '/who');
});

t.test('an unknown command is never posted; the nearest one is named', async (t) => {
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
    const { kind, message } = parse(line);
    t.equal(kind, 'error', line);
    if (hint !== undefined) t.match(message, `Did you mean ${hint}?`);
    t.notMatch(message, 'hunter2');
  }
});

t.test('help lists every command within 80 columns, and explains a command or a group', async (t) => {
  for (const { name } of commands) t.match(help(''), `/${name}`);
  for (const line of help('').split('\n')) t.ok(line.length <= 78, line);
  t.ok(help('').split('\n').length <= 20, 'on one screen');
  t.match(help('w'), '/msg NAME TEXT');
  t.match(help('w'), '/whisper');
  t.match(help('rooms'), '/rooms');
  t.match(help('files'), 'list the files that were sent here');
  t.match(help('history'), '/search');
  t.match(help('back'), 'stop being marked as away');
  t.throws(() => help('nothing'), new CommandRefused('There is no command or group "nothing". See /help.'));
  t.throws(
    () => help('lsit'),
    new CommandRefused('There is no command or group "lsit". Did you mean /list?'),
  );
  t.same(parse('/help /W'), { command: 'help', about: 'w' });
});

t.test('commands of rooms, moderation, invites and accounts', async (t) => {
  const cases: [string, object][] = [
    ['/join #Dev', { command: 'join', room: 'dev' }],
    ['/j dev private', { command: 'join', room: 'dev', private: true }],
    ['/join', { kind: 'error', message: /Usage/ }],
    ['/join #dev secret', { kind: 'error', message: /Usage/ }],
    ['/join #d\u00e9v', { kind: 'error', message: /Not a valid room name/ }],
    ['/leave', { command: 'leave' }],
    ['/leave end', { command: 'leave', end: true }],
    ['/part #dev end', { command: 'leave', room: 'dev', end: true }],
    ['/leave now please', { kind: 'error' }],
    ['/topic', { command: 'topic' }],
    ['/topic  what we do ', { command: 'topic', topic: 'what we do' }],
    ['/topic -', { command: 'topic', topic: '' }],
    ['/invite Ben', { command: 'invite', name: 'ben' }],
    ['/invite ben #dev', { command: 'invite', name: 'ben', room: 'dev' }],
    [
      '/role ben Moderator #dev',
      { command: 'role', name: 'ben', onServer: 'moderator', inRoom: 'moderator', room: 'dev' },
    ],
    ['/role ben admin', { command: 'role', name: 'ben', onServer: 'admin' }],
    ['/role ben admin #dev', { kind: 'error', message: /Usage/ }],
    ['/kick ben', { command: 'kick', name: 'ben' }],
    ['/kick @Ben too loud', { command: 'kick', name: 'ben', reason: 'too loud' }],
    ['/ban ben 2h too loud', { command: 'ban', name: 'ben', ms: 7_200_000, reason: 'too loud' }],
    ['/ban 192.0.2.0/24 spam', { command: 'ban', address: '192.0.2.0/24', reason: 'spam' }],
    ['/ban 2001:db8::/32', { command: 'ban', address: '2001:db8::/32' }],
    [`/ban ben ${'x'.repeat(201)}`, { kind: 'error', message: /200 bytes/ }],
    ['/unban 192.0.2.7', { command: 'unban', address: '192.0.2.7' }],
    ['/mute ben 10m', { command: 'mute', name: 'ben', ms: 600_000 }],
    ['/mute ben 10', { kind: 'error', message: /30m/ }],
    ['/ban ben 10min spam', { kind: 'error', message: /permanent/ }],
    ['/ban ben 2h30m spam', { kind: 'error', message: /permanent/ }],
    ['/mute ben 1.5h', { kind: 'error', message: /permanent/ }],
    ['/ban ben 99999w', { kind: 'error', message: /Ten years/ }],
    ['/passwd old new', { kind: 'error', message: /alone/ }],
    ['/mute ben soon', { command: 'mute', name: 'ben', reason: 'soon' }],
    ['/restrict #dev links caps', { command: 'restrict', room: 'dev', restrict: ['links', 'caps'] }],
    ['/restrict none', { command: 'restrict', restrict: [] }],
    ['/restrict fun', { kind: 'error', message: /Usage/ }],
    ['/slow 10s', { command: 'slow', slow: 10_000 }],
    ['/slow #dev off', { command: 'slow', room: 'dev', slow: 0 }],
    ['/slow 2h', { kind: 'error', message: /1h/ }],
    ['/lock', { command: 'lock', locked: true }],
    ['/unlock #dev', { command: 'unlock', room: 'dev', locked: false }],
    ['/audit', { command: 'audit' }],
    ['/audit 12', { command: 'audit', before: 12 }],
    ['/invite-link', { command: 'invite-link' }],
    ['/invite-link 5 2d moderator', { command: 'invite-link', uses: 5, ms: 172_800_000, role: 'moderator' }],
    ['/invite-link bot', { kind: 'error', message: /Usage/ }],
    ['/invite-link 10001', { kind: 'error', message: /10000 times/ }],
    ['/invite-link 5s', { kind: 'error', message: /minute/ }],
    ['/uninvite 3', { command: 'uninvite', invite: 3 }],
    ['/away', { command: 'away', text: '' }],
    ['/away at lunch', { command: 'away', text: 'at lunch' }],
    ['/logout', { command: 'logout' }],
    ['/logout 3', { command: 'logout', session: 3 }],
    ['/logout all', { command: 'logout', all: true }],
    ['/2fa on', { command: '2fa', on: true }],
    ['/2fa', { kind: 'error', message: /Usage/ }],
    ['/whois ben', { command: 'whois', name: 'ben' }],
    ['/role ben king', { kind: 'error', message: /Usage/ }],
    ['/clients', { command: 'who' }],
  ];
  for (const [line, expected] of cases) t.match(parse(line), expected, line);
});

t.test('commands that cannot be undone need their full name', async (t) => {
  for (const line of ['/del', '/lea', '/leav #dev']) {
    t.match(parse(line), { kind: 'error', message: /Did you mean \/(delete|leave)\?/ }, line);
  }
  t.same(parse('/delete'), { command: 'delete' });
  t.same(parse('/delete 17'), { command: 'delete', which: 17 });
  t.same(parse('/delete Ben'), { command: 'delete', which: 'ben' });
});

t.test('commands of the history', async (t) => {
  const hour = 3_600_000;
  const cases: [string, object][] = [
    ['/history', { command: 'history', last: 50 }],
    ['/history 7', { command: 'history', last: 7 }],
    ['/history 0', { kind: 'error' }],
    ['/history 2h', { command: 'history', since: noon - 2 * hour }],
    ['/history yesterday', { command: 'history', since: noon - 36 * hour }],
    [
      '/history 2026-11-20T14:30:05.250Z',
      { command: 'history', since: Date.UTC(2026, 10, 20, 14, 30, 5, 250) },
    ],
    ['/history 2026-11-20T14:30:05+02:00', { command: 'history', since: Date.UTC(2026, 10, 20, 12, 30, 5) }],
    [
      '/history 2026-11-20T14:30:05',
      { command: 'history', since: new Date(2026, 10, 20, 14, 30, 5).getTime() },
    ],
    ['/history 2026-11-20 14:30', { command: 'history', since: new Date(2026, 10, 20, 14, 30).getTime() }],
    ['/history 2026-02-30', { kind: 'error', message: /2026-11-20/ }],
    ['/jump 12', { command: 'jump', seq: 12 }],
    ['/jump here', { kind: 'error', message: /Usage/ }],
    ['/search', { command: 'search' }],
    ['/search red fox', { command: 'search', terms: { words: 'red fox' } }],
    [
      '/search "red fox" from:Ben in:#dev after:2026-11-20 before:09:00',
      {
        command: 'search',
        terms: {
          words: '"red fox"',
          from: 'ben',
          room: 'dev',
          since: new Date(2026, 10, 20).getTime(),
          until: new Date(2026, 10, 21, 9).getTime(),
        },
      },
    ],
    ['/search in:@ben hi', { command: 'search', terms: { words: 'hi', with: 'ben' } }],
    ['/search before:soon from:', { command: 'search', terms: { words: 'before:soon from:' } }],
    [`/search ${'x'.repeat(201)}`, { kind: 'error' }],
  ];
  for (const [line, expected] of cases) t.match(parse(line), expected, line);
  t.notOk('from' in parse('/search red'));
});

t.test('commands of files', async (t) => {
  const cases: [string, object][] = [
    ['/send a b.txt', { command: 'send', path: 'a b.txt' }],
    ['/send ~/a.txt to #Dev', { command: 'send', path: '~/a.txt', to: { room: 'dev' } }],
    ['/send a.txt to @Ben', { command: 'send', path: 'a.txt', to: { to: 'ben' } }],
    ['/send "from me to you.txt"', { command: 'send', path: '"from me to you.txt"' }],
    [
      "/send 'from me to you.txt' to ben",
      { command: 'send', path: "'from me to you.txt'", to: { to: 'ben' } },
    ],
    ['/send', { kind: 'error', message: /Usage/ }],
    ['/get 17', { command: 'get', seq: 17 }],
    ['/get 17 ~/my files/', { command: 'get', seq: 17, path: '~/my files/' }],
    ['/get it', { kind: 'error', message: /Usage/ }],
    ['/view 17', { kind: 'error', message: /only on the full screen/ }],
    ['/cancel', { command: 'cancel' }],
    ['/cancel 2', { command: 'cancel', transfer: 2 }],
  ];
  for (const [line, expected] of cases) t.match(parse(line), expected, line);
  t.match(parse('/view 17', true), { command: 'view', seq: 17 });
  for (const line of ['/view', '/view photo.jpg', '/view 17 18'])
    t.match(parse(line, true), { kind: 'error', message: 'Usage: /view ID' }, line);
});
