import { didYouMean } from '@lava/base';
import { anyMapping, bool, eitherMeant, integer, list, literal, mapping, range, record, required, text, type Rule, type Schema } from './schema.ts';
import { contextSchema } from './context.ts';
import { publishedTimeout, timeout } from './common.ts';
import { isMapping, mappingAt, type Mapping } from '../mapping.ts';
import { pythonRepr } from '../python-text.ts';

const roleKeys: Rule = (role, report) => {
  const has = (key: string) => Object.hasOwn(role, key);
  const broken = (at: string, code: 'missing-key' | 'exclusive-keys' | 'wrong-value', message: string, hint: string, reason: string) => report({ path: [at], part: code === 'wrong-value' ? 'value' : 'key', code, message, hint, reason });
  if (has('device_type') && has('connection')) broken('connection', 'exclusive-keys', 'a role has either "device_type" or "connection"', 'Keep "connection" for a guest on the device of another role, "device_type" for a device of its own.', 'lava-multinode protocol cannot support device_type and connection for a single role.');
  for (const key of ['device', 'worker']) {
    if (!has(key)) continue;
    if (has('connection')) broken(key, 'exclusive-keys', `a role with a "connection" has no "${key}"`, `Remove "${key}": it runs on the device of its host.`, 'lava-multinode connection roles cannot specify device or worker.');
    else if (!has('device_type')) broken(key, 'missing-key', `"${key}" needs "device_type"`, 'Add "device_type:" to the role.', `'${key}' requires 'device_type'`);
  }
  // LAVA's own schema lets fractions through, and then cannot count to them.
  if (typeof role['count'] === 'number' && !Number.isInteger(role['count'])) report({ path: ['count'], code: 'wrong-type', message: '"count" must be a whole number', hint: 'It is the number of jobs with this role.', reason: "expected int for dictionary value" });
  if (has('device') && has('count') && role['count'] !== 1) broken('count', 'wrong-value', 'a role that names its device has "count: 1"', 'Lower the count, or remove "device".', 'lava-multinode roles using a specific device must set count to 1.');
  if (has('connection') && !has('host_role') && !has('expect_role')) broken('connection', 'missing-key', 'a "connection" needs a "host_role"', 'Add "host_role:" and "expect_role:" with the role whose device is used.', 'connection specified without a host_role');
};

/** Which roles wait for which. */
const otherRoles: Rule = (multinode, report) => {
  const roles = mappingAt(multinode, 'roles');
  for (const [name, role] of Object.entries(roles ?? {})) {
    if (!roles || !isMapping(role)) continue;
    const { host_role: host, expect_role: expected } = role;
    const given = (value: unknown) => value !== undefined && value !== null;
    const known = (value: unknown) => typeof value === 'string' && Object.hasOwn(roles, value);
    const unknown = (key: string) => {
      const other = typeof role[key] === 'string' ? role[key] : pythonRepr(role[key]);
      report({
        path: ['roles', name, key], code: 'unknown-role', message: `there is no role ${JSON.stringify(other.slice(0, 60))}`,
        hint: didYouMean(other, Object.keys(roles)) ?? `Roles of this job: ${Object.keys(roles).slice(0, 20).join(', ')}.`, reason: `'${key}' '${other}' does not exist`,
      });
    };
    const lonely = (key: string, missing: string, reason: string) => report({ path: ['roles', name, key], part: 'key', code: 'missing-key', message: `"${key}" needs "${missing}"`, hint: `Add "${missing}:", mostly with the same role.`, reason });
    if (given(host) && !known(host)) unknown('host_role');
    else if (given(host) && !given(expected)) lonely('host_role', 'expect_role', "'expect_role' is required when 'host_role' is used");
    else if (given(host) && !known(expected)) unknown('expect_role');
    else if (!given(host) && given(expected)) lonely('expect_role', 'host_role', "'expect_role' without 'host_role'");
  }
};

const count = required({ ...range({ min: 0, about: 'the number of jobs with this role' }), submission: { type: 'integer' } });
/** A role that names its device is one job. */
// oxlint-disable-next-line unicorn/no-thenable -- `then` is JSON Schema's word
const oneOfADevice = { if: { required: ['device'] }, then: { properties: { count: { const: 1 } } } };
const device = text({ min: 1, about: 'the one device to run on' });
const worker = text({ min: 1, about: 'the worker whose devices are used' });
const isConnection = (value: unknown) => (isMapping(value) ? Number(Object.hasOwn(value, 'connection')) : undefined);

/** Protocols of old releases. */
const gone: Readonly<Record<string, string>> = {
  'lava-lxc': 'Containers are Docker\'s now: give "docker:" to deploy, boot and test blocks.',
  'lava-vland': 'LAVA sets up no networks any more; connect the devices by other means.',
};

/** @param context variables allowed beside LAVA's */
export function protocols(context: readonly string[]): Schema {
  const keys = { count, context: contextSchema(context), timeout };
  const role = eitherMeant(isConnection,
    mapping({ device_type: required(text({ about: 'the type of device' })), ...keys }, { others: 'allow', rules: [roleKeys] }),
    mapping({ connection: required(text()), ...keys }, { others: 'allow', rules: [roleKeys] }));
  return mapping({
    'lava-multinode': mapping({ roles: required(record(role, { about: 'a mapping of the roles by name' })), timeout }, { rules: [otherRoles] }),
    'lava-xnbd': anyMapping(),
  }, { gone });
}

/** @param context variables allowed beside LAVA's */
export function publishedProtocols(context: readonly string[]): Schema {
  const keys = {
    count,
    context: contextSchema(context),
    tags: list(text(), { about: 'tags that the device must have' }),
    essential: bool('when this job fails, the others of its group are cancelled'),
    timeout: publishedTimeout,
  };
  const expected = text({ about: 'the role that is waited for' });
  const request = text({ about: '"lava-start": wait for another role before the job starts' });
  const role = eitherMeant(isConnection,
    { ...mapping({
      device_type: required(text({ about: 'the type of device' })), device, worker, ...keys,
      environment: anyMapping('shell variables for the tests'), expect_role: expected, request,
    }), submission: oneOfADevice },
    mapping({
      connection: required(text({ about: 'how the host is reached, such as ssh' })),
      host_role: required(text({ about: 'the role whose device is used' })),
      expect_role: required(expected), request, ...keys,
    }));
  return mapping({
    'lava-multinode': mapping({ roles: required(record(role, { about: 'the roles, by name' })), timeout: publishedTimeout }, { about: 'several devices that work together' }),
    'lava-xnbd': mapping({ port: required(eitherMeant((value) => (typeof value === 'string' ? 0 : 1), literal('auto'), integer())), timeout: publishedTimeout }, { about: 'a network block device server' }),
  }, { about: 'what jobs need beside a device' });
}

/** The roles of a multinode job, or undefined if it is none. */
export function rolesOf(job: Mapping): Mapping | undefined {
  return mappingAt(job, 'protocols', 'lava-multinode', 'roles');
}
