import { didYouMean } from '@lava/base';
import { isMapping, type Mapping } from '../mapping.ts';
import { rolesOf } from './protocols.ts';
import type { Rule } from './schema.ts';

/** More jobs in one group than any lab has devices; each takes its share of memory. */
export const largestGroup = 1000;

/** Roles that a block is for; undefined: the block says nothing. */
export function blockRoles(block: Mapping): readonly unknown[] | undefined {
  const { role } = block;
  return role === undefined || role === null ? undefined : Array.isArray(role) ? role : [role];
}

/** Every block of a job with its kind and place. */
function* blocksOf(job: Mapping): Generator<{ kind: string; block: Mapping; path: readonly (string | number)[] }> {
  const { actions } = job;
  if (!Array.isArray(actions)) return;
  for (const [i, action] of actions.entries()) {
    if (isMapping(action)) for (const [kind, block] of Object.entries(action)) if (isMapping(block)) yield { kind, block, path: ['actions', i, kind] };
  }
}

const asList = (names: Iterable<string>) => [...names].slice(0, 20).join(', ');

/** What makes it impossible to split a job into those of its roles, and what would be lost. */
export const splits: Rule = (job, report) => {
  const roles = rolesOf(job);
  if (!roles) return;
  const used = new Set<unknown>();
  for (const { kind, block, path } of blocksOf(job)) {
    const own = blockRoles(block);
    for (const name of own ?? []) used.add(name);
    if (!own) {
      report({
        path: [...path, 'role'], code: 'missing-key', message: `this ${kind} block says nothing of its roles`, hint: `Add "role:" with some of: ${asList(Object.keys(roles))}.`,
        reason: `Invalid YAML - Did not find a role in action '${kind}', check for consistent use of whitespace indents.`,
      });
    }
    const unknown = own?.find((name) => typeof name === 'string' && !Object.hasOwn(roles, name));
    if (unknown !== undefined) report({ path: [...path, 'role'], severity: 'warning', code: 'unknown-role', message: `there is no role ${JSON.stringify(String(unknown).slice(0, 60))}`, hint: didYouMean(String(unknown), Object.keys(roles)) ?? `Roles of this job: ${asList(Object.keys(roles))}.` });
  }
  const at = ['protocols', 'lava-multinode', 'roles'];
  let size = 0;
  for (const [name, role] of Object.entries(roles)) {
    if (!used.has(name)) report({ path: [...at, name], part: 'key', code: 'unused-role', message: `no block is for the role ${JSON.stringify(name.slice(0, 60))}`, hint: 'Name it below "role:" of a block, or remove it.', reason: `No action for the role '${name}'` });
    if (!isMapping(role)) continue;
    const { count, host_role: host } = role;
    size += typeof count === 'number' ? count : 0;
    const ofHost = typeof host === 'string' && Object.hasOwn(roles, host) ? roles[host] : undefined;
    if (isMapping(ofHost) && ofHost['count'] !== 1) report({ path: [...at, String(host), 'count'], code: 'wrong-value', message: `the role ${JSON.stringify(String(host).slice(0, 60))} is a host, so its count must be 1`, hint: 'Set the count to 1, or make a host of another role.', reason: 'The count for a role designated as a host_role must be 1.' });
  }
  if (size > largestGroup) report({ path: at, part: 'key', code: 'too-large', message: `a group may have at most ${largestGroup} jobs, and this would have ${size}`, hint: 'Lower the counts of its roles.', reason: `value must be at most ${largestGroup}` });
  for (const key of ['context', 'environment', 'tags', 'device_type', 'device', 'worker']) {
    if (Object.hasOwn(job, key)) report({ path: [key], part: 'key', severity: 'warning', code: 'ignored-key', message: `"${key}" at the top of a multinode job is lost`, hint: `Write "${key}:" into the roles that need it.` });
  }
};
