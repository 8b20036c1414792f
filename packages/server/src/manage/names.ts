import { sql } from 'kysely';
import type { Command } from 'commander';
import { addAlias } from './device-types.ts';
import { mustExist, setTags } from './objects.ts';
import { CommandError, visit } from './visit.ts';

/** Other names of device types. */
export function aliases(manage: Command): void {
  const group = manage.command('aliases').description('other names of device types');
  group.command('add <alias> <type>').description('add a name, or move it to this type').action((alias: string, type: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      await mustExist(c, 'device_types', 'name', type, 'Device-type');
      await addAlias(c.trx, alias, type);
      c.note('device-type', type, `alias ${alias} added`);
    });
  }));
  group.command('list').description('list aliases').action((_: unknown, command: Command) => visit(command, async ({ db, print }) => {
    for (const alias of await db.selectFrom('aliases').selectAll().orderBy('name').execute()) print(`* ${alias.name}: ${alias.device_type}`);
  }));
  group.command('show <alias>').description('show the device type of an alias').action((name: string, _: unknown, command: Command) => visit(command, async ({ db, print }) => {
    const alias = await db.selectFrom('aliases').selectAll().where('name', '=', name).executeTakeFirst();
    if (!alias) throw new CommandError(`Unable to find alias '${name}'`);
    print(`* ${alias.name}: ${alias.device_type}`);
  }));
  group.command('remove <alias>').description('remove an alias').action((name: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      const gone = await c.trx.deleteFrom('aliases').where('name', '=', name).returning('device_type').executeTakeFirst();
      if (!gone) throw new CommandError(`Unable to find alias '${name}'`);
      c.note('device-type', gone.device_type, `alias ${name} removed`);
    });
  }));
}

/** Tags that devices have and jobs ask for. */
export function deviceTags(manage: Command): void {
  const group = manage.command('device-tags').description('tags that devices have and jobs ask for');
  const tagsOf = (hostname: string) => sql<{ name: string }>`select name from tags join device_tags on tag_id = tags.id where device = ${hostname} order by 1`;

  group.command('create <name> [description]').description('add a tag that no device has yet').action((name: string, description: string | undefined, _: unknown, command: Command) => visit(command, async ({ change }) => {
    if (!/^[-\w]{1,100}$/.test(name)) throw new CommandError(`'${name}' cannot be a tag: use letters, digits, dashes and underscores`);
    await change(async (c) => {
      const { numAffectedRows } = await sql`insert into tags (name, description) values (${name}, ${description ?? ''}) on conflict do nothing`.execute(c.trx);
      if (numAffectedRows === 0n) throw new CommandError(`Tag '${name}' already exists`);
    });
  }));
  for (const [action, description] of [['add', 'give a device more tags'], ['remove', 'take tags from a device']] as const) {
    group.command(`${action} <hostname>`).description(description).requiredOption('--tags <tags...>').action((hostname: string, options: { tags: string[] }, command: Command) => visit(command, async ({ change }) => {
      await change(async (c) => {
        await mustExist(c, 'devices', 'hostname', hostname, 'Device');
        const before = (await tagsOf(hostname).execute(c.trx)).rows.map((t) => t.name);
        await setTags(c, hostname, action === 'add' ? [...new Set([...before, ...options.tags])] : before.filter((tag) => !options.tags.includes(tag)));
        c.note('device', hostname, `tags ${action === 'add' ? 'added' : 'removed'}: ${options.tags.join(', ')}`);
        c.device(hostname);
      });
    }));
  }
  group.command('show <hostname>').description('show the tags of a device').action((hostname: string, _: unknown, command: Command) => visit(command, async ({ db, change, print }) => {
    await change((c) => mustExist(c, 'devices', 'hostname', hostname, 'Device'));
    for (const { name } of (await tagsOf(hostname).execute(db)).rows) print(`* ${name}`);
  }));
  group.command('list').description('list all tags').action((_: unknown, command: Command) => visit(command, async ({ db, print }) => {
    for (const { name, description } of await db.selectFrom('tags').selectAll().orderBy('name').execute()) print(`Name: '${name}' Description: '${description}'`);
  }));
}
