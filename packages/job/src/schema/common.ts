import { any, beyond, bool, either, eitherMeant, integer, list, mapping, named, range, record, required, text, withKeys, type Rule, type Schema } from './schema.ts';
import { isMapping } from '../mapping.ts';

type Fields = Readonly<Record<string, Schema>>;

const units = ['days', 'hours', 'minutes', 'seconds'] as const;
const unit = integer({ about: 'a whole number of this unit' });

/** `{minutes: 5}` as submission checks it; `skip` makes a test block that runs out of time end without ending the job. */
export const timeout = mapping(
  { days: unit, hours: unit, minutes: unit, seconds: unit, skip: bool() },
  { exclusive: ['timeout_unit', units], about: 'a time such as {minutes: 5}' },
);

/** The same as the published schema has it: exactly one unit, one or more of it. */
export const publishedTimeout = named('timeout', {
  ...eitherMeant(
    (value) => { const i = isMapping(value) ? units.findIndex((name) => Object.hasOwn(value, name)) : -1; return i < 0 ? undefined : i; },
    ...units.map((name) => mapping({
      [name]: required({ ...range({ min: 1, about: `number of ${name}` }), submission: { type: 'integer' } }),
      skip: bool('let the job go on with its next block when this test block runs out of time'),
    })),
  ),
  about: 'a time of one unit, such as {minutes: 5}',
});

/** Timeouts by action name. */
export const namedTimeouts = record(timeout, { keys: /^[a-z-]+$/, about: 'a mapping of times by action name, such as {http-download: {minutes: 5}}' });
export const publishedNamedTimeouts = { ...record(publishedTimeout, { about: 'a mapping of times by action name, such as {http-download: {minutes: 5}}' }), submission: { propertyNames: { pattern: '^[a-z-]+$' } } };

/** `a: x` and `a: [x, y]`. */
export const textOrList = either(text(), list(text()));

/** Name of a Docker image: `debian:12`, `registry.example.org/a/b:latest`. */
export const dockerImage = text({ pattern: /^[a-z0-9]+[a-z0-9._/:-]*[a-z0-9]+(:[a-zA-Z0-9_]+[a-zA-Z0-9._-]*)?$/, reason: 'Invalid docker image name', about: 'the name of a Docker image, such as debian:12' });

/** Keys of a container beside its image. */
const containerKeys = {
  local: bool('use the image that the worker has; pull it only if there is none'),
  container_name: text({ about: 'the name of the container' }),
  network_from: text({ about: 'the container whose network is shared' }),
  login: mapping({ registry: text(), user: text(), password: text() }, { about: 'account of the registry' }),
};

/** @param imageKey some methods say `name`, others `image` */
export const docker = (imageKey: 'image' | 'name', more: Fields = {}) =>
  mapping({ [imageKey]: required(dockerImage), ...containerKeys, ...more } as Fields, { about: 'the container to run in' });

/** Containers that devices are handed to. */
export const dockerWithDevices = named('docker', docker('image', { devices: beyond(list(text(), { about: 'devices to hand to the container' })) }));

const reserved = "'common' and 'docker-test-shell' are reserved namespace names";
const namespace = text({ not: ['common', 'docker-test-shell'], reason: reserved, about: 'the namespace that the block works in; with one block in a namespace, all have to be' });

/** Keys of every deploy, boot, test and command block, as the published schema has them. */
const blockKeys = {
  namespace,
  'connection-namespace': text({ about: 'the namespace whose connection is used' }),
  protocols: any('calls of protocols, such as lava-multinode'),
  role: list(text(), { about: 'the roles of a multinode job that run this block' }),
  timeout: publishedTimeout,
  timeouts: publishedNamedTimeouts,
  repeat: range({ min: 1, about: 'the number of times to run, whatever the result' }),
  failure_retry: range({ min: 1, about: 'the number of attempts until one succeeds' }),
  failure_retry_interval: range({ min: 1, about: 'the number of seconds between attempts' }),
  connection_timeout: beyond(about30(publishedTimeout)),
};

function about30<S extends Schema>(schema: S): S {
  return { ...schema, about: 'the longest wait for one prompt; 30 seconds without it' };
}

/** Keys that work in a block and are no concern of the advice on a block: submission or its own rules check them. */
const unadvised: Fields = {
  timeout: any(), repeat: any(), failure_retry: any(),
  connection: beyond(text()),
  namespace: any(),
  role: textOrList,
};

const bothRetries: Rule = (block, report) => {
  if (Object.hasOwn(block, 'repeat') && Object.hasOwn(block, 'failure_retry')) {
    report({ path: ['repeat'], part: 'key', severity: 'warning', code: 'repeat-and-retry', message: '"repeat" and "failure_retry" cannot be used together', hint: 'Keep one of them, or the job will fail when it runs.' });
  }
};

/** A method (or kind of test) with the keys of every block, as the published schema has it. */
export const published = (method: Schema): Schema => withKeys(method, blockKeys);

/**
 * A method as advice on a block that submission accepts.
 * @param checked keys that submission checks
 */
export const advised = (method: Schema, checked: readonly string[] = []): Schema => {
  const done = Object.fromEntries(checked.map((key) => [key, any()]));
  return replaceKeys(withKeys(method, { ...blockKeys, ...unadvised }, { rules: [bothRetries] }), done);
};

function replaceKeys(schema: Schema, keys: Fields): Schema {
  if (schema.kind === 'either') return { ...schema, options: schema.options.map((option) => replaceKeys(option, keys)) };
  return schema.kind === 'mapping' ? { ...schema, fields: { ...schema.fields, ...keys } } : schema;
}

export interface MethodTable { readonly key: string; readonly methods: Readonly<Record<string, Schema>> }

/** A block whose method stands under a key; only what is wrong with `fields` refuses a job. */
export function methodBlock({ key, methods }: MethodTable, fields: Fields): Schema {
  const of = Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, advised(method, [key])]));
  return mapping(fields, { others: 'allow', method: { key, of } });
}
