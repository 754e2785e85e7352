/**
 * Reads again what is kept in memory of those who are online: after another server ended, which may not have told all that it
 * did. Knows what the store has and what is live, not who changed it.
 */
import type { ConversationSummary } from '../store/room-store.js';
import type { App } from './app.js';
import { conversationRecord } from './chat/frames.js';
import type { Member } from './chat/presence.js';

type InRoom = Extract<ConversationSummary, { kind: 'room' }>;

/** @throws StoreError; what was read until then holds */
export async function resync(app: App): Promise<void> {
  const { store, rooms, bans, push, elsewhere, presence } = app;
  await elsewhere.load();
  rooms.sync(await store.rooms());
  await bans.load();
  await push.load();
  const members = new Map(presence.members().map((member) => [member.account.id, member]));
  // One after the other, so that no post waits for all of them.
  for (const member of members.values()) await resyncAccount(app, member);
}

async function resyncAccount(app: App, { account: { id, name }, alive }: Member): Promise<void> {
  if (!alive) return;
  const { store, clock, rooms, presence } = app;
  const now = clock.now();
  const [account, ban, sessions, mutes, standings] = await Promise.all([
    ...([store.account(name), store.banOf(id, now), store.sessions(id, now)] as const),
    ...([store.mutes(id, now), store.conversations(id)] as const),
  ]);
  const valid = new Set(sessions.map((session) => session.id));
  for (const terminal of [...presence.terminals(id)]) {
    const { session } = terminal;
    const ended = ban !== undefined || (session !== undefined && !valid.has(session));
    if (ended) terminal.dismiss('signed-out', 'Your session was ended on another server.');
  }
  if (account !== undefined) presence.update(account);
  for (const { room } of rooms.mutesOf(id)) rooms.unmute(id, room);
  for (const mute of mutes) rooms.mute(id, mute);
  resyncRooms(
    app,
    id,
    standings.filter((each): each is InRoom => each.kind === 'room'),
  );
}

function resyncRooms({ rooms }: App, account: number, standings: readonly InRoom[]): void {
  const known = rooms.membershipsOf(account);
  const names = new Set(standings.map(({ name }) => name));
  for (const { room } of [...known.values()]) {
    if (names.has(room.name)) continue;
    rooms.leave(account, room);
    rooms.sendToTerminals(account, { type: 'parted', room: room.name });
  }
  for (const standing of standings) {
    const { role } = standing;
    const room = rooms.byId.get(standing.room.id);
    if (room === undefined || known.get(room.name)?.role === role) continue;
    rooms.enter(account, { room, role });
    rooms.sendToTerminals(account, { type: 'room', conversation: conversationRecord(standing) });
  }
}
