import { any, bool, either, integer, list, mapping, number, record, text, type MappingShape, type Rule, type Schema } from './schema.ts';

const unit = integer({ about: 'a whole number of this unit' });

/** `{minutes: 5}`; `skip` makes a test block that runs out of time end without ending the job. */
export const timeout = mapping(
  { days: unit, hours: unit, minutes: unit, seconds: unit, skip: bool() },
  { exclusive: ['timeout_unit', ['days', 'hours', 'minutes', 'seconds']], about: 'a time such as {minutes: 5}' },
);

/** Timeouts by action name. */
export const namedTimeouts = record(timeout, { keys: /^[a-z-]+$/, about: 'times by action name, such as {http-download: {minutes: 5}}' });

/** `a: x` and `a: [x, y]`. */
export const textOrList = either(text(), list(text()));

/** Keys of every deploy, boot, test and command block. */
export const blockKeys = {
  timeout,
  timeouts: namedTimeouts,
  repeat: integer(),
  failure_retry: integer(),
};

/** The other keys of every block; problems in them are no reason to refuse a job. */
export const moreBlockKeys = {
  failure_retry_interval: number({ min: 1, about: 'a number of seconds' }),
  namespace: text(),
  'connection-namespace': text(),
  connection_timeout: timeout,
  connection: text(),
  protocols: any(),
  role: textOrList,
};

type Fields = Readonly<Record<string, Schema>>;

const bothRetries: Rule = (block, report) => {
  if (Object.hasOwn(block, 'repeat') && Object.hasOwn(block, 'failure_retry')) {
    report({ path: ['repeat'], part: 'key', severity: 'warning', code: 'repeat-and-retry', message: '"repeat" and "failure_retry" cannot be used together', hint: 'Keep one of them, or the job will fail when it runs.' });
  }
};

/**
 * The keys of one method (or kind of test) with those of every block. What `blockKeys` and the block itself check is not
 * checked again.
 * @param checked keys that the block's own declaration covers
 */
export function methodSchema(fields: Fields, checked: readonly string[], rules: readonly Rule[] = []): Schema {
  const done = Object.fromEntries([...Object.keys(blockKeys), ...checked].map((key) => [key, any()]));
  return mapping({ ...moreBlockKeys, ...fields, ...done } as Fields, { rules: [bothRetries, ...rules] });
}

/** A block whose method stands under `key`; only what is wrong with `fields` and the common keys refuses a job. */
export function methodBlock(key: string, fields: Fields, methods: Readonly<Record<string, Fields | undefined>>, rules: readonly Rule[] = []): Schema {
  const checked = Object.keys(fields);
  const of = Object.fromEntries(Object.entries(methods).map(([name, own]) => [name, own && methodSchema(own, checked, rules)]));
  const shape: Omit<MappingShape, 'kind' | 'fields'> = { others: 'allow', method: { key, of } };
  return mapping({ ...fields, ...blockKeys } as Fields, shape);
}
