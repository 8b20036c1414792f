import { bool, either, empty, integer, list, oneOf, text, type Schema } from '@lava/job';

/** Value of a field; lists are sets: sorted, without doubles. */
export type FieldValue = string | number | boolean | null | readonly string[];
export type Fields = Readonly<Record<string, FieldValue>>;

export interface Field {
  readonly schema: Schema;
  /** What a new object has when the file does not say it. */
  readonly initial: FieldValue;
  /** The names in it are names of this kind. */
  readonly of?: Kind;
  /** A text of many lines: it may stand in a file of its own, and its changes are shown line by line. */
  readonly lines?: true;
}

/** What a lab file says about objects of one kind. */
export interface KindDeclaration {
  readonly noun: string;
  readonly about: string;
  readonly names: RegExp;
  /** Names that the server keeps for itself. */
  readonly reserved?: string;
  /** A dot in the name of a field is one more level in the file. */
  readonly fields: Readonly<Record<string, Field>>;
  /** What `--prune` sets on objects that the file does not name. Without it they stay as they are: jobs refer to them. */
  readonly pruned?: Fields;
}

const hostname = /^(?!\.+$)[-_a-zA-Z0-9.]{1,200}$/;
const people = /^[\w.@+-]{1,150}$/;

const flag = (initial: boolean, about: string): Field => ({ schema: bool(about), initial });
const line = (about: string): Field => ({ schema: text({ max: 200, about }), initial: '' });
const maybe = (about: string, more: Partial<Field> = {}): Field => ({ schema: { ...either(text({ min: 1 }), empty()), about }, initial: null, ...more });
const names = (of: Kind | undefined, about: string): Field => ({ schema: list(text({ min: 1 }), { about }), initial: [], ...(of && { of }) });
const lines = (about: string): Field => ({ schema: { ...either(text(), empty()), about }, initial: null, lines: true });
const allowed = (actions: readonly ('view' | 'submit' | 'change')[]): Record<string, Field> =>
  Object.fromEntries(actions.map((action) => [`permissions.${action}`, names('groups', `a list of groups that may ${action === 'submit' ? 'run jobs on it' : `${action} it`}${action === 'change' ? '' : '; nobody named: everybody'}`)]));

const globalPermissions = names(undefined, "a list of permissions that hold for all objects, by LAVA's names, such as lava_scheduler_app.add_device");

/** The kinds of objects in a lab, in an order in which each may name only what stands before it. */
const kinds = {
  tags: {
    noun: 'tag', about: 'features of devices that jobs may ask for', names: /^[-a-zA-Z0-9_]{1,100}$/,
    fields: { description: line('what devices with this tag have') },
  },
  groups: {
    noun: 'group', about: 'groups of users', names: /^\S(?:.{0,148}\S)?$/, reserved: 'lava-health',
    fields: { permissions: globalPermissions },
  },
  users: {
    noun: 'user', about: 'people and programs; passwords and tokens are never in this file', names: people, reserved: 'lava-health',
    fields: {
      email: { schema: text({ max: 254, about: 'where mail goes' }), initial: '' },
      first_name: line('given name'), last_name: line('family name'),
      is_active: flag(true, 'true if the user may sign in'), is_staff: flag(false, 'true if the user may see the pages of admins'), is_superuser: flag(false, 'true if the user may do everything'),
      groups: names('groups', 'a list of the groups of the user'),
      permissions: globalPermissions,
    },
  },
  workers: {
    noun: 'worker', about: 'machines that devices are wired to', names: hostname,
    fields: {
      description: line('what people should know about it'),
      job_limit: { schema: integer({ min: 0, about: 'most jobs at a time; 0: as many as it has devices' }), initial: 0 },
      display: flag(true, 'true if its devices get jobs'),
      certificate: maybe('the name of its certificate, when that is not its hostname'),
      retired: flag(false, 'true if it is out of use for good'),
      dispatcher: lines("YAML of the dispatcher's settings for this worker: dispatcher.yaml"),
      env: lines('YAML of the environment of its jobs: env.yaml'),
      env_dut: lines('YAML of the environment on its devices: env-dut.yaml'),
      ...allowed(['view', 'change']),
    },
    pruned: { retired: true },
  },
  device_types: {
    noun: 'device type', about: 'kinds of devices', names: /^[^\s/]{1,50}$/,
    fields: {
      description: line('what people should know about it'),
      display: flag(true, 'true if it is shown and its jobs run'),
      aliases: names(undefined, 'a list of other names by which jobs may ask for it'),
      template: lines("Jinja2 template, if it is not the one of this name that comes with LAVA"),
      health_check: lines('job definition of the health check'),
      health_frequency: { schema: integer({ min: 1, about: 'how often a health check is due, in units of health_denominator' }), initial: 24 },
      health_denominator: { schema: { ...oneOf('hours', 'jobs'), about: 'the unit of health_frequency: hours or jobs' }, initial: 'hours' },
      disable_health_check: flag(false, 'true if there are to be no health checks'),
      ...allowed(['view', 'submit', 'change']),
    },
    pruned: { display: false },
  },
  devices: {
    noun: 'device', about: 'boards and virtual machines that run jobs', names: hostname,
    fields: {
      device_type: { schema: text({ min: 1, about: 'the name of its device type' }), initial: '', of: 'device_types' },
      worker: maybe('the worker that it is wired to', { of: 'workers' }),
      description: line('what people should know about it'),
      device_version: maybe('revision of the hardware'),
      tags: names('tags', 'a list of tags: features that jobs may ask for'),
      physical_owner: maybe('the user whose device it is', { of: 'users' }),
      physical_group: maybe('the group whose device it is', { of: 'groups' }),
      retired: flag(false, 'true if it is out of use for good'),
      dictionary: lines('the device dictionary: a few lines of Jinja2 over the device type'),
      ...allowed(['view', 'submit', 'change']),
    },
    pruned: { retired: true },
  },
} as const satisfies Record<string, KindDeclaration>;

export type Kind = 'tags' | 'groups' | 'users' | 'workers' | 'device_types' | 'devices';
export const kindNames = Object.keys(kinds) as Kind[];
export const kindOf = (kind: Kind): KindDeclaration => kinds[kind];
export const fieldsOf = (kind: Kind): [name: string, field: Field][] => Object.entries(kindOf(kind).fields);

/** A lab, or what a file says of one: objects by kind and name, with those of their fields that are known. */
export type Lab = Readonly<Record<Kind, ReadonlyMap<string, Fields>>>;

export const emptyLab = (): Record<Kind, Map<string, Fields>> => Object.fromEntries(kindNames.map((kind) => [kind, new Map()])) as Record<Kind, Map<string, Fields>>;

/** Fields of a new object of which nothing is said. */
export const initialFields = (kind: Kind): Fields => Object.fromEntries(fieldsOf(kind).map(([name, { initial }]) => [name, initial]));

/** A value as it is compared and stored: sets sorted, no empty texts of many lines. */
export function normalised(field: Field, value: FieldValue): FieldValue {
  if (Array.isArray(value)) return [...new Set(value as readonly string[])].sort();
  return field.lines && value === '' ? null : value;
}

export const sameValue = (a: FieldValue | undefined, b: FieldValue | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
