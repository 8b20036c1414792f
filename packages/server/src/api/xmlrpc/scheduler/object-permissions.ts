import { permissionsOf, type ObjectKind } from '../../../auth/permissions.ts';
import { staff } from '../access.ts';
import { method, type Context, type Method } from '../method.ts';
import { text, type Param } from '../param.ts';
import { grant, groupNamed, listPermissions, revoke } from '../permissions.ts';

/** Objects of a kind, as their methods speak of them. */
interface Objects {
  readonly kind: ObjectKind;
  /** `scheduler.devices`. */
  readonly prefix: string;
  /** `a device`. */
  readonly noun: string;
  /** Name of the argument that names one. */
  readonly key: string;
  readonly name: Param<string>;
  /** Throws Fault if there is none of this name. */
  mustExist(context: Context, name: string): Promise<void>;
}

/** The methods that say what groups may do with one object: `perms_add`, `perms_delete`, `perms_list`. */
export function objectPermissions({ kind, prefix, noun, key, name, mustExist }: Objects): readonly Method[] {
  const [view, submit, change] = permissionsOf(kind);
  const params: Record<string, Param<string>> = { [key]: name, group: text('name of the group'), permission: text(`${view}, ${submit} or ${change}`) };
  const changing = (what: string, about: string, work: typeof grant) => method(`${prefix}.${what}`, {
    access: staff, params, about, returns: 'nil',
    async run(context, args) {
      const object = args[key]!;
      await mustExist(context, object);
      await work(context, kind, object, await groupNamed(context, args['group']!), args['permission']!);
    },
  });
  return [
    changing('perms_add', `Gives a group a permission for ${noun}.`, grant),
    changing('perms_delete', `Takes a permission for ${noun} from a group.`, revoke),
    method(`${prefix}.perms_list`, {
      access: staff, params: { [key]: name } as typeof params, about: `What groups may do with ${noun}.`, returns: 'array of structs with name and group',
      async run(context, args) {
        const object = args[key]!;
        await mustExist(context, object);
        return (await listPermissions(context, kind, object)).map((p) => ({ ...p }));
      },
    }),
  ];
}
