import { sql } from 'kysely';
import { visibleDevices } from '../../../auth/visibility.ts';
import { anyone, permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
import { missing } from '../objects.ts';
import { text } from '../param.ts';
import { isTaken } from '../../../store/taken.ts';

export const schedulerTags: readonly Method[] = [
  method('scheduler.tags.add', {
    access: permission('lava_scheduler_app.add_tag'), params: { name: text('name of the tag'), description: text('what it means', null) },
    about: 'Adds a tag for devices.', returns: 'nil',
    async run({ services }, { name, description }) {
      try {
        await services.db.insertInto('tags').values({ name, description: description ?? '' }).execute();
      } catch (error) {
        throw isTaken(error) ? new Fault(400, 'Bad request: tag already exists?') : error;
      }
    },
  }),
  method('scheduler.tags.delete', {
    access: permission('lava_scheduler_app.delete_tag'), params: { name: text('name of the tag') }, about: 'Removes a tag, also from its devices.', returns: 'nil',
    async run(context, { name }) {
      await context.services.db.deleteFrom('tags').where('id', '=', (await tagNamed(context, name)).id).execute();
    },
  }),
  method('scheduler.tags.list', {
    access: anyone, about: 'All tags.', returns: 'array of structs with name and description (nil if it is empty)',
    async run({ services }) {
      const rows = await services.db.selectFrom('tags').select(['name', 'description']).orderBy('name').execute();
      return rows.map((t) => ({ name: t.name, description: t.description || null }));
    },
  }),
  method('scheduler.tags.show', {
    access: anyone, params: { name: text('name of the tag') }, about: 'A tag and its devices.', returns: 'struct with name, description, devices',
    async run(context, { name }) {
      const tag = await tagNamed(context, name);
      const { rows } = await sql<{ device: string }>`select dt.device from device_tags dt where dt.tag_id = ${tag.id} and ${visibleDevices(context.user, 'dt.device')} order by 1`.execute(context.services.db);
      return { name, description: tag.description || null, devices: rows.map((r) => r.device) };
    },
  }),
];

export async function tagNamed({ services }: Context, name: string): Promise<{ id: number; description: string }> {
  const tag = await services.db.selectFrom('tags').select(['id', 'description']).where('name', '=', name).executeTakeFirst();
  if (!tag) throw missing('Tag', name);
  return tag;
}
