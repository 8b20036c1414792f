import { jobHealths, jobStates } from '@lava/job';
import { sql, type RawBuilder } from 'kysely';
import type { XmlRpcStruct, XmlRpcValue } from './codec/values.ts';
import type { Context } from './method.ts';
import { jobStatus } from '../../read/status-words.ts';

/** What LAVA tells about a job, without what belongs to nobody who asks: the token of its worker, the password of its submitter. */
export async function jobDetails({ services }: Context, where: RawBuilder<boolean>, limit: RawBuilder<unknown> = sql``): Promise<XmlRpcStruct[]> {
  const { rows } = await sql<Record<string, XmlRpcValue> & { id: number; sub_id: string; state: number; health: number; metadata: Record<string, unknown> }>`
    select jobs.id, jobs.sub_id, jobs.is_public, jobs.target_group, jobs.submitter as submitter_id, users.username as submitter_username, users.email as submitter_email,
      jobs.description, jobs.health_check, jobs.requested_device_type as requested_device_type_id, jobs.requested_device as requested_device_id,
      jobs.requested_worker as requested_worker_id, jobs.actual_device as actual_device_id, jobs.submit_time, jobs.start_time, jobs.end_time, jobs.state, jobs.health,
      jobs.priority, jobs.definition, jobs.original_definition, jobs.multinode_definition, jobs.metadata, jobs.queue_timeout, jobs.failure_comment, jobs.error_msg, jobs.error_type
    from jobs join users on users.id = jobs.submitter where ${where} order by jobs.id desc ${limit}`.execute(services.db);
  return rows.map((job) => ({
    ...job, _state: {}, state: jobStates[job.state]!, health: jobHealths[job.health]!, status: jobStatus(job.state, job.health), pipeline_compatibility: 0, is_pipeline: true,
    absolute_url: `/scheduler/job/${job.sub_id || job.id}`, metadata: metadataTexts(job.metadata),
  }));
}

/** Metadata with their values as text: a definition may have put anything there. */
function metadataTexts(metadata: Readonly<Record<string, unknown>>): Map<string, XmlRpcValue> {
  return new Map(Object.entries(metadata).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]));
}
