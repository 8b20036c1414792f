import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { daemonLog, type DaemonLog } from '@lava/base';
import { connect, ensureDatabase, type Connection } from './connection.ts';
import { startManagedPostgres, type ManagedPostgres } from './managed/managed-postgres.ts';
import { migrate } from './migrate.ts';

/** A database server for one test file; every test takes a fresh copy of the migrated tables from it. */
export interface TestDatabases {
  readonly server: ManagedPostgres;
  /** State folder that goes away with the server. */
  readonly folder: string;
  fresh(patience?: number): Promise<Connection>;
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL for tests. Call `stop` in afterAll: it closes what is still open and removes everything. */
export async function startTestDatabases(): Promise<TestDatabases> {
  const folder = await mkdtemp('/tmp/lava-test-');
  await chmod(folder, 0o711); // another user runs the database
  const server = await startManagedPostgres({ folder: join(folder, 'postgresql'), log: quietLog, quick: true });
  const open: Connection[] = [];
  const databases: TestDatabases = {
    server, folder,
    async fresh(patience) {
      const database = `test${open.length}`;
      await ensureDatabase(server.socketFolder, database, 'template');
      const connection = connect({ socketFolder: server.socketFolder, database }, { log: quietLog, patience });
      open.push(connection);
      return connection;
    },
    async stop() {
      await Promise.all(open.map((c) => c.close().catch(() => {})));
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await ensureDatabase(server.socketFolder, 'template');
    const template = connect({ socketFolder: server.socketFolder, database: 'template' }, { log: quietLog });
    await migrate(template.db).finally(() => template.close());
    return databases;
  } catch (error) {
    // No test will stop it.
    await databases.stop();
    throw error;
  }
}

/** A daemon log that shows only what `LAVA_TEST_LOG` asks for. */
export const quietLog: DaemonLog = daemonLog(process.env['LAVA_TEST_LOG'] ? 'DEBUG' : 'ERROR', (line) => { if (process.env['LAVA_TEST_LOG']) process.stderr.write(line); });
