/** A server with people at it, each at the built program in `--json`. */
import type { Test } from 'tap';
import { type JsonClient, jsonClient } from './json-client.js';
import { type Served, serve } from './served.js';

export interface JsonPeople {
  readonly served: Served;
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
  const served = await serve(...settings);
  t.teardown(() => served.close());
  const people: JsonClient[] = [];
  for (const name of names) {
    const link = people.length === 0 ? served.firstLink : await served.invite();
    people.push(await jsonClient(served, link, name));
  }
  return { served, people, again: (name) => jsonClient(served, served.link, name) };
}
