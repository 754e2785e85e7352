/**
 * Carries out typed lines: posts them or runs the command. Knows the table of commands and a front end, no stream and no
 * key.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { messageText } from '../../protocol/message-text.js';
import { type RoomOrPerson, recipientOf } from '../../protocol/names.js';
import type { OutgoingMessage } from '../session/session.js';
import type { ServerEvent } from '../wire/connection.js';
import { ConnectionLost } from '../wire/connection.js';
import type { CommandContext, CommandFrontEnd, CommandMemory } from './command.js';
import { CommandRefused, notConnected, refusedBy } from './command.js';
import { parseLine } from './commands.js';
import { post } from './messages.js';

export interface LineRunner {
  /** Does what a line says, where it is typed. A text that cannot be a message is refused before it is sent. */
  run(line: string): LineResult;
  /** Gives an own message another text. Resolves with false if that was refused; rejects only for a bug. */
  edit(of: number, text: string): Promise<boolean>;
  /** Posts a message as it is; false if its text was refused. */
  post(draft: OutgoingMessage): boolean;
  /** Must see every event, for /reply. */
  notice(event: ServerEvent): void;
}

interface LineResult {
  /** It was refused: what is in the input line now is to stay. */
  readonly keep: boolean;
  /** Resolves when the command is done or was refused; rejects only for a bug. Undefined if it is done already. */
  readonly done: Promise<void> | undefined;
}

export function createLineRunner(frontEnd: CommandFrontEnd): LineRunner {
  const { session, time } = frontEnd;
  const memory: CommandMemory = {
    lastPeer: undefined,
    found: new Map(),
    nextSearchPage: undefined,
    unlisted: undefined,
  };

  function contextFor(conversation: RoomOrPerson): CommandContext {
    return {
      ...frontEnd,
      conversation,
      memory,
      async ask(request) {
        const reply = await session.ask(request);
        if (reply.type === 'ok') return reply;
        throw refusedBy(reply, request);
      },
    };
  }

  function refuse(error: unknown): void {
    if (error instanceof CommandRefused) frontEnd.refuse(error.message);
    else if (error instanceof ConnectionLost) frontEnd.refuse(notConnected);
    // Such as a topic that is larger than a frame.
    else if (error instanceof ProtocolError) frontEnd.refuse(error.message);
    else throw error;
  }

  function attempt(action: () => ReturnType<typeof runLine>): LineResult {
    try {
      const outcome = action();
      if (outcome instanceof Promise) return { keep: false, done: outcome.catch(refuse) };
      return { keep: false, done: undefined };
    } catch (error) {
      refuse(error);
      return { keep: true, done: undefined };
    }
  }

  function runLine(line: string, conversation: RoomOrPerson) {
    const parsed = parseLine(line, { now: time.now(), screen: frontEnd.screen !== undefined });
    switch (parsed.kind) {
      case 'blank':
        return undefined;
      case 'text':
        return post(
          { ...recipientOf(conversation), text: parsed.text },
          { say: frontEnd.say, emoji: frontEnd.emoji && !parsed.literal },
        );
      case 'command':
        return parsed.run(contextFor(conversation));
      case 'error':
        throw new CommandRefused(parsed.message);
      default:
        return parsed satisfies never;
    }
  }

  return {
    run: (line) => attempt(() => runLine(line, frontEnd.conversation())),
    async edit(of, text) {
      try {
        messageText(text);
        await contextFor(frontEnd.conversation()).ask({ type: 'edit', of, text });
        return true;
      } catch (error) {
        refuse(error);
        return false;
      }
    },
    post: (draft) => !attempt(() => post(draft, { say: frontEnd.say })).keep,
    notice(event) {
      const direct = event.type === 'message' && event.room === undefined;
      if (direct && event.from !== session.name) memory.lastPeer = event.from;
    },
  };
}
