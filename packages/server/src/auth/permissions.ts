import type { User } from './users.ts';

/** What somebody may do with an object; who may change it may submit to it, who may submit may see it. */
export type Verb = 'view' | 'submit' | 'change';

/** Kinds of objects whose permissions groups can hold one by one. */
export type ObjectKind = 'device' | 'devicetype' | 'worker';

/** One row of the tables of permissions: what the members of a group may do with an object. */
export interface Grant {
  readonly group: number;
  readonly permission: string;
}

/** What groups may do with an object and, of a device, with its type, which speaks where the device itself does not. */
export interface Guarded {
  readonly kind: ObjectKind;
  readonly grants: readonly Grant[];
  readonly type?: Guarded;
}

const verbs: readonly Verb[] = ['view', 'submit', 'change'];

/** LAVA's name of a permission, `submit_to_device`. Nobody submits to a worker. */
export const permissionName = (kind: ObjectKind, verb: Verb) => `${verb === 'submit' ? 'submit_to' : verb}_${kind}`;

/** The names that groups can hold for one object of a kind. */
export const permissionsOf = (kind: ObjectKind) => verbs.filter((verb) => kind !== 'worker' || verb !== 'submit').map((verb) => permissionName(kind, verb));

/** The permissions of which each allows `verb`: its own and the stronger ones. */
export const sufficient = (kind: ObjectKind, verb: Verb) => verbs.slice(verbs.indexOf(verb)).map((v) => permissionName(kind, v));

/** The user for whom the server acts by itself: submitter of health checks. */
export const serverUser = 'lava-health';

const everything = (user: User | null) => user !== null && (user.isSuperuser || user.username === serverUser);

/** Does the user, or one of the user's groups, hold a permission for everything (`lava_scheduler_app.add_device`)? Superusers hold all. */
export function holds(user: User | null, permission: string): boolean {
  return user !== null && (everything(user) || user.permissions.includes(permission));
}

/** Does a permission for all objects of a kind allow it, so that nobody has to look at the object? */
export function mayAll(user: User | null, kind: ObjectKind, verb: Verb): boolean {
  return sufficient(kind, verb).some((name) => holds(user, `lava_scheduler_app.${name}`));
}

/**
 * May this user do this with this object? A permission that no group holds for an object restricts nobody: everybody
 * sees it, whoever is signed in submits to it. Once a group holds it, only members of groups that hold it or a stronger
 * one may. A device that says nothing is ruled by its type. To change something always takes a permission.
 */
export function may(user: User | null, verb: Verb, { kind, grants, type }: Guarded): boolean {
  if (verb !== 'view' && user === null) return false;
  if (mayAll(user, kind, verb)) return true;
  const enough = sufficient(kind, verb);
  if (user !== null && grants.some((g) => enough.includes(g.permission) && user.groups.includes(g.group))) return true;
  if (grants.some((g) => g.permission === permissionName(kind, verb))) return false;
  return type ? may(user, verb, type) : verb !== 'change';
}

const models: Readonly<Record<string, readonly string[]>> = {
  auth: ['group', 'permission', 'user'],
  lava_results_app: ['query', 'testcase', 'testset', 'testsuite'],
  lava_scheduler_app: ['alias', 'architecture', 'bitwidth', 'core', 'device', 'devicetype', 'groupdevicepermission', 'groupdevicetypepermission', 'jobfailuretag', 'processorfamily', 'tag', 'testjob', 'worker'],
};

/** Every permission for everything that can be given, as `app.model.codename`, in Django's names. */
export const globalPermissions: readonly string[] = Object.entries(models).flatMap(([app, names]) => names.flatMap((model) => [
  ...['add', 'change', 'delete', 'view'].filter((action) => model !== 'testjob' || action === 'change' || action === 'delete').map((action) => `${app}.${model}.${action}_${model}`),
  ...(model === 'device' || model === 'devicetype' ? [`${app}.${model}.submit_to_${model}`] : []),
]));

/** `app.codename`, as permissions are stored, of `app.codename` or `app.model.codename`; undefined if there is no such permission. */
export function knownPermission(name: string): string | undefined {
  const found = globalPermissions.find((p) => p === name || p.replace(/\.\w+\./, '.') === name);
  return found?.replace(/\.\w+\./, '.');
}

/** `app.model.codename` of a stored permission. */
export function fullPermission(stored: string): string {
  return globalPermissions.find((p) => p.replace(/\.\w+\./, '.') === stored) ?? stored;
}
