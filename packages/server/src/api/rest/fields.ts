import { deviceHealths, deviceStates, jobHealths, jobStates, testResults, workerHealths, workerStates } from '@lava/job';
import { sql } from 'kysely';
import type { ObjectKind } from '../../auth/permissions.ts';
import { permissionTable } from '../../auth/visibility.ts';
import { textLookups, type Field, type Fields, type Relation } from './filter.ts';

/* What can be filtered, by resource. Columns carry their table: conditions nest. */

const text = (column: string, ...more: string[]): Field & { kind: 'text' } => ({ kind: 'text', column, lookups: [...textLookups, ...more] });
const number = (column: string, ...lookups: string[]): Field & { kind: 'number' } => ({ kind: 'number', column, lookups: ['exact', ...lookups] });
const time = (column: string, ...more: string[]): Field => ({ kind: 'time', column, lookups: ['exact', 'lt', 'gt', ...more] });
const boolean = (column: string): Field => ({ kind: 'boolean', column, lookups: ['exact', 'in'] });
const words = (column: string, list: readonly string[], anyCase = false): Field => ({ kind: 'words', column, words: list, anyCase });

/** A column that holds the key of another table. */
const references = (column: string, table: string, key: Relation['key'], fields: () => Fields): Relation =>
  ({ kind: 'relation', table, key, fields, within: (keys) => sql<boolean>`${sql.ref(column)} in (${keys})` });

/** A table between ours and the other. */
const through = (own: string, between: string, ownKey: string, otherKey: string, table: string, key: Relation['key'], fields: () => Fields): Relation =>
  ({ kind: 'relation', table, key, fields, within: (keys) => sql<boolean>`${sql.ref(own)} in (select ${sql.ref(ownKey)} from ${sql.table(between)} where ${sql.ref(otherKey)} in (${keys}))` });

const userKey = number('users.id', 'in');
const groupKey = number('groups.id', 'in');
export const groupFields: Fields = { id: groupKey, name: text('groups.name') };
const users: Fields = {
  id: userKey, username: text('users.username'), email: text('users.email'),
  group: through('users.id', 'user_groups', 'user_groups.user_id', 'user_groups.group_id', 'groups', groupKey, () => groupFields),
};
export const userResourceFields: Fields = { ...users, is_active: boolean('users.is_active'), is_staff: boolean('users.is_staff'), is_superuser: boolean('users.is_superuser') };
const tagKey = number('tags.id', 'in');
export const tagFields: Fields = { id: tagKey, name: text('tags.name', 'iexact'), description: text('tags.description') };
const typeKey = text('device_types.name');
const deviceKey = text('devices.hostname');
const workerKey = text('workers.hostname');
const jobKey = number('jobs.id', 'in');
const suiteKey = number('test_suites.id', 'in');
const setKey = number('test_sets.id', 'in');

export const aliasFields: Fields = { name: text('aliases.name') };

/** A column that holds a name which LAVA's clients take for an object: `architecture=ARMv7` and `architecture__name=ARMv7`. */
const named = (column: string): Relation => references(column, column.split('.')[0]!, text(column), () => ({ name: text(column) }));

export const deviceTypeFields: Fields = {
  name: typeKey, description: text('device_types.description'), cpu_model: text('device_types.cpu_model'), core_count: number('device_types.core_count', 'in'), health_frequency: number('device_types.health_frequency', 'in'),
  disable_health_check: boolean('device_types.disable_health_check'), display: boolean('device_types.display'),
  health_denominator: words('device_types.health_denominator', ['hours', 'jobs']),
  // Each of these is a table of names elsewhere; here the name is all there is.
  architecture: named('device_types.architecture'), processor: named('device_types.processor'),
  bits: { kind: 'relation', table: 'device_types', key: number('device_types.bits', 'in'), fields: () => ({ width: number('device_types.bits', 'in') }), within: (keys) => sql<boolean>`device_types.bits in (${keys})` },
  cores: {
    kind: 'relation', table: 'cores', rows: sql`(select unnest(t.cores) as name from device_types t) as cores`, key: text('cores.name'), fields: () => ({ name: text('cores.name') }),
    within: (keys) => sql<boolean>`device_types.cores && array(${keys})::text[]`,
  },
  alias: { kind: 'relation', table: 'aliases', key: text('aliases.name'), fields: () => aliasFields, within: (keys) => sql<boolean>`device_types.name in (select a.device_type from aliases a where a.name in (${keys}))` },
};

/** Of the permissions that groups hold for single objects. */
export const permissionFields = (kind: ObjectKind): Fields => {
  const { table, key } = permissionTable(kind);
  const object = kind === 'device' ? references(`${table}.${key}`, 'devices', deviceKey, () => deviceFields) : references(`${table}.${key}`, 'device_types', typeKey, () => deviceTypeFields);
  return {
    // The one name is that of the filter, the other that of the field.
    ...(kind === 'device' ? { device: object } : { device_type: object, devicetype: object }),
    group: references(`${table}.group_id`, 'groups', groupKey, () => groupFields),
    permission: references(`${table}.permission`, table, text(`${table}.permission`), () => ({ codename: text(`${table}.permission`) })),
  };
};

export const workerFields: Fields = {
  hostname: workerKey, description: text('workers.description'), last_ping: time('workers.last_ping'),
  state: words('workers.state', workerStates), health: words('workers.health', workerHealths),
};

export const deviceFields: Fields = {
  hostname: deviceKey, is_synced: boolean('devices.is_synced'), device_version: text('devices.device_version'), description: text('devices.description'),
  state: words('devices.state', deviceStates), health: words('devices.health', deviceHealths, true),
  device_type: references('devices.device_type', 'device_types', typeKey, () => deviceTypeFields),
  physical_owner: references('devices.physical_owner', 'users', userKey, () => users),
  physical_group: references('devices.physical_group', 'groups', groupKey, () => groupFields),
  tags: through('devices.hostname', 'device_tags', 'device_tags.device', 'device_tags.tag_id', 'tags', tagKey, () => tagFields),
  last_health_report_job: references('devices.last_health_report_job', 'jobs', jobKey, () => jobFields),
  worker_host: references('devices.worker', 'workers', workerKey, () => workerFields),
};

const failureTags: Fields = { id: number('failure_tags.id', 'in'), name: text('failure_tags.name'), description: text('failure_tags.description') };

export const jobFields: Fields = {
  id: number('jobs.id', 'lt', 'gt', 'in'), submit_time: time('jobs.submit_time', 'isnull'), start_time: time('jobs.start_time', 'isnull'), end_time: time('jobs.end_time', 'isnull'),
  health_check: boolean('jobs.health_check'),
  target_group: { kind: 'text', column: 'jobs.target_group', lookups: ['exact', 'iexact', 'in', 'contains', 'icontains', 'startswith'] },
  state: words('jobs.state', jobStates), health: words('jobs.health', jobHealths), priority: number('jobs.priority', 'in', 'lt', 'lte', 'gt', 'gte'),
  description: text('jobs.description'), definition: text('jobs.definition'), original_definition: text('jobs.original_definition'),
  multinode_definition: text('jobs.multinode_definition'), failure_comment: text('jobs.failure_comment', 'isnull'),
  requested_device_type: references('jobs.requested_device_type', 'device_types', typeKey, () => deviceTypeFields),
  actual_device: references('jobs.actual_device', 'devices', deviceKey, () => deviceFields),
  tags: through('jobs.id', 'job_tags', 'job_tags.job', 'job_tags.tag_id', 'tags', tagKey, () => tagFields),
  viewing_groups: through('jobs.id', 'job_groups', 'job_groups.job', 'job_groups.group_id', 'groups', groupKey, () => groupFields),
  submitter: references('jobs.submitter', 'users', userKey, () => users),
  failure_tags: through('jobs.id', 'job_failure_tags', 'job_failure_tags.job', 'job_failure_tags.failure_tag_id', 'failure_tags', number('failure_tags.id', 'in'), () => failureTags),
};

export const suiteFields: Fields = { id: number('test_suites.id', 'lt', 'gt', 'in'), name: text('test_suites.name') };

const range = ['lt', 'lte', 'gt', 'gte'];
export const testFields: Fields = {
  id: number('test_cases.id', 'lt', 'gt', 'in'), start_log_line: number('test_cases.start_log_line', ...range), end_log_line: number('test_cases.end_log_line', ...range),
  logged: { kind: 'time', column: 'test_cases.logged', lookups: ['exact', ...range] }, measurement: number('test_cases.measurement', ...range),
  metadata: text('test_cases.metadata'), units: text('test_cases.units'), name: text('test_cases.name'), result: words('test_cases.result', testResults, true),
  suite: references('test_cases.suite_id', 'test_suites', suiteKey, () => suiteFields),
  test_set: references('test_cases.set_id', 'test_sets', setKey, () => ({ id: setKey, name: text('test_sets.name') })),
};
