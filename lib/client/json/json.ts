/**
 * The JSON front end: each stdin line is a request; each stdout line is an event, a reply, or the state of the connection
 * or of a message. Knows frames, no words for people.
 */
import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../../protocol/errors.js';
import { printableJson } from '../../protocol/printable.js';
import { parseRequest, type Request, type RequestType } from '../../protocol/requests.js';
import { createListener, type FrontEnd } from '../front-end.js';
import type { OpenHooks } from '../hooks.js';
import type { InputLine } from '../input-lines.js';
import { createPipe, type Pipe, type PipeQuit } from '../pipe.js';
import type { Session, SessionEvent, SessionStatus } from '../session/session.js';
import type { RequestBody } from '../wire/connection.js';

interface JsonDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** For people. */
  readonly stderr: Writable;
  readonly openHooks?: OpenHooks | undefined;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
}

/** A program's own id of a request; its reply carries it as `re`. */
type Id = string | number;

const idLength = 64;
// Stands for the key that the session makes; never sent.
const placeholder = '(none)';

// The client signs in, catches up and keeps the connection alive by itself.
const sentByClient: ReadonlySet<RequestType> = new Set([
  'check-name',
  'sign-in',
  'register',
  'recover',
  'resume',
  'set-remember',
  'sync',
  'ping',
]);

export function createJsonFrontEnd(deps: JsonDeps): FrontEnd {
  const { listener, open } = createListener();
  const pipe = createPipe(deps);
  return {
    listener,
    async run(session) {
      const write = (line: object): void => {
        deps.stdout.write(`${printableJson(line)}\n`);
      };
      const { name, role, motd, hello } = session;
      write({ type: 'session', name, role, server: hello.server, ...(motd !== undefined && { motd }) });
      const requests: Requests = { session, pipe, write, said: new Map() };
      const hooks = deps.openHooks?.(session, (words) => void deps.stderr.write(`secure-chat: ${words}\n`));
      open((event) => {
        showEvent(event, requests);
        hooks?.notice(event);
        pipe.notice(event);
      });
      const result = await pipe.run(session, { onLine: (line) => takeLine(line, requests) });
      await hooks?.close();
      return result;
    },
  };
}

interface Requests {
  readonly session: Session;
  readonly pipe: Pipe;
  readonly write: (line: object) => void;
  /** Ids of messages on their way, by key and in order: a program may send the same key again before the first is sent. */
  readonly said: Map<string, (Id | undefined)[]>;
}

function takeLine(line: InputLine, requests: Requests): PipeQuit | undefined {
  let id: Id | undefined;
  try {
    if ('tooLong' in line) throw new ProtocolError('frame-too-large', 'The line is too long for a request.');
    if (line.text.trim() === '') return undefined;
    const fields = parseLine(line.text);
    id = idOf(fields);
    return send(requestOf(fields), id, requests);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    requests.pipe.refuse();
    requests.write(errorLine(error, id));
    return undefined;
  }
}

function send(request: Request, id: Id | undefined, requests: Requests): PipeQuit | undefined {
  const { session, pipe, write, said } = requests;
  if (request.type === 'quit') return { reason: request.reason };
  if (request.type !== 'say') {
    const { id: _, ...rest } = request;
    void pipe.busy(ask(rest as RequestBody, id, requests));
    return undefined;
  }
  const { type: _, id: __, key: own, ...draft } = request;
  const key = pipe.say(session, own === placeholder ? draft : { ...draft, key: own });
  said.set(key, [...(said.get(key) ?? []), id]);
  write({ type: 'delivery', ...withId(id), key, state: 'sending' });
  return undefined;
}

async function ask(request: RequestBody, id: Id | undefined, { session, write }: Requests): Promise<void> {
  try {
    const { re: _, ...reply } = await session.ask(request);
    write({ ...reply, ...withId(id) });
  } catch (error) {
    write(errorLine(error, id));
  }
}

function errorLine(error: unknown, id: Id | undefined): object {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'error', ...withId(id), code, message };
}

function withId(id: Id | undefined): { re?: Id } {
  return id === undefined ? {} : { re: id };
}

function showEvent(event: SessionEvent, { write, said }: Requests): void {
  switch (event.kind) {
    case 'event':
      write(event.event);
      break;
    case 'status':
      // Nothing that a program could act on.
      if (event.status.state === 'late') break;
      write({ type: 'status', ...statusFields(event.status) });
      break;
    case 'synced':
      write({ type: 'synced', first: event.first, conversations: event.conversations });
      break;
    case 'delivery': {
      const { key, delivery } = event;
      const [id, ...others] = said.get(key) ?? [];
      if (delivery.state !== 'sending') {
        if (others.length === 0) said.delete(key);
        else said.set(key, others);
      }
      write({ type: 'delivery', ...withId(id), key, ...delivery });
      break;
    }
    default:
      event satisfies never;
  }
}

function statusFields(status: SessionStatus): object {
  if (status.state !== 'ended') {
    // For a person who is in a hurry.
    const { canHurry: _, ...fields } = { canHurry: undefined, ...status };
    return fields;
  }
  const { end } = status;
  const how = end.why === 'distrusted' ? { why: end.why, message: end.error.message } : end;
  return { state: status.state, ...how };
}

function parseLine(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError(
      'bad-request',
      'A line is one JSON object, such as {"type":"say","room":"lobby","text":"hi"}.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('bad-request', 'A line is one JSON object, not an array or another value.');
  }
  return value as Record<string, unknown>;
}

function idOf({ id }: Record<string, unknown>): Id | undefined {
  if (id === undefined || (typeof id === 'number' && Number.isSafeInteger(id))) return id;
  if (typeof id === 'string' && id.length <= idLength) return id;
  throw new ProtocolError(
    'bad-request',
    `An id is a whole number or a string of at most ${idLength} characters.`,
  );
}

/** The line as a request of the protocol; its id and key are optional here. */
function requestOf(fields: Record<string, unknown>): Request {
  const key = fields.type === 'say' && fields.key === undefined ? { key: placeholder } : {};
  const request = parseRequest({ ...fields, ...key, id: 1 });
  if (sentByClient.has(request.type)) {
    throw new ProtocolError('not-allowed', `The client sends ${request.type} itself.`);
  }
  if (request.type === 'say' && (request.room === undefined) === (request.to === undefined)) {
    throw new ProtocolError('bad-request', 'A message needs either "room" or "to", and not both.');
  }
  return request;
}
