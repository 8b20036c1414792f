import { sql } from 'kysely';
import { fullPermission, knownPermission } from '../../../auth/permissions.ts';
import type { User } from '../../../auth/users.ts';
import type { Named } from '../../../objects/write-group.ts';
import { permitForAll } from '../../../objects/write-permission.ts';
import { change } from '../../../store/change.ts';
import type { Access } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
import { text, type Param } from '../param.ts';
import { globalPermission } from '../permissions.ts';

/** Users or groups, as the methods about their permissions for all objects of a kind speak of them. */
interface Holders {
  readonly of: 'user' | 'group';
  /** Name of the argument that names one. */
  readonly key: string;
  readonly name: Param<string>;
  /** What else is to be known of the list. */
  readonly listed: string;
  readonly mayChange: Access<User>;
  readonly mayView: Access<User>;
  /** Throws Fault if there is none of this name. */
  find(context: Context, name: string): Promise<Named>;
}

/** `perms.add`, `perms.delete` and `perms.list` of users or groups. */
export function globalPermissionMethods({ of, key, name, listed, mayChange, mayView, find }: Holders): readonly Method[] {
  const params: Record<string, Param<string>> = {
    [key]: name, app: text('lava_scheduler_app, lava_results_app or auth'), model: text('device, worker, …'), codename: text('add_device, change_worker, …'),
  };
  return [
    method(`auth.${of}s.perms.add`, {
      access: mayChange, params, about: `Gives a ${of} a permission for all objects of a kind.`, returns: 'nil',
      async run(context, args) {
        const holder = await find(context, args[key]!);
        const stored = permissionNamed(args);
        mayGive(context.user, stored);
        await change(context.services, context.user.username, (c) => permitForAll(c, of, holder, stored, true));
      },
    }),
    method(`auth.${of}s.perms.delete`, {
      access: mayChange, params, about: `Takes a permission for all objects of a kind from a ${of}.`, returns: 'nil',
      async run(context, args) {
        const holder = await find(context, args[key]!);
        const stored = permissionNamed(args);
        await change(context.services, context.user.username, (c) => permitForAll(c, of, holder, stored, false));
      },
    }),
    method(`auth.${of}s.perms.list`, {
      access: mayView, params: { [key]: name } as typeof params, about: `What a ${of} may do with all objects of a kind${listed}.`, returns: 'array of structs with app, model, codename',
      run: async (context, args) => (await globalPermissionsOf(context, of, await find(context, args[key]!))).map(globalPermission),
    }),
  ];
}

/** What a user or group may do with all objects of a kind, by full names; of a user without what follows from groups. */
export async function globalPermissionsOf({ services }: Context, of: Holders['of'], { id }: Pick<Named, 'id'>): Promise<string[]> {
  const { rows } = await sql<{ permission: string }>`select permission from ${sql.table(`${of}_permissions`)} where ${sql.ref(`${of}_id`)} = ${id} order by permission`.execute(services.db);
  return rows.map((r) => fullPermission(r.permission));
}

/** Nobody gives what is not his to give. */
export function mayGive(user: User, stored: string): void {
  if (!user.isSuperuser && !user.permissions.includes(stored)) throw new Fault(403, `Only superusers, and users who have it, give the permission ${stored}.`);
}

/** The stored name of a permission. */
function permissionNamed({ app, model, codename }: Readonly<Record<string, string>>): string {
  const stored = knownPermission(`${app}.${model}.${codename}`);
  if (stored !== undefined) return stored;
  if (knownPermission(`${app}.${model}.change_${model}`) === undefined) throw new Fault(404, `Invalid app.model '${app}.${model}'`);
  throw new Fault(404, `Invalid permission '${codename}'`);
}
