import { isMapping, mappingAt, type Mapping } from './mapping.ts';
import { blockRoles, largestGroup } from './schema/multinode.ts';
import { rolesOf } from './schema/protocols.ts';

/** One job of a group. */
export interface Member {
  readonly role: string;
  /** `12.0`: the number of the group's first job and the place in the group. */
  readonly subId: string;
  readonly definition: Mapping;
  /** False for a job that shares the device of its `hostRole`. */
  readonly needsDevice: boolean;
  readonly hostRole: string | undefined;
  /** When it fails, the others are cancelled. */
  readonly essential: boolean;
}

export interface SplitOptions {
  /** A random name of the group; LAVA uses a UUID. */
  readonly targetGroup: string;
  /** Number of the group's first job. */
  readonly firstId: number;
}

/** Keys of the submitted definition that every member gets. */
const shared = ['job_name', 'timeouts', 'priority', 'visibility', 'notify', 'metadata', 'reboot_to_fastboot', 'secrets'] as const;
/** Keys of a role that stand at the top of its jobs; all others stay in the protocol. */
const ofRole = ['device_type', 'connection', 'host_role', 'context'] as const;

/**
 * The jobs of a multinode definition, in the order in which they are to be stored: role by role, as many as each counts.
 * @param definition one that `checkJob` takes; parts of it are shared by the members, not copied
 * @returns no members for a definition without roles
 * @throws RangeError for a group that is larger than `checkJob` allows
 */
export function splitMultinode(definition: Mapping, { targetGroup, firstId }: SplitOptions): Member[] {
  const roles = Object.entries(rolesOf(definition) ?? {}).filter((entry): entry is [string, Mapping] => isMapping(entry[1]));
  const count = (role: Mapping) => Math.max(0, Math.floor(Number(role['count'] ?? 0)) || 0);
  const groupSize = roles.reduce((sum, [, role]) => sum + count(role), 0);
  if (groupSize > largestGroup) throw new RangeError(`a group may have at most ${largestGroup} jobs, not ${groupSize}`);
  const { roles: _, ...protocol } = mappingAt(definition, 'protocols', 'lava-multinode') ?? {};

  const members: Member[] = [];
  for (const [name, role] of roles) {
    const { count: _count, ...keys } = without(role, ofRole);
    const actions = actionsOf(definition, name);
    const top = { ...pick(definition, shared), ...pick(role, ofRole) };
    for (let i = 0; i < count(role); i++) {
      const place = members.length;
      members.push({
        role: name, subId: `${firstId}.${place}`, needsDevice: role['connection'] === undefined,
        hostRole: typeof role['host_role'] === 'string' ? role['host_role'] : undefined, essential: role['essential'] === true,
        definition: { ...top, protocols: { 'lava-multinode': { target_group: targetGroup, role: name, group_size: groupSize, sub_id: place, ...keys, ...protocol } }, actions },
      });
    }
  }
  return members;
}

/** The blocks for one role, each for that role only. */
function actionsOf(definition: Mapping, role: string): Mapping[] {
  const { actions } = definition;
  return (Array.isArray(actions) ? actions : []).flatMap((action: unknown) => {
    const own = Object.entries(isMapping(action) ? action : {}).filter((entry): entry is [string, Mapping] => isMapping(entry[1]) && blockRoles(entry[1])?.includes(role) === true);
    return own.length ? [Object.fromEntries(own.map(([kind, block]) => [kind, { ...block, role }]))] : [];
  });
}

const pick = (from: Mapping, keys: readonly string[]): Mapping => Object.fromEntries(keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]]));
const without = (from: Mapping, keys: readonly string[]): Mapping => Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
