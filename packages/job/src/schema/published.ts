import { any, anyMapping, bool, either, eitherMeant, list, mapping, oneOf, range, record, required, text, type Schema } from './schema.ts';
import { contextSchema } from './context.ts';
import { published, publishedNamedTimeouts, publishedTimeout } from './common.ts';
import { bootMethods } from './boot.ts';
import { publishedCommand } from './command.ts';
import { deployMethods } from './deploy.ts';
import { publishedNotify } from './notify.ts';
import { publishedProtocols } from './protocols.ts';
import { publishedRetry } from './retry.ts';
import { testKinds } from './test/kinds.ts';

const name = (about: string) => text({ min: 1, max: 200, about });

/** The kinds of blocks and a few words on each. */
export const blockKinds = {
  deploy: 'fetch files and bring them to where the device needs them',
  boot: 'start the device and sign in',
  test: 'run tests',
  command: 'run a command of the device',
} as const;

/**
 * The top of a job as LAVA's published schema has it; blocks are checked one by one with `publishedBlocks`.
 * @param context variables that the server's settings allow beside LAVA's
 */
export function publishedJob(context: readonly string[] = []): Schema {
  return context.length ? build(context) : usual;
}

function build(context: readonly string[]): Schema {
  return mapping({
    job_name: required(name('a short text that people find the job by')),
    device_type: name('the type of device that shall run the job'),
    device: name('the one device that shall run the job'),
    worker: name('the worker whose devices may run the job'),
    timeouts: required(mapping({
      job: required({ ...publishedTimeout, about: 'the time of the whole job' }),
      action: { ...publishedTimeout, about: 'the time of every action; 30 seconds if not said' },
      actions: publishedNamedTimeouts,
      connection: { ...publishedTimeout, about: 'the longest wait for one prompt; 30 seconds if not said' },
      connections: publishedNamedTimeouts,
      queue: { ...publishedTimeout, about: 'the longest wait for a device' },
    }, { about: 'times, with at least "job"' })),
    visibility: required({
      ...eitherMeant((value) => (typeof value === 'string' ? 0 : 1), oneOf('public', 'personal'), mapping({ group: list(text(), { about: 'groups; only members of all of them see the job' }) })),
      about: 'who sees the job',
    }),
    context: contextSchema(context),
    metadata: record(any(), { about: 'whatever the results shall be found by' }),
    priority: { ...either(oneOf('high', 'medium', 'low'), { ...range({ min: 0, max: 100 }), submission: { type: 'integer' } }), about: 'high, medium, low, or a number from 0 to 100' },
    tags: list(text(), { about: 'tags that the device must have' }),
    secrets: record(text(), { about: 'texts that are handed to the tests and shown nowhere' }),
    environment: anyMapping('shell variables for the tests'),
    protocols: publishedProtocols(context),
    notify: publishedNotify,
    reboot_to_fastboot: bool(),
    retry: publishedRetry,
    actions: required(list(mapping(Object.fromEntries(Object.entries(blockKinds).map(([kind, about]) => [kind, anyMapping(about)]))), { about: 'the list of deploy, boot, test and command blocks' })),
  }, { about: 'a LAVA job' });
}

const usual = build([]);

const all = (methods: Readonly<Record<string, Schema>>) => Object.fromEntries(Object.entries(methods).map(([method, schema]) => [method, published(schema)]));

/** Every block as the published schema has it, by kind and method (or kind of test). */
export const publishedBlocks: Readonly<Record<keyof typeof blockKinds, Readonly<Record<string, Schema>>>> = {
  deploy: all(deployMethods.methods),
  boot: all(bootMethods.methods),
  test: all(testKinds),
  command: { command: published(publishedCommand) },
};
