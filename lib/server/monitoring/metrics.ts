/**
 * The metrics: a table of names, each with how its value is read from the server. Everything is read when a scrape asks; the
 * parts count in plain numbers and know nothing of this. No label holds a name, an address or a text.
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { ChatServer } from '../chat-server.js';
import type { Histogram } from '../histogram.js';
import type { Tally } from '../net/counts.js';

/** What is measured. */
export interface Measured {
  readonly server: Pick<ChatServer, 'app' | 'counts'>;
  /** When the certificate in use ends, in milliseconds since the epoch. */
  readonly certificateEnd: () => number;
}

/** The metrics' text, as Prometheus reads it. */
interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Of a histogram's lines. */
  readonly metricName?: string;
}

interface Row {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  read(measured: Measured): number | readonly Sample[];
}

const dayMs = 24 * 60 * 60_000;

const rows: Readonly<Record<string, Row>> = {
  secure_chat_connections: {
    type: 'gauge',
    help: 'Open connections, by kind',
    read: ({ server }) => labelled('kind', Object.entries(server.counts.connections)),
  },
  secure_chat_people_online: {
    type: 'gauge',
    help: 'Accounts that are signed in, on all servers of the chat',
    read: ({ server }) => server.app.presence.online,
  },
  secure_chat_sign_ins_total: {
    type: 'counter',
    help: 'Sign-ins, by outcome: ok, or the code of the refusal',
    read: ({ server }) => tallied('outcome', server.counts.signIns),
  },
  secure_chat_connections_ended_total: {
    type: 'counter',
    help: 'Connections that ended or were refused, by reason',
    read: ({ server }) => tallied('reason', server.counts.ended),
  },
  secure_chat_messages_total: {
    type: 'counter',
    help: 'Messages and files posted on this server',
    read: ({ server }) => server.app.hub.counts.messages,
  },
  secure_chat_fan_outs_total: {
    type: 'counter',
    help: 'Times that what waited in a room was sent to everyone in it',
    read: ({ server }) => server.app.rooms.counts.fanOuts,
  },
  secure_chat_deliveries_total: {
    type: 'counter',
    help: 'Messages and other events sent to terminals, once for each terminal',
    read: ({ server }) => server.app.rooms.counts.deliveries,
  },
  secure_chat_queue_bytes: {
    type: 'gauge',
    help: 'Bytes that slow readers have yet to take',
    read: ({ server }) => server.counts.queueBytes,
  },
  secure_chat_commit_seconds: {
    type: 'histogram',
    help: 'Time until a message is on disk, waits for its transaction included',
    read: ({ server }) => seconds('secure_chat_commit_seconds', server.app.hub.counts.commits),
  },
  secure_chat_webhook_posts_total: {
    type: 'counter',
    help: 'Posts to webhooks, by outcome: posted, or why not',
    read: ({ server }) => tallied('outcome', server.counts.webhooks),
  },
  secure_chat_pushes_total: {
    type: 'counter',
    help: 'Push notifications that are over, by outcome: sent, or why they were given up',
    read: ({ server }) => tallied('outcome', server.app.push.counts.ends),
  },
  secure_chat_push_retries_total: {
    type: 'counter',
    help: 'Retries of push notifications',
    read: ({ server }) => server.app.push.counts.queue.retries,
  },
  secure_chat_pushes_waiting: {
    type: 'gauge',
    help: 'Push notifications waiting or being sent',
    read: ({ server }) => server.app.push.counts.queue.waiting,
  },
  secure_chat_certificate_days: {
    type: 'gauge',
    help: 'Days until the certificate in use expires',
    read: ({ server, certificateEnd }) => (certificateEnd() - server.app.clock.now()) / dayMs,
  },
  secure_chat_database_reached: {
    type: 'gauge',
    help: 'PostgreSQL only: 1 if the database has answered in the last seconds, else 0',
    read: ({ server }) =>
      server.app.store.peering === undefined ? [] : [{ value: server.app.peers.reached ? 1 : 0 }],
  },
};

/** Processor, memory, garbage collection and event-loop delay: of the process, so begun only once in it. */
const ofProcess = new Registry();
collectDefaultMetrics({ register: ofProcess });

export function createMetrics(measured: Measured): Metrics {
  const ofServer = new Registry();
  for (const [name, { type, help, read }] of Object.entries(rows)) {
    async function get() {
      const found = read(measured);
      return {
        name,
        help,
        type,
        aggregator: 'sum',
        values: typeof found === 'number' ? [{ value: found }] : found,
      };
    }
    // The library's own classes keep the values, and want to be called for each change.
    ofServer.registerMetric({ name, get } as unknown as Metric);
  }
  const all = Registry.merge([ofServer, ofProcess]);
  return { contentType: all.contentType, text: () => all.metrics() };
}

function labelled(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return Array.from(values, ([key, value]) => ({ labels: { [label]: key }, value }));
}

function tallied(label: string, tally: Tally): Sample[] {
  return labelled(label, tally.entries());
}

/** @param histogram of milliseconds */
function seconds(name: string, { bounds, counts, sum }: Histogram): Sample[] {
  let count = 0;
  const buckets = counts.map((more, at): Sample => {
    count += more;
    const bound = bounds[at];
    return {
      metricName: `${name}_bucket`,
      labels: { le: bound === undefined ? '+Inf' : bound / 1000 },
      value: count,
    };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: sum / 1000 },
    { metricName: `${name}_count`, value: count },
  ];
}
