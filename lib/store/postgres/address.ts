/**
 * Where a PostgreSQL database is: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME?sslmode=…`, as libpq reads it
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS). Knows no SQL.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

export interface DatabaseAddress {
  /** Tried in turn, until one takes writes. A path is the folder of a Unix socket. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly user: string;
  /** Undefined: from the file that PGPASSFILE names, or ~/.pgpass. */
  readonly password?: string;
  /** Undefined for none. */
  readonly tls?: { readonly verify: boolean; readonly ca?: string };
}

const form = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const settings = new Set(['host', 'port', 'sslmode', 'sslrootcert', 'user', 'dbname']);
const defaultPort = 5432;

/** @throws RangeError with what to do, without the password */
export function parseDatabaseAddress(text: string): DatabaseAddress {
  const parts = form.exec(text.trim());
  if (parts === null) throw new RangeError('Give the database as postgres://USER@HOST/NAME.');
  const [, user = '', password, places = '', name = '', query = ''] = parts;
  const given = new Map(new URLSearchParams(query));
  for (const key of given.keys()) {
    if (!settings.has(key)) throw new RangeError(`The database's address has an unknown setting: ${key}.`);
  }
  const hosts = hostsOf(given.get('host') ?? decode(places), given.get('port'));
  const own = decode(user) || given.get('user') || userInfo().username;
  const tls = tlsOf(hosts, given.get('sslmode'), given.get('sslrootcert'));
  return {
    ...{ hosts, user: own, database: decode(name) || given.get('dbname') || own },
    ...(password !== undefined && { password: decode(password) }),
    ...(tls !== undefined && { tls }),
  };
}

/** For people: never with the password. */
export function addressText({ hosts, database }: DatabaseAddress): string {
  const places = hosts.map(({ host, port }) => (port === defaultPort ? host : `${host}:${port}`));
  return `postgres://${places.join(',')}/${database}`;
}

/** The address as it was given, but without the password. @param text that parses */
export function withoutPassword(text: string): string {
  const [, , password] = form.exec(text.trim()) ?? [];
  return password === undefined ? text.trim() : text.trim().replace(`:${password}@`, '@');
}

function hostsOf(places: string, ports = ''): DatabaseAddress['hosts'] {
  const given = ports.split(',');
  return places.split(',').map((place, index) => {
    const [, bracketed, plain = '', own] = /^(?:\[([^\]]*)\]|([^:]*|\/.*?))(?::(\d+))?$/.exec(place) ?? [];
    const host = bracketed ?? plain;
    const port = Number(own ?? (given[index] || given[0] || defaultPort));
    if ((host === '' && place !== '') || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new RangeError(`The database's address has a host that can't be read: ${place}.`);
    }
    return { host: host || 'localhost', port };
  });
}

const isLocal = (host: string): boolean => /^(?:localhost|127\..*|::1|\/.*)$/.test(host);

/** As `verify-full`, unless the database is on this machine or the address says otherwise. */
function tlsOf(hosts: DatabaseAddress['hosts'], mode: string | undefined, file: string | undefined) {
  const usual = hosts.every(({ host }) => isLocal(host)) ? 'disable' : 'verify-full';
  const wanted = mode ?? usual;
  if (wanted === 'disable') return undefined;
  if (wanted === 'require' && file === undefined) return { verify: false };
  if (wanted !== 'require' && wanted !== 'verify-full') {
    throw new RangeError('sslmode is disable, require or verify-full.');
  }
  return { verify: true, ...(file !== undefined && { ca: certificateIn(file) }) };
}

function certificateIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new RangeError(`The certificate ${file} (sslrootcert) can't be read.`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError("The database's address has a % that is not followed by two hexadecimal digits.");
  }
}
