import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { isMapping, mappingAt, splitMultinode, type Mapping, type Member, type RetryPolicy } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { normalised, type Wanted } from './definition.ts';
import { loadExactly } from './exact-yaml.ts';
import type { Found } from './find-devices.ts';

/** A definition that is right and what it asks for: `found` belongs to the places of `wanted`. */
export interface Accepted {
  readonly text: string;
  readonly wanted: Wanted;
  readonly found: readonly Found[];
}

/** What the definition leaves to the server. */
interface Defaults {
  /** Seconds; null: no limit. */
  readonly queueTimeout: number | null;
  /** The policy as the server allows it; undefined: it is never tried again. */
  readonly retry: RetryPolicy | undefined;
}

interface NewJob {
  readonly id: number;
  readonly subId: string;
  readonly definition: string;
  readonly original: string;
  /** Undefined for a guest, which shares the device of its host. */
  readonly found: Found | undefined;
  readonly member: Member | undefined;
}

/** Stores a job, or all jobs of a multinode group. */
export async function insertJobs(c: Change, accepted: Accepted, submitter: { id: number; username: string }, { queueTimeout, retry }: Defaults): Promise<readonly { id: number; subId: string }[]> {
  const { text, wanted, found } = accepted;
  const plain = text.replaceAll('\0', '\uFFFD');
  const multinode = wanted.places[0]?.role !== undefined;
  const group = multinode ? randomUUID() : null;
  const jobs = multinode ? await members(c, accepted, group!) : [{ id: (await newIds(c, 1))[0]!, subId: '', definition: normalised(text), original: plain, found: found[0], member: undefined }];
  const groups = await viewingGroups(c, wanted.visibility, submitter.username);
  for (const job of jobs) {
    await sql`
      insert into jobs (id, sub_id, target_group, role, host_role, essential, submitter, description, definition, original_definition, multinode_definition, metadata, is_public,
        requested_device_type, requested_device, requested_worker, priority, state, health, queue_timeout, retry)
      values (${job.id}, ${job.subId}, ${group}, ${job.member?.role ?? ''}, ${job.member?.hostRole ?? null}, ${job.member?.essential ?? false}, ${submitter.id}, ${wanted.name},
        ${job.definition}, ${job.original}, ${multinode ? plain : ''}, ${wanted.metadata}::jsonb, ${wanted.visibility === 'public'},
        ${job.found?.type ?? null}, ${job.found?.device ?? null}, ${job.found?.worker ?? null}, ${wanted.priority}, ${jobState.Submitted}, ${jobHealth.Unknown}, ${wanted.queueTimeout ?? queueTimeout}, ${retry === undefined ? null : JSON.stringify(retry)}::jsonb)`.execute(c.trx);
    if (job.found && job.found.tags.length > 0) await sql`insert into job_tags (job, tag_id) select ${job.id}, unnest(${job.found.tags}::int[])`.execute(c.trx);
    if (groups.length > 0) await sql`insert into job_groups (job, group_id) select ${job.id}, unnest(${groups}::int[])`.execute(c.trx);
    c.job(job.id, jobState.Submitted, jobHealth.Unknown);
  }
  return jobs;
}

/** Each job of a group as its worker gets it; `roles` says who else is in the group, by the numbers of the jobs with devices. */
async function members(c: Change, { text, wanted, found }: Accepted, targetGroup: string): Promise<NewJob[]> {
  const definition = loadExactly(text) as Mapping;
  const size = splitMultinode(definition, { targetGroup, firstId: 0 }).length;
  const ids = await newIds(c, size);
  const parts = splitMultinode(definition, { targetGroup, firstId: ids[0]! });
  const roles = Object.fromEntries(parts.flatMap((m, n) => (m.needsDevice ? [[String(ids[n]), m.role]] : [])));
  return parts.map((member, n) => {
    const own = dumpYaml(withRoles(member.definition, roles));
    return { id: ids[n]!, subId: member.subId, definition: own, original: own, member, found: member.needsDevice ? found[wanted.places.findIndex((p) => p.role === member.role)] : undefined };
  });
}

function withRoles(definition: Mapping, roles: Mapping): Mapping {
  const protocols = mappingAt(definition, 'protocols') ?? {};
  const multinode = protocols['lava-multinode'];
  return { ...definition, protocols: { ...protocols, 'lava-multinode': { ...isMapping(multinode) ? multinode : {}, roles } } };
}

async function newIds(c: Change, count: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select nextval(pg_get_serial_sequence('jobs', 'id'))::int as id from generate_series(1, ${count}::int) order by 1`.execute(c.trx);
  return rows.map((r) => r.id);
}

/** Groups all of which one must be in to see the job. A personal job has the one that is named like its submitter. */
async function viewingGroups(c: Change, visibility: Wanted['visibility'], username: string): Promise<number[]> {
  if (visibility === 'public') return [];
  if (visibility === 'personal') await sql`insert into groups (name) values (${username}) on conflict do nothing`.execute(c.trx);
  return groupIds(c.trx, visibility === 'personal' ? [username] : visibility.groups);
}

export async function groupIds(db: Kysely<Database>, names: readonly string[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select id from groups where name = any(${names}::text[])`.execute(db);
  return rows.map((r) => r.id);
}
