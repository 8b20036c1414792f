import type { Client } from 'pg';
import { ConfigurationError, monotonicMs, sleep } from '@lava/base';
import type { Connection } from '../store/connection.ts';

/** Number of the advisory lock that the leader of a database holds. */
const lockNumber = 0x6c617661;

/** A session that the database ends when nothing was asked in it for five seconds, or its other side is gone. */
export async function leaderSession(connection: Connection): Promise<Client> {
  const session = await connection.session();
  await session.query(`set idle_session_timeout = '5s'; set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3`);
  return session;
}

/**
 * Takes the lock; false when somebody else has it for longer than `patience` seconds, or when it is to stop. It asks again and
 * again: one long question would keep the database from clearing up behind all others.
 */
export async function tryLock(session: Client, patience: number, stop?: AbortSignal): Promise<boolean> {
  for (const end = monotonicMs() + patience * 1000; !stop?.aborted;) {
    const { rows } = await session.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [lockNumber]);
    if (rows[0]?.got) return true;
    if (monotonicMs() >= end) return false;
    await sleep(200, stop).catch(() => {});
  }
  return false;
}

/**
 * Does something that no server may do anything beside.
 * @throws ConfigurationError when one leads
 */
export async function whileNobodyLeads(connection: Connection, work: () => Promise<void>): Promise<void> {
  const session = await connection.session();
  try {
    if (!await tryLock(session, 0)) throw new ConfigurationError('another lava-server uses this database', { code: 'second-server', hint: 'Stop it first, on every machine.' });
    await work();
  } finally {
    await session.end().catch(() => {});
  }
}
