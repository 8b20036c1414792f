import { isMapping, type Mapping } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { sql } from 'kysely';
import { ConfigurationError } from '@lava/base';
import { serverUser } from '../auth/permissions.ts';
import type { Change } from '../store/change.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { readWanted } from './definition.ts';
import { hideSecrets } from './hide-secrets.ts';
import { loadExactly } from './exact-yaml.ts';
import { placeJobs } from './place-jobs.ts';
import type { Attempt } from './attempt.ts';

/**
 * Stores a health check for a device and starts it there. The definition is taken as it is, without the checks of a
 * submission; one that nothing can be made of is an error.
 * @param lease see `placeJobs`
 * @returns undefined if the device is not free any more
 * @throws ConfigurationError `health-check` when the text is no job definition
 */
export async function startHealthCheck(c: Change, text: string, { device, worker }: { device: string; worker: string }, lease: number): Promise<Attempt | undefined> {
  const definition = parse(text, device);
  const wanted = readWanted(definition);
  const hidden = hideSecrets({ definition: dumpYaml(definition), original_definition: text.replaceAll('\0', '\uFFFD'), multinode_definition: '' });
  const { rows: [job] } = await sql<{ id: number }>`
    insert into jobs (submitter, description, definition, original_definition, metadata, is_public, health_check, requested_device_type, requested_device, requested_worker, priority, state, health)
    select users.id, ${wanted.name}, ${hidden.definition}, ${hidden.original_definition}, ${wanted.metadata}::jsonb, ${wanted.visibility === 'public'}, true,
      devices.device_type, devices.hostname, devices.worker, ${Math.min(100, Math.max(0, Math.round(wanted.priority)))}, ${jobState.Submitted}, ${jobHealth.Unknown}
    from users, devices where username = ${serverUser} and hostname = ${device} returning id`.execute(c.trx);
  if (!job) return undefined;
  if (hidden.secrets !== null) await c.trx.insertInto('job_secrets').values({ job: job.id, secrets: hidden.secrets }).execute();
  const [attempt] = await placeJobs(c, [{ jobs: [{ job: job.id, device, worker }], check: true }], lease);
  if (!attempt) await c.trx.deleteFrom('jobs').where('id', '=', job.id).execute();
  return attempt;
}

function parse(text: string, device: string): Mapping {
  let value: unknown;
  try {
    value = loadExactly(text);
  } catch { /* said below */ }
  if (isMapping(value) && Array.isArray(value['actions']) && typeof value['job_name'] === 'string') return value;
  throw new ConfigurationError(`the health check of ${device} is no job definition`, { code: 'health-check', hint: 'Correct it, then: lava validate FILE. The device is checked again when its health is set to Unknown.' });
}
