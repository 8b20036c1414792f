import { anyone, permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
import { findType, missing, typeNamed } from '../objects.ts';
import { text } from '../param.ts';
import { addAlias, dropAlias } from '../../../objects/write-device-type.ts';
import { change } from '../../../store/change.ts';
import { isTaken } from '../../../store/taken.ts';

export const schedulerAliases: readonly Method[] = [
  method('scheduler.aliases.add', {
    access: permission('lava_scheduler_app.add_alias'), params: { name: text('name of the alias'), device_type_name: text('name of the device type') },
    about: 'Adds a second name for a device type, which job definitions may use.', returns: 'nil',
    async run(context, { name, device_type_name }) {
      if (!await findType(context, device_type_name)) throw new Fault(400, 'Bad request. DeviceType does not exist');
      await typeNamed(context, device_type_name);
      await freeForAlias(context, name);
      const { services, user } = context;
      try {
        await change(services, user.username, (c) => addAlias(c, name, device_type_name));
      } catch (error) {
        throw isTaken(error) ? new Fault(404, 'Alias with this Alias for this device-type already exists.') : error;
      }
    },
  }),
  method('scheduler.aliases.delete', {
    access: permission('lava_scheduler_app.delete_alias'), params: { name: text('name of the alias') }, about: 'Removes an alias.', returns: 'nil',
    async run(context, { name }) {
      const type = await aliasNamed(context, name);
      await change(context.services, context.user.username, (c) => dropAlias(c, name, type));
    },
  }),
  method('scheduler.aliases.list', {
    access: anyone, about: 'All aliases of device types.', returns: 'array of names, sorted',
    async run({ services }) {
      return (await services.db.selectFrom('aliases').select('name').orderBy('name').execute()).map((a) => a.name);
    },
  }),
  method('scheduler.aliases.show', {
    access: anyone, params: { name: text('name of the alias') }, about: 'The device type that an alias stands for.', returns: 'struct with name and device_type (empty if it is hidden)',
    async run(context, { name }) {
      const type = await aliasNamed(context, name);
      return { name, device_type: (await findType(context, type))?.visible ? type : '' };
    },
  }),
];

/** An alias must not be the name of a device type. */
export async function freeForAlias(context: Context, name: string): Promise<void> {
  if (await findType(context, name)) throw new Fault(404, `DeviceType with name '${name}' already exists.`);
}

/** The device type of an alias. */
export async function aliasNamed({ services }: Context, name: string): Promise<string> {
  const alias = await services.db.selectFrom('aliases').select('device_type').where('name', '=', name).executeTakeFirst();
  if (!alias) throw missing('Alias', name);
  return alias.device_type;
}
