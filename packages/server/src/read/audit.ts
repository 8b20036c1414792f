import { sql, type Kysely } from 'kysely';
import { visibleDevices, visibleDeviceTypes, visibleJobs, visibleWorkers } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';

/** What happened to a job, device or worker, and who did it. */
export interface AuditEntry { at: string; actor: string; kind: string; object: string; message: string }

/**
 * Newest entries first. Entries about an object follow its visibility; those about objects that are gone, users, groups
 * and tokens are for superusers.
 */
export async function readAudit(db: Kysely<Database>, user: User | null, filter: { kind?: string | undefined; object?: string | undefined }, limit: number): Promise<AuditEntry[]> {
  const all = [sql<boolean>`(
    ${user?.isSuperuser ?? false}
    or (kind = 'device' and exists (select from devices where devices.hostname = audit_log.object and ${visibleDevices(user)}))
    or (kind = 'device-type' and exists (select from device_types where device_types.name = audit_log.object and ${visibleDeviceTypes(user)}))
    or (kind = 'worker' and exists (select from workers where workers.hostname = audit_log.object and ${visibleWorkers(user)}))
    or (kind = 'job' and exists (select from jobs where jobs.id::text = audit_log.object and ${visibleJobs(user)})))`];
  if (filter.kind !== undefined) all.push(sql<boolean>`kind = ${filter.kind}`);
  if (filter.object !== undefined) all.push(sql<boolean>`object = ${filter.object}`);
  const { rows } = await sql<Omit<AuditEntry, 'at'> & { at: Date }>`
    select at, actor, kind, object, message from audit_log where ${sql.join(all, sql` and `)} order by id desc limit ${limit}`.execute(db);
  return rows.map((r) => ({ ...r, at: r.at.toISOString() }));
}
