import { sql, type Kysely } from 'kysely';
import { may, type Guarded, type Verb } from '../auth/permissions.ts';
import { guardedDevice } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';

/** May the user do this with this device? False for one that does not exist. */
export async function mayDevice(db: Kysely<Database>, user: User | null, verb: Verb, hostname: string): Promise<boolean> {
  const { rows: [row] } = await sql<{ of: Guarded }>`select ${guardedDevice('devices.hostname', 'devices.device_type')} as of from devices where hostname = ${hostname}`.execute(db);
  return row !== undefined && may(user, verb, row.of);
}
