import { Migrator, type Kysely, type Migration } from 'kysely';
import type { Database } from './database.ts';
import { up as first } from './migrations/0001-first.ts';
import { up as permissions } from './migrations/0002-permissions.ts';
import { up as groupsAndShares } from './migrations/0003-groups-and-shares.ts';
import { up as groupCalls } from './migrations/0006-group-calls.ts';
import { up as enrolment } from './migrations/0007-enrolment.ts';
import { up as notifications } from './migrations/0008-notifications.ts';
import { up as imports } from './migrations/0009-imports.ts';
import { up as operations } from './migrations/0010-operations.ts';
import { up as retries } from './migrations/0011-retries.ts';
import { up as severalServers } from './migrations/0012-several-servers.ts';
import { up as queries } from './migrations/0013-queries.ts';
import { up as speed } from './migrations/0014-speed.ts';
import { up as workerStatus } from './migrations/0015-worker-status.ts';
import { up as retriedAttempts } from './migrations/0016-retried-attempts.ts';
import { up as jobSecrets } from './migrations/0017-job-secrets.ts';

/** In this order; a name is never changed once it was released. */
const migrations: Record<string, Migration> = {
  '0001-first': { up: first },
  '0002-permissions': { up: permissions },
  '0003-groups-and-shares': { up: groupsAndShares },
  '0006-group-calls': { up: groupCalls },
  '0007-enrolment': { up: enrolment },
  '0008-notifications': { up: notifications },
  '0009-imports': { up: imports },
  '0010-operations': { up: operations },
  '0011-retries': { up: retries },
  '0012-several-servers': { up: severalServers },
  '0013-queries': { up: queries },
  '0014-speed': { up: speed },
  '0015-worker-status': { up: workerStatus },
  '0016-retried-attempts': { up: retriedAttempts },
  '0017-job-secrets': { up: jobSecrets },
};

/** All migrations that this version knows, in their order. */
export const migrationNames: readonly string[] = Object.keys(migrations);

/** Brings the tables to what this version needs; several servers that start at once wait for one another. */
export function migrate(db: Kysely<Database>): Promise<readonly string[]> {
  return migrateTo(db, migrationNames);
}

/** Applies these migrations only: the tables are then as an earlier version had them. */
export async function migrateTo(db: Kysely<Database>, names: readonly string[]): Promise<readonly string[]> {
  const wanted = Object.fromEntries(Object.entries(migrations).filter(([name]) => names.includes(name)));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => wanted } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error) throw error;
  return results.map((r) => r.migrationName);
}
