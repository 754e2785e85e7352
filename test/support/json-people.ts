/** A server process and people connected to it in `--json`. */
import type { Test } from 'tap';
import { type JsonClient, jsonClient } from './json-client.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface JsonPeople {
  readonly server: ServerProcess;
  /** In the order of their names; the first is the admin. */
  readonly people: readonly JsonClient[];
  /** Another session of one of these people. */
  again(name: string): Promise<JsonClient>;
}

export async function jsonPeople(
  t: Test,
  names: readonly string[],
  ...settings: string[]
): Promise<JsonPeople> {
  const server = await startServerProcess(...settings);
  t.teardown(() => server.close());
  const [first = '', ...others] = names;
  const people = [await jsonClient(server, server.firstLink, first)];
  if (others.length > 0) {
    const link = await server.invite('--uses', `${others.length}`);
    people.push(...(await Promise.all(others.map((name) => jsonClient(server, link, name)))));
  }
  return { server, people, again: (name) => jsonClient(server, server.link, name) };
}
