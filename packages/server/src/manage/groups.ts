import { sql } from 'kysely';
import type { Command } from 'commander';
import { addToGroup, groupId, removeFromGroup } from './objects.ts';
import { CommandError, visit } from './visit.ts';

interface GroupOptions {
  readonly username?: string[];
  readonly remove?: string[];
  readonly submitting?: boolean;
}

/** What `--submitting` gave in LAVA until 2019. */
const mayAnyway = 'Everybody who is signed in may submit; "permissions grant" lets only some groups submit to a device or device type.';

export function groups(manage: Command): void {
  const group = manage.command('groups').description('groups of users, who share permissions and see the jobs of the group');
  const common = (command: Command) => command.option('--username <names...>', 'puts these users into it').option('--submitting', 'changes nothing: who is signed in may submit');

  common(group.command('add <name>').description('add a group')).action((name: string, options: GroupOptions, command: Command) => visit(command, async ({ change, print }) => {
    if (name === '' || name.length > 150) throw new CommandError('The name of a group has 1 to 150 characters');
    await change(async (c) => {
      const { numAffectedRows } = await sql`insert into groups (name) values (${name}) on conflict do nothing`.execute(c.trx);
      if (numAffectedRows === 0n) throw new CommandError(`Group '${name}' already exists`);
      c.note('group', name, 'added');
      for (const user of options.username ?? []) await addToGroup(c, user, name);
    });
    if (options.submitting) print(mayAnyway);
  }));

  common(group.command('update <name>').description('change a group')).option('--remove <names...>', 'takes these users out of it')
    .action((name: string, options: GroupOptions, command: Command) => visit(command, async ({ change, print }) => {
      if (!options.username && !options.remove && !options.submitting) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        await groupId(c.trx, name);
        for (const user of options.username ?? []) await addToGroup(c, user, name);
        for (const user of options.remove ?? []) await removeFromGroup(c, user, name);
      });
      if (options.submitting) print(mayAnyway);
    }));

  group.command('rm <name>').description('remove a group, with its permissions').action((name: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      const id = await groupId(c.trx, name);
      const { rows } = await sql`select 1 from job_groups where group_id = ${id} limit 1`.execute(c.trx);
      // Without the group they would be seen by more people than before.
      if (rows.length > 0) throw new CommandError(`Group '${name}' sees jobs that only it may see: remove those first`);
      await c.trx.deleteFrom('groups').where('id', '=', id).execute();
      c.note('group', name, 'removed');
    });
  }));

  group.command('list').description('list groups').option('-v, --verbose', 'with their members')
    .action((options: { verbose?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const { rows } = await sql<{ name: string; members: string[] }>`
        select name, array(select username from users join user_groups on user_id = users.id where group_id = groups.id order by 1) as members from groups order by name`.execute(db);
      for (const { name, members } of rows) {
        print(`* ${name}`);
        if (options.verbose) for (const member of members) print(`  * ${member}`);
      }
    }));
}
