import { ConfigurationError, type LavaPaths } from '@lava/base';
import type { InstanceSettings } from './jobs/job-service.ts';
import { policyOf, type Policy } from './scheduler/snapshot.ts';
import { readSettingsFiles } from './settings-files.ts';

/** What an installation sets for its jobs and their order. */
export async function readInstanceSettings(paths: LavaPaths): Promise<InstanceSettings> {
  const all = await readSettingsFiles(paths);
  const hours = all['QUEUE_TIMEOUT_HOURS'];
  const names = all['EXTRA_CONTEXT_VARIABLES'];
  return {
    contextVariables: Array.isArray(names) ? names.map(String) : [],
    queueTimeout: typeof hours === 'number' && hours > 0 ? Math.round(hours * 3600) : null,
    queueLimit: positive(all, 'QUEUE_LIMIT') ?? null,
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
