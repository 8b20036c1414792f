import { join } from 'node:path';
import { sql } from 'kysely';
import type { DaemonLog, LavaPaths } from '@lava/base';
import { connect, ensureDatabase, type Connection } from './connection.ts';
import { findManagedPostgres, startManagedPostgres } from './managed/managed-postgres.ts';
import { migrate } from './migrate.ts';

/** The database of this installation, ready to use. */
export interface Store extends Connection {
  /** Ends the sessions, and the database itself if we started it. */
  close(): Promise<void>;
}

interface OpenOptions {
  readonly paths: LavaPaths;
  readonly log: DaemonLog;
  /** A short visit, as manage commands make: use the running server's database, and leave as found. */
  readonly visit?: boolean;
}

/** Opens the database named by `DATABASE_URL`, else the managed one below the state folder; tables are brought up to date. */
export async function openStore({ paths, log, visit = false }: OpenOptions): Promise<Store> {
  const url = process.env['DATABASE_URL'];
  const name = visit ? 'lava-server manage' : 'lava-server';
  if (url) return ready(connect({ url }, { log, name }), async () => {}, log);
  const folder = join(paths.serverState, 'postgresql');
  const running = visit ? await findManagedPostgres(folder) : undefined;
  const managed = running === undefined ? await startManagedPostgres({ folder, log }) : undefined;
  const socketFolder = running ?? managed!.socketFolder;
  try {
    await ensureDatabase(socketFolder, 'lava');
  } catch (error) {
    await managed?.stop();
    throw error;
  }
  const stop = async (serverUsesIt: boolean) => { if (!visit || !serverUsesIt) await managed?.stop(); };
  return ready(connect({ socketFolder }, { log, name }), stop, log);
}

async function ready(connection: Connection, stop: (serverUsesIt: boolean) => Promise<void>, log: DaemonLog): Promise<Store> {
  const close = async () => {
    const used = await usedByServer(connection).catch(() => false);
    await connection.close();
    await stop(used);
  };
  try {
    for (const name of await migrate(connection.db)) log.info(`Database: applied ${name}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...connection, close };
}

/** A server that started while a manage command visited uses the database by now. */
async function usedByServer({ db }: Connection): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_stat_activity where application_name = 'lava-server' and datname = current_database() limit 1`.execute(db);
  return rows.length > 0;
}
