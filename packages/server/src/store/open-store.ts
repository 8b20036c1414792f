import { join } from 'node:path';
import { sql } from 'kysely';
import { Client } from 'pg';
import { InfrastructureError, messageOf, sleep, type DaemonLog, type LavaPaths } from '@lava/base';
import { connect, ensureDatabase, isConnectionLoss, serverSession, whenBack, type Connection } from './connection.ts';
import { findManagedPostgres, startManagedPostgres } from './managed/managed-postgres.ts';
import { migrate } from './migrate.ts';

const serverName = 'lava-server';

/** Seconds for a database to come up again that ends while it is opened; one of our own may have much to recover. */
const [absence, recovery] = [10, 60];

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
  /** Leaves the tables as they are, of whatever release; for those who only look. */
  readonly asIs?: boolean;
}

/** Opens the database named by `DATABASE_URL`, else the managed one below the state folder; tables are brought up to date. */
export async function openStore({ paths, log, visit = false, asIs = false }: OpenOptions): Promise<Store> {
  const url = process.env['DATABASE_URL'];
  const name = visit ? 'lava-server manage' : serverName;
  const session = visit ? {} : serverSession;
  if (url) return ready(connect({ url }, { log, name, session }), { log, asIs, patience: absence }, async () => {});
  const folder = join(paths.serverState, 'postgresql');
  const running = visit ? await findManagedPostgres(folder) : undefined;
  const managed = running === undefined ? await startManagedPostgres({ folder, log }) : undefined;
  const socketFolder = running ?? managed!.socketFolder;
  const stop = async () => { if (managed) await (await isUsedByServer(socketFolder) ? managed.leave() : managed.stop()); };
  try {
    await whenBack(recovery, () => ensureDatabase(socketFolder, 'lava'));
  } catch (error) {
    await stop();
    throw error;
  }
  return ready(connect({ socketFolder }, { log, name, session }), { log, asIs, patience: recovery }, stop);
}

async function ready(connection: Connection, { log, asIs, patience }: { log: DaemonLog; asIs: boolean; patience: number }, stop: () => Promise<void>): Promise<Store> {
  const close = async () => {
    await connection.close();
    await stop();
  };
  try {
    if (asIs) await sql`select`.execute(connection.db);
    else for (const name of await whenBack(patience, () => migrate(connection.db))) log.info(`Database: applied ${name}`);
  } catch (error) {
    await close();
    if (!isConnectionLoss(error)) throw error;
    throw new InfrastructureError(`the database does not answer: ${messageOf(error)}`, { code: 'database-away', cause: error, hint: 'See whether PostgreSQL runs and DATABASE_URL is right.' });
  }
  return { ...connection, close };
}

/** Another server uses the database: one that started while a manage command visited, or that we came second to. */
async function isUsedByServer(socketFolder: string): Promise<boolean> {
  const client = new Client({ host: socketFolder, port: 5432, user: 'lava', database: 'postgres', application_name: 'lava-server look' });
  try {
    await client.connect();
    // Our own sessions take a moment to end.
    for (let n = 0; n < 20; n++) {
      const { rowCount } = await client.query('select 1 from pg_stat_activity where application_name = $1 limit 1', [serverName]);
      if (rowCount === 0) return false;
      await sleep(50);
    }
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
