import { sql } from 'kysely';
import type { ObjectKind } from '../auth/permissions.ts';
import { permissionTable } from '../auth/visibility.ts';
import type { Change } from '../store/change.ts';
import type { Named } from './write-group.ts';

/* How permissions are given and taken, whoever asks. Who may, and whether there is such a permission, is looked at before. */

/** Gives a group a permission for one object, or takes it. False when nothing changed. */
export async function permitOnObject(c: Change, kind: ObjectKind, object: string, group: Named, permission: string, give: boolean): Promise<boolean> {
  const { table, key } = permissionTable(kind);
  const { numAffectedRows } = give
    ? await sql`insert into ${sql.table(table)} (${sql.ref(key)}, group_id, permission) values (${object}, ${group.id}, ${permission}) on conflict do nothing`.execute(c.trx)
    : await sql`delete from ${sql.table(table)} where ${sql.ref(key)} = ${object} and group_id = ${group.id} and permission = ${permission}`.execute(c.trx);
  if (numAffectedRows === 0n) return false;
  c.note(kind === 'devicetype' ? 'device-type' : kind, object, `${permission} ${give ? 'given to' : 'taken from'} group ${group.name}`);
  // Word to the scheduler: who may use it has changed.
  if (kind === 'device') c.device(object);
  return true;
}

/** Gives a user or a group a permission for everything, or takes it. False when nothing changed. */
export async function permitForAll(c: Change, holder: 'user' | 'group', { id, name }: Named, permission: string, give: boolean): Promise<boolean> {
  const [table, column] = holder === 'group' ? ['group_permissions', 'group_id'] : ['user_permissions', 'user_id'];
  const { numAffectedRows } = give
    ? await sql`insert into ${sql.table(table)} (${sql.ref(column)}, permission) values (${id}, ${permission}) on conflict do nothing`.execute(c.trx)
    : await sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${id} and permission = ${permission}`.execute(c.trx);
  if (numAffectedRows === 0n) return false;
  c.note(holder, name, `${permission} ${give ? 'given' : 'taken'}`);
  return true;
}
