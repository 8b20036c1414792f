import { any, bool, either, integer, literal, mapping, record, required, text, type Rule } from './schema.ts';
import { contextSchema } from './context.ts';
import { timeout } from './common.ts';

const deviceOrConnection: Rule = (role, report) => {
  const has = (key: string) => Object.hasOwn(role, key);
  if (!has('device_type') && !has('connection')) report({ path: ['device_type'], code: 'missing-key', message: 'this role has neither "device_type" nor "connection"', reason: 'required key not provided' });
  if (has('device_type') && has('connection')) {
    report({ path: ['connection'], part: 'key', code: 'exclusive-keys', message: 'a role has either "device_type" or "connection"', reason: 'lava-multinode protocol cannot support device_type and connection for a single role.' });
  }
  if (has('device') && role['count'] !== 1) report({ path: ['count'], code: 'wrong-value', message: 'a role that names its device has "count: 1"', reason: 'lava-multinode roles using a specific device must set count to 1.' });
  if (has('host_role') && !has('expect_role')) report({ path: ['host_role'], part: 'key', code: 'missing-key', message: '"host_role" needs "expect_role"', reason: "'expect_role' is required when 'host_role' is used" });
  if (has('expect_role') && !has('host_role')) report({ path: ['expect_role'], part: 'key', code: 'missing-key', message: '"expect_role" needs "host_role"', reason: "'expect_role' without 'host_role'" });
  if (has('connection') && !has('host_role')) report({ path: ['connection'], part: 'key', code: 'missing-key', message: 'a "connection" needs a "host_role"', reason: 'connection specified without a host_role' });
};

/** @param context variables allowed beside LAVA's */
const role = (context: readonly string[]) => mapping({
  device_type: text({ min: 1 }), device: text({ min: 1 }), worker: text({ min: 1 }),
  count: required(integer({ min: 0 })),
  connection: text(), host_role: text(), expect_role: text(), request: literal('lava-start'),
  context: contextSchema(context), tags: any(), environment: mapping({}, { others: 'allow' }), essential: bool(), timeout,
}, { rules: [deviceOrConnection] });

const knownRoles: Rule = (multinode, report) => {
  const roles = multinode['roles'];
  if (typeof roles !== 'object' || roles === null) return;
  for (const [name, one] of Object.entries(roles)) {
    for (const key of ['host_role', 'expect_role']) {
      const other: unknown = typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[key] : undefined;
      if (typeof other === 'string' && !Object.hasOwn(roles, other)) report({ path: ['roles', name, key], code: 'unknown-role', message: `there is no role ${JSON.stringify(other)}`, hint: `Roles of this job: ${Object.keys(roles).join(', ')}.`, reason: `'${key}' '${other}' does not exist` });
    }
  }
};

export const protocols = (context: readonly string[]) => mapping({
  'lava-multinode': mapping({ roles: required(record(role(context))), timeout }, { others: 'allow', rules: [knownRoles] }),
  'lava-xnbd': mapping({ port: required(either(literal('auto'), integer())), timeout }, { others: 'allow' }),
});
