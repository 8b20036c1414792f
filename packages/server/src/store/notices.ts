import { sql, type Kysely } from 'kysely';
import { messageOf, sleep, type DaemonLog } from '@lava/base';
import type { EventBus, ServerEvent } from '../services.ts';
import type { Connection } from './connection.ts';
import type { Database } from './database.ts';

const channel = 'lava_events';

/** A bus for a process that is not the server: what it publishes is sent to the server through the database. */
export function noticeBus(db: Kysely<Database>): EventBus & { sent(): Promise<void> } {
  let sending: Promise<unknown> = Promise.resolve();
  return {
    publish(event) {
      const notify = () => sql`select pg_notify(${channel}, ${JSON.stringify(event)})`.execute(db);
      // A lost notice is made up for by the server's sweep.
      sending = sending.then(notify).catch(() => {});
    },
    subscribe: () => () => {},
    sent: async () => { await sending; },
  };
}

/** Publishes what other processes changed. Reconnects for ever; returns how to stop. */
export function listenForNotices(connection: Connection, events: EventBus, log: DaemonLog): () => Promise<void> {
  const stop = new AbortController();
  const listen = async () => {
    while (!stop.signal.aborted) {
      try {
        const session = await connection.session();
        const end = () => { void session.end().catch(() => {}); };
        const ended = new Promise((resolve) => { session.once('end', resolve); });
        session.on('notification', ({ payload }) => { if (payload) events.publish(JSON.parse(payload) as ServerEvent); });
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
