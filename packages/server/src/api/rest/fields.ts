import { deviceHealths, deviceStates, jobHealths, jobStates, testResults, workerHealths, workerStates } from '@lava/job';
import { sql } from 'kysely';
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
const users: Fields = { id: userKey, username: text('users.username'), email: text('users.email') };
const groupKey = number('groups.id', 'in');
const groups: Fields = { id: groupKey, name: text('groups.name') };
const tagKey = number('tags.id', 'in');
export const tagFields: Fields = { id: tagKey, name: text('tags.name', 'iexact'), description: text('tags.description') };
const typeKey = text('device_types.name');
const deviceKey = text('devices.hostname');
const workerKey = text('workers.hostname');
const jobKey = number('jobs.id', 'in');
const suiteKey = number('test_suites.id', 'in');
const setKey = number('test_sets.id', 'in');

export const aliasFields: Fields = { name: text('aliases.name') };

export const deviceTypeFields: Fields = {
  name: typeKey, description: text('device_types.description'), health_frequency: number('device_types.health_frequency', 'in'),
  disable_health_check: boolean('device_types.disable_health_check'), display: boolean('device_types.display'),
  health_denominator: words('device_types.health_denominator', ['hours', 'jobs']),
  alias: { kind: 'relation', table: 'aliases', key: text('aliases.name'), fields: () => aliasFields, within: (keys) => sql<boolean>`device_types.name in (select a.device_type from aliases a where a.name in (${keys}))` },
};

export const workerFields: Fields = {
  hostname: workerKey, description: text('workers.description'), last_ping: time('workers.last_ping'),
  state: words('workers.state', workerStates), health: words('workers.health', workerHealths),
};

export const deviceFields: Fields = {
  hostname: deviceKey, device_version: text('devices.device_version'), description: text('devices.description'),
  state: words('devices.state', deviceStates), health: words('devices.health', deviceHealths, true),
  device_type: references('devices.device_type', 'device_types', typeKey, () => deviceTypeFields),
  physical_owner: references('devices.physical_owner', 'users', userKey, () => users),
  physical_group: references('devices.physical_group', 'groups', groupKey, () => groups),
  tags: through('devices.hostname', 'device_tags', 'device_tags.device', 'device_tags.tag_id', 'tags', tagKey, () => tagFields),
  last_health_report_job: references('devices.last_health_report_job', 'jobs', jobKey, () => jobFields),
  worker_host: references('devices.worker', 'workers', workerKey, () => workerFields),
};

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
  viewing_groups: through('jobs.id', 'job_groups', 'job_groups.job', 'job_groups.group_id', 'groups', groupKey, () => groups),
  submitter: references('jobs.submitter', 'users', userKey, () => users),
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
