/** A server with people at it, each at the built program in `--json`. */
import type { Test } from 'tap';
import { type JsonClient, jsonClient } from './json-client.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface JsonPeople {
  readonly served: ServerProcess;
  /** In the order of their names; the first is the admin. */
  readonly people: readonly JsonClient[];
  /** Another terminal of somebody who is there. */
  again(name: string): Promise<JsonClient>;
}

export async function jsonPeople(
  t: Test,
  names: readonly string[],
  ...settings: string[]
): Promise<JsonPeople> {
  const served = await startServerProcess(...settings);
  t.teardown(() => served.close());
  const [first = '', ...others] = names;
  const people = [await jsonClient(served, served.firstLink, first)];
  if (others.length > 0) {
    const link = await served.invite('--uses', `${others.length}`);
    people.push(...(await Promise.all(others.map((name) => jsonClient(served, link, name)))));
  }
  return { served, people, again: (name) => jsonClient(served, served.link, name) };
}
