import { sql } from 'kysely';
import type { Command } from 'commander';
import { didYouMean } from '@lava/base';
import { globalPermissions, knownPermission, permissionsOf, type ObjectKind } from '../auth/permissions.ts';
import { permitForAll, permitOnObject } from '../objects/write-permission.ts';
import type { Change } from '../store/change.ts';
import { groupNamed, mustExist, userNamed } from './objects.ts';
import { CommandError, visit } from './visit.ts';

interface To {
  readonly group?: string;
  readonly user?: string;
  readonly device?: string;
  readonly deviceType?: string;
  readonly worker?: string;
}

/** `permissions`: what groups may do with single objects, and what users and groups may do with all. */
export function permissions(manage: Command): void {
  const group = manage.command('permissions').description('who may see, use and change what');
  const common = (command: Command) => command.option('--group <name>').option('--user <name>', 'for permissions that hold for everything')
    .option('--device <hostname>', 'for this device').option('--device-type <name>', 'for this device type').option('--worker <hostname>', 'for this worker');

  common(group.command('grant <permission>').description('give a permission: view_device, submit_to_device, … for one object, or app.codename for everything'))
    .action((permission: string, to: To, command: Command) => visit(command, async ({ change }) => { await change((c) => set(c, permission, to, true)); }));
  common(group.command('revoke <permission>').description('take a permission'))
    .action((permission: string, to: To, command: Command) => visit(command, async ({ change }) => { await change((c) => set(c, permission, to, false)); }));

  group.command('list').description('list what was given; with --all, the permissions for everything that there are').option('--all')
    .action((options: { all?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      if (options.all) { for (const p of globalPermissions) print(knownPermission(p)!); return; }
      const { rows } = await sql<{ who: string; permission: string; what: string }>`
        select 'group ' || g.name as who, permission, 'everything' as what from group_permissions join groups g on g.id = group_id
        union all select 'user ' || u.username, permission, 'everything' from user_permissions join users u on u.id = user_id
        union all select 'group ' || g.name, permission, 'device ' || device from group_device_permissions join groups g on g.id = group_id
        union all select 'group ' || g.name, permission, 'device type ' || device_type from group_device_type_permissions join groups g on g.id = group_id
        union all select 'group ' || g.name, permission, 'worker ' || worker from group_worker_permissions join groups g on g.id = group_id
        order by what, permission, who`.execute(db);
      for (const { who, permission, what } of rows) print(`* ${what}: ${permission}: ${who}`);
    }));
}

async function set(c: Change, permission: string, to: To, give: boolean): Promise<void> {
  const objects = ([['device', to.device], ['devicetype', to.deviceType], ['worker', to.worker]] as const).filter(([, name]) => name !== undefined);
  if (objects.length > 1) throw new CommandError('Give one of --device, --device-type and --worker');
  const [object] = objects;
  if (!object) { await setForEverything(c, permission, to, give); return; }
  if (to.group === undefined || to.user !== undefined) throw new CommandError('Permissions for one object are given to a group: use --group');
  await setForObject(c, permission, to.group, object[0], object[1]!, give);
}

async function setForObject(c: Change, permission: string, group: string, kind: ObjectKind, name: string, give: boolean): Promise<void> {
  if (!permissionsOf(kind).includes(permission)) throw new CommandError(`'${permission}' is no permission for it: use ${permissionsOf(kind).join(', ')}`);
  if (kind === 'devicetype') await mustExist(c, 'device_types', 'name', name, 'Device type');
  else await mustExist(c, kind === 'device' ? 'devices' : 'workers', 'hostname', name, kind === 'device' ? 'Device' : 'Worker');
  const changed = await permitOnObject(c, kind, name, await groupNamed(c.trx, group), permission, give);
  if (!changed && !give) throw new CommandError(`Group '${group}' does not hold ${permission} for '${name}'`);
}

async function setForEverything(c: Change, given: string, { group, user }: To, give: boolean): Promise<void> {
  const permission = knownPermission(given);
  if (permission === undefined) {
    throw new CommandError(`There is no permission '${given}'. ${didYouMean(given, globalPermissions.map((p) => knownPermission(p)!)) ?? 'See: lava-server manage permissions list --all'}`);
  }
  if ((group === undefined) === (user === undefined)) throw new CommandError('Say to whom: --group or --user');
  const [holder, named] = group !== undefined ? ['group', await groupNamed(c.trx, group)] as const : ['user', await userNamed(c.trx, user!)] as const;
  const changed = await permitForAll(c, holder, named, permission, give);
  if (!changed && !give) throw new CommandError(`${named.name} does not hold ${permission}`);
}
