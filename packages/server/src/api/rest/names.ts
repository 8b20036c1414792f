import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { visibleDeviceTypes } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';
import { requirePermission, requireUser } from '../who.ts';
import { aliasFields, tagFields } from './fields.ts';
import { resource } from './resource.ts';
import { fieldError } from './refusals.ts';
import type { RestRequest } from './route.ts';

/** Who is signed in reads; writing takes the permission for the model. */
const byModel = (model: string) => (request: RestRequest, action: string) =>
  (action === 'view' ? requireUser(request) : requirePermission(request, `lava_scheduler_app.${action}_${model}`));

/** Tags of devices, other names of device types, and each user's tokens for fetching files from elsewhere. */
export function restNames(app: FastifyInstance, services: Services): void {
  resource<{ id: number; name: string; description: string }>(app, services, {
    path: '/tags/', title: 'Tag', audit: 'device', table: 'tags', key: { column: 'tags.id', kind: 'number' },
    columns: sql`tags.id, tags.name, tags.description`, from: sql`tags`, fields: tagFields,
    orderings: { id: 'tags.id', name: 'tags.name', description: 'tags.description' },
    written: { name: { kind: 'slug', column: 'name', most: 100 }, description: { kind: 'text', column: 'description', most: 1000 } }, required: ['name'],
    allow: byModel('tag'), show: (tag) => tag,
  });

  resource<{ name: string; device_type: string }>(app, services, {
    path: '/aliases/', title: 'Alias', audit: 'device-type', table: 'aliases', key: { column: 'aliases.name', kind: 'text' },
    columns: sql`aliases.name, aliases.device_type`, from: sql`aliases`, fields: aliasFields,
    orderings: { name: 'aliases.name', device_type: 'aliases.device_type' },
    written: { name: { kind: 'text', column: 'name', most: 200 }, device_type: { kind: 'text', column: 'device_type', most: 50 } }, required: ['name', 'device_type'],
    where: (user) => sql<boolean>`exists (select from device_types where device_types.name = aliases.device_type and device_types.display and ${visibleDeviceTypes(user)})`,
    allow: byModel('alias'), show: (alias) => alias,
    async resolve(db, columns) {
      const { name } = columns;
      if (typeof name === 'string' && name.includes('/')) throw fieldError('name', 'Enter a valid value: it must not contain a slash.');
      const type = name === undefined ? undefined : await db.selectFrom('device_types').select('name').where('name', '=', String(name)).executeTakeFirst();
      if (type) throw fieldError('name', `DeviceType with name '${type.name}' already exists.`);
      return columns;
    },
  });

  // The token is for the job's device only: nobody reads it again.
  resource<{ name: string }>(app, services, {
    path: '/remote-artifact-tokens/', title: 'Token', audit: 'token', table: 'remote_artifact_tokens', key: { column: 'remote_artifact_tokens.name', kind: 'text' },
    columns: sql`remote_artifact_tokens.name`, from: sql`remote_artifact_tokens`, fields: {}, orderings: { name: 'remote_artifact_tokens.name' },
    written: { name: { kind: 'text', column: 'name', most: 100 }, token: { kind: 'text', column: 'token', most: 200 } }, required: ['name', 'token'],
    where: (user) => sql<boolean>`remote_artifact_tokens.user_id = ${user.id}`, owned: (user) => ({ user_id: user.id }),
    allow: requireUser, show: ({ name }) => ({ name, token: null }),
  });
}
