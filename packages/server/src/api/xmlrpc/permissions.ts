import { sql } from 'kysely';
import { permissionsOf, type ObjectKind } from '../../auth/permissions.ts';
import type { User } from '../../auth/users.ts';
import { permissionTable } from '../../auth/visibility.ts';
import type { Named } from '../../objects/write-group.ts';
import { permitOnObject } from '../../objects/write-permission.ts';
import { change } from '../../store/change.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { internalError } from './codec/write.ts';
import type { Context } from './method.ts';
import { missing } from './objects.ts';

/** What groups may do with one object: `[{name: 'view_device', group: 'lab'}]`. */
export async function listPermissions({ services }: Context, kind: ObjectKind, name: string): Promise<{ name: string; group: string }[]> {
  const { table, key } = permissionTable(kind);
  const { rows } = await sql<{ name: string; group: string }>`
    select p.permission as name, g.name as group from ${sql.table(table)} p join groups g on g.id = p.group_id where p.${sql.ref(key)} = ${name} order by p.id`.execute(services.db);
  return rows;
}

/** Gives a group a permission for one object. The application's name before it (`lava_scheduler_app.view_device`) is left out. */
export async function grant({ services, user }: Context<User>, kind: ObjectKind, name: string, group: Named, given: string): Promise<void> {
  const permission = codename(given);
  if (!permissionsOf(kind).includes(permission)) {
    throw new Fault(-32603, internalError(`Please use existing permission codename: ${permissionsOf(kind).join(', ')}`));
  }
  await change(services, user.username, (c) => permitOnObject(c, kind, name, group, permission, true));
}

/** Takes a permission from a group; none to take is no mistake. */
export async function revoke({ services, user }: Context<User>, kind: ObjectKind, name: string, group: Named, given: string): Promise<void> {
  await change(services, user.username, (c) => permitOnObject(c, kind, name, group, codename(given), false));
}

const codename = (given: string) => given.slice(given.indexOf('.') + 1);

/** The group of this name; `refusal` if the fault has a text of its own. */
export async function groupNamed({ services }: Context, name: string, refusal?: string): Promise<Named> {
  const group = await services.db.selectFrom('groups').select(['id', 'name']).where('name', '=', name).executeTakeFirst();
  if (!group) throw refusal === undefined ? missing('Group', name) : new Fault(400, refusal);
  return group;
}

/** A list of permissions for everything, as structs. */
export function globalPermission(full: string): XmlRpcValue {
  const [app = '', model = '', codename = ''] = full.split('.');
  return { app, model, codename };
}
