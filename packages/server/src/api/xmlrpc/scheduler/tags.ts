import { sql } from 'kysely';
import { visibleDevices } from '../../../auth/visibility.ts';
import { addTag, removeTag } from '../../../objects/write-tag.ts';
import { change } from '../../../store/change.ts';
import { anyone, permission } from '../access.ts';
import { method, type Context, type Method } from '../method.ts';
import { missing } from '../objects.ts';
import { text } from '../param.ts';
import { storeNew } from '../stored.ts';

export const schedulerTags: readonly Method[] = [
  method('scheduler.tags.add', {
    access: permission('lava_scheduler_app.add_tag'), params: { name: text('name of the tag'), description: text('what it means', null) },
    about: 'Adds a tag for devices.', returns: 'nil',
    async run({ services, user }, { name, description }) {
      await storeNew('tag', 'tag already exists?', () => change(services, user.username, (c) => addTag(c, { name, description: description ?? '' })));
    },
  }),
  method('scheduler.tags.delete', {
    access: permission('lava_scheduler_app.delete_tag'), params: { name: text('name of the tag') }, about: 'Removes a tag, also from its devices.', returns: 'nil',
    async run(context, { name }) {
      await tagNamed(context, name);
      await change(context.services, context.user.username, (c) => removeTag(c, name));
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
