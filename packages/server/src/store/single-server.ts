import type { Client } from 'pg';
import { ConfigurationError, messageOf, sleep, type DaemonLog } from '@lava/base';
import type { Connection } from './connection.ts';

/** Number of the advisory lock that the one server of a database holds. */
const lockNumber = 0x6c617661;

/**
 * Makes sure that only one server schedules and talks to workers on this database. The lock lives with a session of its
 * own and is taken again after the database was away. Returns how to let go.
 * @throws ConfigurationError when another server holds it for longer than `patience` seconds
 */
export async function beTheServer(connection: Connection, log: DaemonLog, patience = 10): Promise<() => Promise<void>> {
  const stop = new AbortController();
  let client = await lock(connection, patience);
  if (!client) {
    throw new ConfigurationError('another lava-server uses this database', { code: 'second-server', hint: 'Stop it first, or give this one another --root or DATABASE_URL.' });
  }
  const watch = (async () => {
    while (!stop.signal.aborted) {
      await new Promise((resolve) => { client!.once('end', resolve); stop.signal.addEventListener('abort', resolve, { once: true }); });
      while (!stop.signal.aborted) {
        await sleep(500, stop.signal).catch(() => {});
        const again = stop.signal.aborted ? undefined : await lock(connection, 0).catch((error) => { log.debug(`Lock of the server: ${messageOf(error)}`); });
        if (again) { client = again; break; }
      }
    }
  })();
  return async () => {
    stop.abort();
    await watch;
    await client?.end().catch(() => {});
  };
}

async function lock(connection: Connection, patience: number): Promise<Client | undefined> {
  const client = await connection.session();
  for (let n = 0; ; n++) {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [lockNumber]);
    if (rows[0]?.got) return client;
    if (n >= patience * 5) { await client.end(); return undefined; }
    await sleep(200);
  }
}
