import { ConfigurationError, type LavaPaths } from '@lava/base';
import { readRetryPolicy, retrySchema, validate } from '@lava/job';
import type { InstanceSettings } from './job-service.ts';
import { usualRetries, type RetrySettings } from '../jobs/retry-settings.ts';
import { policyOf, type Policy } from '../scheduler/snapshot.ts';
import { readSettingsFiles } from '../settings/settings-files.ts';

/** What an installation sets for its jobs and their order. */
export async function readInstanceSettings(paths: LavaPaths): Promise<InstanceSettings> {
  return instanceSettings(await readSettingsFiles(paths));
}

/** The same from settings under LAVA's names. @throws ConfigurationError that names the setting */
export function instanceSettings(all: Readonly<Record<string, unknown>>): InstanceSettings {
  const hours = all['QUEUE_TIMEOUT_HOURS'];
  const names = all['EXTRA_CONTEXT_VARIABLES'];
  return {
    contextVariables: Array.isArray(names) ? names.map(String) : [],
    queueTimeout: typeof hours === 'number' && hours > 0 ? Math.round(hours * 3600) : null,
    queueLimit: positive(all, 'QUEUE_LIMIT') ?? null,
    retries: retriesOf(all),
    policy: policyOf({ ...orderOf(all['SCHEDULER_ORDER']), ...patienceOf(positive(all, 'SCHEDULER_GROUP_PATIENCE')) }),
  };
}

function positive(settings: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = settings[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value > 0) return value;
  throw new ConfigurationError(`${name} is ${JSON.stringify(value)}`, { code: 'settings-file', hint: 'Give a number above zero in settings.yaml, or leave it out.' });
}

function orderOf(value: unknown): Partial<Policy> {
  if (value === undefined || value === null) return {};
  if (value === 'fair' || value === 'fifo') return { order: value };
  throw new ConfigurationError(`SCHEDULER_ORDER is ${JSON.stringify(value)}`, { code: 'settings-file', hint: 'Write fair or fifo.' });
}

const patienceOf = (seconds: number | undefined): Partial<Policy> => (seconds === undefined ? {} : { groupPatience: seconds });

/** `RETRY_DEFAULT` is written like `retry` of a job. */
function retriesOf(settings: Readonly<Record<string, unknown>>): RetrySettings {
  const { RETRY_LIMIT: limit = usualRetries.limit, RETRY_DEFAULT: usual } = settings;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0 || limit > 100) {
    throw new ConfigurationError(`RETRY_LIMIT is ${JSON.stringify(limit)}`, { code: 'settings-file', hint: 'Give a whole number from 0 to 100 in settings.yaml, or leave it out.' });
  }
  if (usual === undefined || usual === null) return { limit };
  const [wrong] = validate(retrySchema, usual, { tag: (_, part) => (part === 'key' ? 'str' : undefined) }).errors;
  if (wrong) throw new ConfigurationError(`RETRY_DEFAULT: ${wrong.message}`, { code: 'settings-file', hint: 'It is written like the key "retry" of a job.' });
  return { limit, usual: readRetryPolicy(usual) };
}
