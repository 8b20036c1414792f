import type { Kysely } from 'kysely';
import type { Command } from 'commander';
import { changeDeviceType, dropAlias } from '../objects/write-device-type.ts';
import { changeDevice, setDeviceTags } from '../objects/write-device.ts';
import { addTag } from '../objects/write-tag.ts';
import type { Database } from '../store/database.ts';
import { addAlias } from './device-types.ts';
import { addNew, mustExist, mustNameTags } from './objects.ts';
import { CommandError, visit } from './visit.ts';

/** Other names of device types. */
export function aliases(manage: Command): void {
  const group = manage.command('aliases').description('other names of device types');
  group.command('add <alias> <type>').description('add a name, or move it to this type').action((alias: string, type: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      await mustExist(c, 'device_types', 'name', type, 'Device-type');
      await addAlias(c, alias, type);
      await changeDeviceType(c, type, {}, [`aliases: ${alias} added`]);
    });
  }));
  group.command('list').description('list aliases').action((_: unknown, command: Command) => visit(command, async ({ db, print }) => {
    print('Aliases:');
    for (const alias of await db.selectFrom('aliases').selectAll().orderBy('name').execute()) print(`* ${alias.name}: ${alias.device_type}`);
  }));
  group.command('show <alias>').description('show the device type of an alias').action((name: string, _: unknown, command: Command) => visit(command, async ({ db, print }) => {
    const alias = await db.selectFrom('aliases').selectAll().where('name', '=', name).executeTakeFirst();
    if (!alias) throw new CommandError(`Unable to find alias '${name}'`);
    print(`device_type: ${alias.device_type}`);
  }));
  group.command('remove <alias>').description('remove an alias').action((name: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      const alias = await c.trx.selectFrom('aliases').selectAll().where('name', '=', name).executeTakeFirst();
      if (!alias) throw new CommandError(`Unable to find alias '${name}'`);
      await dropAlias(c, name, alias.device_type);
    });
  }));
}

/** Tags that devices have and jobs ask for. */
export function deviceTags(manage: Command): void {
  const group = manage.command('device-tags').description('tags that devices have and jobs ask for');
  group.command('create <name> [description]').description('add a tag that no device has yet').action((name: string, description: string | undefined, _: unknown, command: Command) => visit(command, async ({ change }) => {
    mustNameTags([name]);
    await change((c) => addNew(`Tag '${name}' already exists`, () => addTag(c, { name, description: description ?? '' })));
  }));
  for (const [action, description] of [['add', 'give a device more tags'], ['remove', 'take tags from a device']] as const) {
    group.command(`${action} <hostname>`).description(description).requiredOption('--tags <tags...>').action((hostname: string, options: { tags: string[] }, command: Command) => visit(command, async ({ change }) => {
      mustNameTags(options.tags);
      await change(async (c) => {
        await mustExist(c, 'devices', 'hostname', hostname, 'Device');
        const before = await tagsOf(c.trx, hostname);
        await setDeviceTags(c, hostname, action === 'add' ? [...new Set([...before, ...options.tags])] : before.filter((tag) => !options.tags.includes(tag)));
        await changeDevice(c, hostname, {}, [`tags: ${options.tags.join(', ')} ${action === 'add' ? 'added' : 'removed'}`]);
      });
    }));
  }
  group.command('show <hostname>').description('show the tags of a device').action((hostname: string, _: unknown, command: Command) => visit(command, async ({ db, change, print }) => {
    await change((c) => mustExist(c, 'devices', 'hostname', hostname, 'Device'));
    const tags = await db.selectFrom('tags').innerJoin('device_tags', 'tag_id', 'tags.id').select(['name', 'description']).where('device', '=', hostname).orderBy('name').execute();
    if (tags.length > 0) print(`Hostname: ${hostname}`);
    for (const { name, description } of tags) print(`Tag name: '${name}' Description: '${description}'`);
  }));
  group.command('list').description('list all tags').action((_: unknown, command: Command) => visit(command, async ({ db, print }) => {
    for (const { name, description } of await db.selectFrom('tags').selectAll().orderBy('name').execute()) print(`Name: '${name}' Description: '${description}'`);
  }));
}

/** Names of the tags of a device. */
export async function tagsOf(db: Kysely<Database>, hostname: string): Promise<string[]> {
  const rows = await db.selectFrom('tags').innerJoin('device_tags', 'tag_id', 'tags.id').select('name').where('device', '=', hostname).orderBy('name').execute();
  return rows.map(({ name }) => name);
}
