import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { isMapping, mappingAt, splitMultinode, type Mapping, type Member, type RetryPolicy } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { storableJson } from '../store/json.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';
import { normalised, type Wanted } from './definition.ts';
import { loadExactly } from './exact-yaml.ts';
import type { Found } from './find-devices.ts';
import { hideSecrets } from './hide-secrets.ts';

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

/** What is to be stored of one submission. */
export interface Submission {
  readonly accepted: Accepted;
  readonly submitter: { readonly id: number; readonly username: string };
  readonly defaults: Defaults;
}

interface NewJob {
  readonly subId: string;
  readonly definition: string;
  readonly original: string;
  /** Undefined for a guest, which shares the device of its host. */
  readonly found: Found | undefined;
  readonly member: Member | undefined;
}

/** Number of jobs that a submission makes, guests of a multinode group too. */
const sizeOf = ({ accepted: { text, wanted } }: Submission): number =>
  (wanted.places[0]?.role === undefined ? 1 : splitMultinode(loadExactly(text) as Mapping, { targetGroup: '', firstId: 0 }).length);

/** Columns of a new job, its tags and its secrets. */
interface JobRow { readonly id: number; readonly sub_id: string; readonly [column: string]: unknown }

/** A stored job: its number and, of a multinode group, its place in the group. */
export interface Inserted { readonly id: number; readonly subId: string }

/** Stores the jobs of several submissions: of each a job, or all jobs of a multinode group. */
export async function insertJobs(c: Change, submissions: readonly Submission[]): Promise<readonly (readonly Inserted[])[]> {
  if (submissions.length === 0) return [];
  const sizes = submissions.map(sizeOf);
  const ids = await newIds(c, sizes.reduce((sum, size) => sum + size, 0));
  const inserted: Inserted[][] = [];
  const rows: JobRow[] = [];
  const groups: { job: number; group: number }[] = [];
  for (const [n, submission] of submissions.entries()) {
    const own = ids.splice(0, sizes[n]);
    const viewing = await viewingGroups(c, submission.accepted.wanted.visibility, submission.submitter.username);
    const jobs = rowsOf(submission, own);
    rows.push(...jobs);
    groups.push(...own.flatMap((job) => viewing.map((group) => ({ job, group }))));
    inserted.push(jobs.map(({ id, sub_id }) => ({ id, subId: sub_id })));
  }
  await sql`
    with given as (select * from jsonb_to_recordset(${storableJson(rows)}::jsonb) as g (id int, sub_id text, target_group text, role text, host_role text, essential boolean, submitter int,
      description text, definition text, original_definition text, multinode_definition text, metadata jsonb, is_public boolean, requested_device_type text, requested_device text,
      requested_worker text, priority smallint, queue_timeout int, retry jsonb, tags jsonb, secrets text)),
    stored as (insert into jobs (id, sub_id, target_group, role, host_role, essential, submitter, description, definition, original_definition, multinode_definition, metadata, is_public,
        requested_device_type, requested_device, requested_worker, priority, queue_timeout, retry, state, health)
      select id, sub_id, target_group, role, host_role, essential, submitter, description, definition, original_definition, multinode_definition, metadata, is_public,
        requested_device_type, requested_device, requested_worker, priority, queue_timeout, retry, ${jobState.Submitted}::int, ${jobHealth.Unknown}::int from given order by id),
    hidden as (insert into job_secrets (job, secrets) select id, secrets from given where secrets is not null)
    insert into job_tags (job, tag_id) select given.id, tag::int from given, jsonb_array_elements_text(tags) tag ${prepared}`.execute(c.trx);
  if (groups.length > 0) {
    await sql`insert into job_groups (job, group_id) select job, "group" from jsonb_to_recordset(${JSON.stringify(groups)}::jsonb) as g (job int, "group" int)`.execute(c.trx);
  }
  for (const { id } of inserted.flat()) c.job(id, jobState.Submitted, jobHealth.Unknown);
  return inserted;
}

/** The columns of the jobs of a submission that get these numbers. */
function rowsOf({ accepted, submitter, defaults: { queueTimeout, retry } }: Submission, ids: readonly number[]): JobRow[] {
  const { text, wanted, found } = accepted;
  const plain = text.replaceAll('\0', '\uFFFD');
  const multinode = wanted.places[0]?.role !== undefined;
  const group = multinode ? randomUUID() : null;
  const jobs: NewJob[] = multinode ? members(accepted, group!, ids) : [{ subId: '', definition: normalised(text), original: plain, found: found[0], member: undefined }];
  return jobs.map(({ subId, definition, original, found: place, member }, n) => hideSecrets({
    id: ids[n]!, sub_id: subId, target_group: group, role: member?.role ?? '', host_role: member?.hostRole ?? null, essential: member?.essential ?? false, submitter: submitter.id,
    description: wanted.name, definition, original_definition: original, multinode_definition: multinode ? plain : '', metadata: JSON.parse(wanted.metadata) as unknown, is_public: wanted.visibility === 'public',
    requested_device_type: place?.type ?? null, requested_device: place?.device ?? null, requested_worker: place?.worker ?? null,
    priority: wanted.priority, queue_timeout: wanted.queueTimeout ?? queueTimeout, retry: retry ?? null, tags: place?.tags ?? [],
  }));
}

/** Each job of a group as its worker gets it; `roles` says who else is in the group, by the numbers of the jobs with devices. */
function members({ text, wanted, found }: Accepted, targetGroup: string, ids: readonly number[]): NewJob[] {
  const parts = splitMultinode(loadExactly(text) as Mapping, { targetGroup, firstId: ids[0]! });
  const roles = Object.fromEntries(parts.flatMap((m, n) => (m.needsDevice ? [[String(ids[n]), m.role]] : [])));
  return parts.map((member) => {
    const own = dumpYaml(withRoles(member.definition, roles));
    return { subId: member.subId, definition: own, original: own, member, found: member.needsDevice ? found[wanted.places.findIndex((p) => p.role === member.role)] : undefined };
  });
}

function withRoles(definition: Mapping, roles: Mapping): Mapping {
  const protocols = mappingAt(definition, 'protocols') ?? {};
  const multinode = protocols['lava-multinode'];
  return { ...definition, protocols: { ...protocols, 'lava-multinode': { ...isMapping(multinode) ? multinode : {}, roles } } };
}

async function newIds(c: Change, count: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select nextval(pg_get_serial_sequence('jobs', 'id'))::int as id from generate_series(1, ${count}::int) order by 1 ${prepared}`.execute(c.trx);
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
