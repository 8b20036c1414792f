import { nearestWord } from '@lava/base';
import { isMapping } from '../mapping.ts';
import { any, anyMapping, bool, either, integer, list, mapping, oneOf, record, required, text, type Rule, type Schema } from './schema.ts';
import { boot } from './boot.ts';
import { command } from './command.ts';
import { contextSchema } from './context.ts';
import { deploy } from './deploy.ts';
import { namedTimeouts, timeout } from './common.ts';
import { splits } from './multinode.ts';
import { notify } from './notify.ts';
import { protocols } from './protocols.ts';
import { retry } from './retry.ts';
import { test } from './test.ts';

const gone: Readonly<Record<string, string>> = {
  repeat: 'Repeating actions is done by whatever writes the definition.',
  dependencies: 'Use multinode or submit the jobs one after the other.',
  attachments: 'Put files behind a URL.',
  target: 'Use "device".',
  logging_level: 'Every level is in the log; remove the key.',
};

const needsDeviceType: Rule = (job, report) => {
  const multinode = isMapping(job['protocols']) && Object.hasOwn(job['protocols'], 'lava-multinode');
  if (!multinode && !Object.hasOwn(job, 'device_type')) {
    const instead = Object.keys(job).slice(0, 100).find((key) => nearestWord(key, ['device_type']));
    report({ path: ['device_type'], instead, code: 'missing-key', message: '"device_type" is missing', hint: 'Add "device_type:" with the type of device that shall run the job.', reason: 'required key not provided' });
  }
};

const priorityRange: Rule = (job, report) => {
  const priority = job['priority'];
  if ((typeof priority === 'number' || typeof priority === 'bigint') && !(priority >= 0 && priority <= 100)) {
    report({ path: ['priority'], code: 'wrong-value', message: `"priority" is ${priority}, but must be from 0 to 100`, hint: 'Or use low, medium or high.', reason: `Invalid job priority: ${priority}. Should be in [0, 100]` });
  }
};

const action = mapping({ deploy, boot, test, command }, { about: 'one of deploy, boot, test and command' });

/** @param options.contextVariables variables that the server's settings allow in `context` beside LAVA's */
export function jobSchema({ contextVariables = [] }: { contextVariables?: readonly string[] } = {}): Schema {
  return contextVariables.length ? build(contextVariables) : usual;
}

function build(context: readonly string[]): Schema {
  return mapping({
    job_name: required(text({ min: 1, max: 200, about: 'a short text that people find the job by' })),
    device_type: text({ min: 1, about: 'the name of a device type of this LAVA' }),
    device: text({ min: 1, about: 'the name of the one device to run on' }),
    worker: text({ min: 1, about: 'the name of the worker whose devices may run it' }),
    timeouts: required(mapping({
      job: required({ ...timeout, about: 'the time of the whole job, such as {minutes: 30}' }),
      action: timeout, actions: namedTimeouts, connection: timeout, connections: namedTimeouts, queue: timeout,
    }, { about: 'a mapping of times with at least "job"' })),
    visibility: required({ ...either(oneOf('public', 'personal'), mapping({ group: list(text(), { about: 'a list of names of groups' }) })), about: 'public, personal or {group: [NAME]}' }),
    context: contextSchema(context),
    metadata: record(any(), { about: 'a mapping of whatever is worth knowing, such as {build: 12}' }),
    priority: { ...either(oneOf('high', 'medium', 'low'), integer()), about: 'low, medium, high or a whole number from 0 to 100' },
    tags: list(text(), { about: 'a list of tags that the device must have' }),
    secrets: anyMapping('a mapping of names to secret texts'),
    environment: anyMapping('a mapping of shell variables, such as {LANG: C}'),
    protocols: protocols(context),
    notify,
    reboot_to_fastboot: bool(),
    retry,
    actions: required(list(action, { about: 'the list of deploy, boot, test and command blocks' })),
  }, { gone, rules: [needsDeviceType, priorityRange, splits] });
}

const usual = build([]);

