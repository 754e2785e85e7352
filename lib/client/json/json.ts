/**
 * The JSON face: every stdin line is a request, every stdout line an event, a reply, or what became of the
 * connection and of a message. Knows shapes, not people.
 */
import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../../protocol/errors.js';
import { printable } from '../../protocol/printable.js';
import { parseRequest, type Request, type RequestType } from '../../protocol/requests.js';
import { createListener, type FrontEnd } from '../front-end.js';
import type { InputLine } from '../pipe.js';
import { createPipe, type Pipe } from '../pipe.js';
import type { Asked, Happening, Session, Status } from '../session/session.js';

export interface JsonDeps {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted with a StopSignal as its reason. */
  readonly stop: AbortSignal;
}

/** What a program calls its request; comes back as `re`. */
type Id = string | number;

// A message of 4 KiB can take six characters for each byte when escaped.
const lineLimit = 64 * 1024;
const idLength = 64;
const depthLimit = 8;
// Stands for the key that the session is to make; never sent.
const placeholder = '(none)';

// The client signs in, catches up and keeps the connection alive by itself.
const ownBusiness: ReadonlySet<RequestType> = new Set([
  'sign-in',
  'register',
  'recover',
  'resume',
  'sync',
  'ping',
]);

export function createJsonFrontEnd(deps: JsonDeps): FrontEnd {
  const { listener, open } = createListener();
  const pipe = createPipe({ ...deps, lineLimit });
  return {
    listener,
    run(session) {
      const write = (line: object): void => {
        deps.stdout.write(`${JSON.stringify(cleaned(line))}\n`);
      };
      const desk = createDesk({ session, pipe, write });
      const { name, role, motd, hello } = session;
      write({ type: 'session', name, role, server: hello.server, ...(motd !== undefined && { motd }) });
      open((happening) => {
        desk.show(happening);
        pipe.notice(happening);
      });
      return pipe.run(session, { onLine: desk.take });
    },
  };
}

interface Desk {
  readonly show: (happening: Happening) => void;
  readonly take: (line: InputLine) => { readonly quit: string | undefined } | undefined;
}

function createDesk(given: {
  readonly session: Session;
  readonly pipe: Pipe;
  readonly write: (line: object) => void;
}): Desk {
  const { session, pipe, write } = given;
  // By key, in the order they were said: a program may say the same again before the first is sent.
  const asked = new Map<string, (Id | undefined)[]>();

  function fail(error: unknown, id: Id | undefined): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    write({ type: 'error', ...(id !== undefined && { re: id }), code, message });
  }

  async function ask(request: Asked, id: Id | undefined): Promise<void> {
    try {
      const { re: _, ...reply } = await session.ask(request);
      write({ ...reply, ...(id !== undefined && { re: id }) });
    } catch (error) {
      fail(error, id);
    }
  }

  function perform(request: Request, id: Id | undefined): { quit: string | undefined } | undefined {
    const { id: _, ...rest } = request;
    if (request.type === 'quit') return { quit: request.reason };
    if (request.type !== 'say') {
      void pipe.busy(ask(rest as Asked, id));
      return undefined;
    }
    const { type: __, id: ___, key: own, ...draft } = request;
    const key = pipe.say(session, own === placeholder ? draft : { ...draft, key: own });
    asked.set(key, [...(asked.get(key) ?? []), id]);
    write({ type: 'delivery', ...(id !== undefined && { re: id }), key, state: 'sending' });
    return undefined;
  }

  return {
    take(line) {
      let id: Id | undefined;
      try {
        if ('tooLong' in line)
          throw new ProtocolError('frame-too-large', 'That line is too long for a request.');
        if (line.text.trim() === '') return undefined;
        const fields = parseLine(line.text);
        id = idOf(fields);
        return perform(requestOf(fields), id);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        pipe.refuse();
        fail(error, id);
        return undefined;
      }
    },
    show(happening) {
      switch (happening.kind) {
        case 'event':
          write(happening.event);
          break;
        case 'status':
          write({ type: 'status', ...statusFields(happening.status) });
          break;
        case 'synced':
          write({ type: 'synced', first: happening.first, conversations: happening.conversations });
          break;
        case 'delivery': {
          const { key, delivery } = happening;
          const [id, ...others] = asked.get(key) ?? [];
          if (delivery.state !== 'sending') {
            if (others.length === 0) asked.delete(key);
            else asked.set(key, others);
          }
          write({ type: 'delivery', ...(id !== undefined && { re: id }), key, ...delivery });
          break;
        }
        default:
          happening satisfies never;
      }
    },
  };
}

function statusFields(status: Status): object {
  if (status.state !== 'ended') return status;
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
    throw new ProtocolError('bad-request', 'A line is one JSON object, not another JSON value.');
  }
  return value as Record<string, unknown>;
}

function idOf({ id }: Record<string, unknown>): Id | undefined {
  if (id === undefined || (typeof id === 'number' && Number.isSafeInteger(id))) return id;
  if (typeof id === 'string' && id.length <= idLength) return id;
  throw new ProtocolError(
    'bad-request',
    `An id is a whole number or a text of at most ${idLength} characters.`,
  );
}

/** The line as a request of the protocol, whose own id and key it need not have. */
function requestOf(fields: Record<string, unknown>): Request {
  const key = fields.type === 'say' && fields.key === undefined ? { key: placeholder } : {};
  const request = parseRequest({ ...fields, ...key, id: 1 });
  if (ownBusiness.has(request.type)) {
    throw new ProtocolError('not-allowed', `The client sends ${request.type} by itself.`);
  }
  if (request.type === 'say' && (request.room === undefined) === (request.to === undefined)) {
    throw new ProtocolError('bad-request', 'Say it in a "room" or "to" somebody, one of the two.');
  }
  return request;
}

/** Texts of several lines. */
const ofLines: ReadonlySet<string> = new Set(['text', 'motd']);

/** Every text in it printable; what is nested deeper than any frame of this version is left out. */
function cleaned(value: unknown, name = '', depth = 0): unknown {
  if (typeof value === 'string') return printable(value, { newlines: ofLines.has(name) });
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthLimit) return undefined;
  if (Array.isArray(value)) return value.map((each) => cleaned(each, name, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [printable(key), cleaned(each, key, depth + 1)]),
  );
}
