import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import { loadYaml } from '@lava/yaml';
import type { InstanceSettings } from './jobs/job-service.ts';
import { policyOf, type Policy } from './scheduler/snapshot.ts';

/** Settings of an installation under LAVA's names, from settings.yaml and then settings.d/*.yaml (later files win). */
export async function readInstanceSettings(paths: LavaPaths): Promise<InstanceSettings> {
  const more = await readdir(join(paths.serverConfig, 'settings.d')).catch(() => []);
  const files = ['settings.yaml', ...more.filter((name) => name.endsWith('.yaml')).sort().map((name) => join('settings.d', name))];
  const all: Record<string, unknown> = {};
  for (const name of files) {
    const path = join(paths.serverConfig, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    try {
      Object.assign(all, loadYaml(text));
    } catch (error) {
      throw new ConfigurationError(`${path} is not YAML: ${messageOf(error)}`, { code: 'settings-file' });
    }
  }
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
