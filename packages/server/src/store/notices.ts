import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { messageOf, sleep, type DaemonLog } from '@lava/base';
import type { EventBus, ServerEvent } from '../event-bus.ts';
import type { Connection } from './connection.ts';
import type { Database } from './database.ts';

const channel = 'lava_events';
/** Characters of one notice; PostgreSQL takes 8000 bytes. */
const mostInNotice = 7000;

/** Events of one process on their way to the others; a text too long for one notice goes in several. */
interface Notice {
  readonly from: string;
  /** Number of the piece: of equal notices in one transaction PostgreSQL tells only one. */
  readonly piece: number;
  readonly text: string;
  /** More of the text follows. */
  readonly more?: true;
}

/** A bus whose events all processes on the database hear. */
export interface NoticeBus extends EventBus {
  /** Resolves when everything published so far is with the others. */
  sent(): Promise<void>;
  /** Publishes here what the others publish. Reconnects for ever; returns how to stop. */
  listen(connection: Connection, log: DaemonLog): () => Promise<void>;
}

/**
 * Joins the buses of all processes over the database: what is published here goes to `local`, if there is one, at once, and to
 * the others. Events that come while others are being sent go together.
 */
export function noticeBus(db: Kysely<Database>, local?: EventBus): NoticeBus {
  const own = randomUUID();
  let waiting: ServerEvent[] = [];
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const notices = noticesOf(own, waiting);
      waiting = [];
      // A lost notice is made up for by the sweeps of those who wait for it.
      await sql`select pg_notify(${channel}, text) from unnest(${notices}::text[]) with ordinality as u (text, n) order by n`.execute(db).catch(() => {});
    }
  }

  return {
    publish(event) {
      local?.publish(event);
      waiting.push(event);
      sending ??= send().finally(() => { sending = undefined; });
    },
    subscribe: (listener) => local?.subscribe(listener) ?? (() => {}),
    sent: async () => { await sending; },
    listen: (connection, log) => listenForNotices(connection, log, own, (event) => local?.publish(event)),
  };
}

/** Publishes what other processes change on a bus of this process alone. */
export function listenOnly(connection: Connection, events: EventBus, log: DaemonLog): () => Promise<void> {
  return listenForNotices(connection, log, '', (event) => events.publish(event));
}

function noticesOf(from: string, events: readonly ServerEvent[]): string[] {
  // With other characters escaped, characters are bytes and may be cut anywhere.
  const all = JSON.stringify(events).replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const pieces: string[] = [];
  // Quotes and backslashes within the notice take two.
  for (let at = 0; at < all.length; at += mostInNotice / 2) pieces.push(all.slice(at, at + mostInNotice / 2));
  return pieces.map((text, n) => JSON.stringify({ from, piece: n, text, ...(n < pieces.length - 1 && { more: true }) } satisfies Notice));
}

function listenForNotices(connection: Connection, log: DaemonLog, own: string, publish: (event: ServerEvent) => void): () => Promise<void> {
  const stop = new AbortController();
  const listen = async () => {
    while (!stop.signal.aborted) {
      try {
        const session = await connection.session();
        const end = () => { void session.end().catch(() => {}); };
        const ended = new Promise((resolve) => { session.once('end', resolve); });
        /** Beginnings of texts, by sender. */
        const begun = new Map<string, string>();
        session.on('notification', ({ payload }) => {
          try {
            const { from, piece, text, more } = JSON.parse(payload ?? '') as Notice;
            if (from === own) return;
            const all = piece === 0 ? text : (begun.get(from) ?? '') + text;
            begun.delete(from);
            if (more) { begun.set(from, all); return; }
            for (const event of JSON.parse(all) as ServerEvent[]) publish(event);
          } catch (error) {
            // Anybody with the password of the database can send one.
            log.warn(`A notice of another process cannot be read: ${messageOf(error)}`);
          }
        });
        stop.signal.addEventListener('abort', end, { once: true });
        if (stop.signal.aborted) end();
        else await session.query(`listen ${channel}`);
        await ended;
        stop.signal.removeEventListener('abort', end);
      } catch (error) {
        log.debug(`Not listening to other processes: ${messageOf(error)}`);
      }
      await sleep(500, stop.signal).catch(() => {});
    }
  };
  const listening = listen();
  return async () => {
    stop.abort();
    await listening;
  };
}
