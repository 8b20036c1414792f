import { isMapping, mappingAt } from '@lava/job';
import { sharedKey } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { flatten, pythonText } from '../text/shell-text.ts';

/** One source of variables, with the heading that the log gives it. */
export interface EnvironmentPart {
  readonly heading: string;
  readonly variables: readonly [name: string, word: string][];
}

/** Variables of the job that a block adds, before its overlay is made. */
export const moreEnvironment = sharedKey<Readonly<Record<string, string>>>('lava-docker-test-set-environment');

/** What the overlay's `environment` file exports, in its order: device, job, LAVA's own. */
export function environmentParts(job: JobContext, more: Readonly<Record<string, string>> = {}): EnvironmentPart[] {
  const { definition, device, dispatcher } = job;
  const multinode = mappingAt(definition, 'protocols', 'lava-multinode');
  const jobEnvironment = multinode ? multinode['environment'] : definition['environment'];
  const named = (value: unknown) => (isMapping(value) ? Object.entries(value).flatMap(([name, item]) => flatten(name, item)) : []);
  const listed = (name: string, value: unknown) => (Array.isArray(value) && value.length > 0 ? flatten(name, value) : []);
  const tags = definition['tags'];

  const own: [string, unknown][] = [
    ['LAVA_JOB_ID', job.id],
    ['LAVA_DISPATCHER_IP', job.dispatcherIp],
    ['LAVA_JOB_TAGS', Array.isArray(tags) ? tags.map(pythonText).join(',') : ''],
    ['LAVA_DISPATCHER_PREFIX', dispatcher['prefix'] ?? ''],
  ];
  if (device['hostname'] !== undefined) own.push(['LAVA_DEVICE_HOSTNAME', device['hostname']]);
  if (device['devicetype'] !== undefined) own.push(['LAVA_DEVICE_TYPE', device['devicetype']]);
  if (dispatcher['http_url_format_string']) own.push(['HTTP_CACHE', dispatcher['http_url_format_string']]);

  return [
    { heading: 'device environment:', variables: named(device['environment']) },
    { heading: 'device info:', variables: listed('LAVA_DEVICE_INFO', device['device_info']) },
    { heading: 'static info:', variables: listed('LAVA_STATIC_INFO', device['static_info']) },
    { heading: 'storage info:', variables: listed('LAVA_STORAGE_INFO', device['storage_info']) },
    { heading: 'job environment:', variables: [...named(jobEnvironment), ...named(more)] },
    { heading: 'LAVA metadata', variables: own.flatMap(([name, value]) => flatten(name, value)) },
  ].filter((part) => part.variables.length > 0);
}

export function environmentFile(parts: readonly EnvironmentPart[]): string {
  return parts.flatMap((part) => part.variables.map(([name, word]) => `export ${name}=${word}\n`)).join('');
}

/** Text of the overlay's `secrets` file: `NAME=value`, raw; undefined when the job has none and the device no environment. */
export function secretsFile(job: JobContext): string | undefined {
  const secrets = job.definition['secrets'];
  const lines = [
    ...(isMapping(secrets) ? Object.entries(secrets).map(([name, value]) => `${name}=${pythonText(value)}\n`) : []),
    ...Object.entries(job.deviceEnvironment).map(([name, value]) => `${name}=${value}\n`),
  ];
  return lines.length > 0 ? lines.join('') : undefined;
}
