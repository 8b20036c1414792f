import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { permissionsOf, type ObjectKind } from '../../auth/permissions.ts';
import { permissionTable } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';
import { requireSuperuser } from '../who.ts';
import { permissionFields } from './fields.ts';
import { resource } from './resource.ts';
import { fieldError } from './refusals.ts';

/** What groups may do with single devices and device types, for superusers. */
export function restPermissions(app: FastifyInstance, services: Services): void {
  for (const [path, kind, field] of [['/permissions/devicetypes/', 'devicetype', 'devicetype'], ['/permissions/devices/', 'device', 'device']] as const) {
    permissionsOfKind(app, services, path, kind, field);
  }
}

function permissionsOfKind(app: FastifyInstance, services: Services, path: string, kind: ObjectKind, field: string): void {
  const { table, key } = permissionTable(kind);
  const column = (name: string) => `${table}.${name}`;
  resource(app, services, {
    path, title: 'Permission', audit: 'group', table: table as 'group_device_permissions', key: { column: column('id'), kind: 'number' },
    columns: sql`${sql.ref(column('id'))}, ${sql.ref(column('permission'))}, (select g.name from groups g where g.id = ${sql.ref(column('group_id'))}) as "group", ${sql.ref(column(key))} as ${sql.ref(field)}`,
    from: sql.table(table), fields: permissionFields(kind), orderings: { id: column('id'), permission: column('permission'), [field]: column(key) },
    written: {
      permission: { kind: 'word', column: 'permission', words: permissionsOf(kind) },
      group: { kind: 'text', column: 'group_id', most: 150 }, [field]: { kind: 'text', column: key, most: 200 },
    },
    required: ['permission', 'group', field], allow: requireSuperuser, show: (row) => row,
    async resolve(db, columns) {
      if (columns['group_id'] === undefined) return columns;
      const group = await db.selectFrom('groups').select('id').where('name', '=', String(columns['group_id'])).executeTakeFirst();
      if (!group) throw fieldError('group', `Object with name=${String(columns['group_id'])} does not exist.`);
      return { ...columns, group_id: group.id };
    },
    async after(c) {
      // Word to the scheduler: jobs may run now that could not before.
      const { rows } = await sql<{ hostname: string }>`select hostname from devices limit 1`.execute(c.trx);
      if (rows[0]) c.device(rows[0].hostname);
    },
  });
}
