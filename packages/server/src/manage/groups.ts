import { sql } from 'kysely';
import type { Command } from 'commander';
import { addGroup, joinGroup, leaveGroup, removeGroup } from '../objects/write-group.ts';
import { addNew, groupNamed, userNamed } from './objects.ts';
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
      await addNew(`Group '${name}' already exists`, () => addGroup(c, name));
      const made = await groupNamed(c.trx, name);
      for (const user of options.username ?? []) await joinGroup(c, await userNamed(c.trx, user), made);
    });
    if (options.submitting) print(mayAnyway);
  }));

  common(group.command('update <name>').description('change a group')).option('--remove <names...>', 'takes these users out of it')
    .action((name: string, options: GroupOptions, command: Command) => visit(command, async ({ change, print }) => {
      if (!options.username && !options.remove && !options.submitting) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const found = await groupNamed(c.trx, name);
        for (const user of options.username ?? []) await joinGroup(c, await userNamed(c.trx, user), found);
        for (const user of options.remove ?? []) await leaveGroup(c, await userNamed(c.trx, user), found);
      });
      if (options.submitting) print(mayAnyway);
    }));

  group.command('rm <name>').description('remove a group, with its permissions').action((name: string, _: unknown, command: Command) => visit(command, async ({ change }) => {
    await change(async (c) => {
      // Without the group its jobs would be seen by more people than before.
      if (!await removeGroup(c, await groupNamed(c.trx, name))) throw new CommandError(`Group '${name}' sees jobs that only it may see: remove those first`);
    });
  }));

  group.command('list').description('list groups').option('-v, --verbose', 'with their members')
    .action((options: { verbose?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const { rows } = await sql<{ name: string; members: string[] }>`
        select name, array(select username from users join user_groups on user_id = users.id where group_id = groups.id order by 1) as members from groups order by name`.execute(db);
      print('List of groups:');
      for (const { name, members } of rows) {
        print(`* ${name}`);
        if (options.verbose) for (const member of members) print(`  * ${member}`);
      }
    }));
}
