import { sql, type Transaction } from 'kysely';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';
import type { ImportParts, People } from './import-parts.ts';
import { hideSecrets } from '../jobs/hide-secrets.ts';
import { fromDefinition } from './from-definition.ts';
import { JobFiles, type TakenLog } from './job-files.ts';
import { records } from './records.ts';
import { importResults } from './results.ts';
import type { Row } from './source.ts';

/** Jobs whose numbers are looked at together, and jobs that are stored in one transaction. */
const looked = 5000;
const stored = 100;

/**
 * Takes the jobs that have ended, with results, logs and numbers. One that was taken before is not looked at again,
 * even if it was removed here; one whose number another job has here is left out.
 * @param media the other LAVA's media folder, undefined to leave out logs and files
 */
export async function importJobs(parts: ImportParts, people: People, media: string | undefined): Promise<void> {
  const { source, report, progress } = parts;
  const files = new JobFiles(parts.paths, media, parts.dryRun);
  const [counts] = await source.query('select count(*) filter (where state = $1) as finished, count(*) filter (where state <> $1) as unfinished from lava_scheduler_app_testjob', [jobState.Finished]);
  const total = Number(counts?.['finished']);
  let done = 0;
  for (let after = 0; ;) {
    const ids = (await source.query('select id from lava_scheduler_app_testjob where state = $1 and id > $2 order by id limit $3', [jobState.Finished, after, looked])).map((r) => Number(r['id']));
    if (ids.length === 0) break;
    const fresh = await newOnes(parts, ids);
    for (let n = 0; n < fresh.length; n += stored) {
      if (parts.dryRun) await countBatch(parts, files, fresh.slice(n, n + stored));
      else await importBatch(parts, people, files, fresh.slice(n, n + stored));
      progress(`jobs: ${done + n + Math.min(stored, fresh.length - n)} of ${total}`);
    }
    report.took('jobs', fresh.length, ids.length);
    done += ids.length;
    after = ids.at(-1)!;
  }
  report.left('jobs that have not ended; run the import again when they have', Number(counts?.['unfinished']));
  await logsOfEarlierRuns(parts, files);
  report.took('logs', files.taken, files.taken + files.here);
  report.left('jobs without a log in the media folder', [...files.missing].sort((a, b) => a - b));
}

/** Which of these were not taken before and can be. */
async function newOnes({ source, db, report }: ImportParts, ids: readonly number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number; known: boolean }>`
    select id, i.job is not null as known from unnest(${ids}::int[]) as n (id) left join imported_jobs i on i.job = n.id and i.source = ${source.id}
    where i.job is not null or exists (select from jobs where jobs.id = n.id)`.execute(db);
  const known = new Set(rows.flatMap((r) => (r.known ? [r.id] : [])));
  const others = new Set(rows.flatMap((r) => (r.known ? [] : [r.id])));
  report.left('jobs whose numbers other jobs have here', [...others]);
  report.took('jobs', 0, -others.size);
  return ids.filter((id) => !known.has(id) && !others.has(id));
}

async function importBatch(parts: ImportParts, people: People, files: JobFiles, ids: readonly number[]): Promise<void> {
  const { source, db } = parts;
  const found = await source.rows('lava_scheduler_app_testjob', ['id', 'sub_id', 'target_group', 'submitter_id', 'description', 'definition', 'original_definition', 'multinode_definition', 'metadata',
    'is_public', 'health_check', 'requested_device_type_id', 'requested_device_id', 'requested_worker_id', 'actual_device_id', 'priority', 'state', 'health', 'submit_time', 'start_time', 'end_time', 'queue_timeout', 'failure_comment'],
  'where id = any($1) order by id', [ids]);
  // Files first: a job that is here has its log.
  const taken = await files.take(found.map((r) => ({ id: Number(r['id']), submitTime: String(r['submit_time']) })));
  await db.transaction().execute(async (trx) => {
    await insertJobs(trx, people, found, taken);
    await insertLinks(parts, trx, people, ids);
    await insertActions(trx, taken);
    await importResults(parts, trx, ids);
    await sql`insert into imported_jobs (source, job, has_log) select ${source.id}, id, has_log from ${records(ids.map((id) => ({ id, has_log: taken.has(id) })), 'id int, has_log boolean')}`.execute(trx);
  });
}

/** What a batch would bring. */
async function countBatch({ source, report }: ImportParts, files: JobFiles, ids: readonly number[]): Promise<void> {
  const found = await source.rows('lava_scheduler_app_testjob', ['id', 'submit_time'], 'where id = any($1)', [ids]);
  await files.take(found.map((r) => ({ id: Number(r['id']), submitTime: String(r['submit_time']) })));
  const [cases] = await source.query('select count(*) as count from lava_results_app_testcase c join lava_results_app_testsuite s on s.id = c.suite_id where s.job_id = any($1)', [ids]);
  report.took('test cases', Number(cases?.['count']));
}

async function insertJobs(trx: Transaction<Database>, people: People, found: readonly Row[], logs: ReadonlyMap<number, TakenLog>): Promise<void> {
  const rows = found.map((r) => hideSecrets({ ...r, ...definitionsOf(r), ...fromDefinition(r), submitter: people.users.get(Number(r['submitter_id'])), log_lines: logs.get(Number(r['id']))?.lines ?? 0 }));
  // What was removed here since an earlier run is not named.
  await sql`
    insert into jobs (id, sub_id, target_group, role, host_role, essential, submitter, description, definition, original_definition, multinode_definition, metadata, is_public, health_check,
      requested_device_type, requested_device, requested_worker, actual_device, priority, state, health, submit_time, start_time, end_time, queue_timeout, failure_comment, log_lines)
    select id, case when exists (select from jobs where jobs.sub_id = r.sub_id) then '' else sub_id end, target_group, role, host_role, essential, submitter, coalesce(description, ''), definition, original_definition, multinode_definition, metadata, is_public, health_check,
      (select name from device_types where name = requested_device_type_id), (select hostname from devices where hostname = requested_device_id),
      (select hostname from workers where hostname = requested_worker_id), (select hostname from devices where hostname = actual_device_id),
      least(greatest(priority, 0), 100), state, health, submit_time, start_time, end_time, case when queue_timeout > 2147483647 then 2147483647 else queue_timeout end, failure_comment, log_lines
    from ${records(rows, `id int, sub_id text, target_group text, role text, host_role text, essential boolean, submitter int, description text, definition text, original_definition text,
      multinode_definition text, metadata jsonb, is_public boolean, health_check boolean, requested_device_type_id text, requested_device_id text, requested_worker_id text, actual_device_id text,
      priority int, state smallint, health smallint, submit_time timestamptz, start_time timestamptz, end_time timestamptz, queue_timeout bigint, failure_comment text, log_lines int`)}`.execute(trx);
  const secrets = rows.flatMap(({ id, secrets: own }) => (own === null ? [] : [{ job: Number(id), secrets: own }]));
  if (secrets.length > 0) await trx.insertInto('job_secrets').values(secrets).execute();
}

const definitionsOf = (row: Row) => {
  const text = (column: string) => String(row[column] ?? '');
  return { id: row['id'], definition: text('definition'), original_definition: text('original_definition'), multinode_definition: text('multinode_definition') };
};

async function insertLinks({ source }: ImportParts, trx: Transaction<Database>, people: People, ids: readonly number[]): Promise<void> {
  const tags = await source.query('select testjob_id as job, name from lava_scheduler_app_testjob_tags join lava_scheduler_app_tag t on t.id = tag_id where testjob_id = any($1)', [ids]);
  await sql`insert into job_tags (job, tag_id) select job, tags.id from ${records(tags, 'job int, name text')} join tags on tags.name = r.name on conflict do nothing`.execute(trx);
  const failures = await source.query('select testjob_id as job, name from lava_scheduler_app_testjob_failure_tags join lava_scheduler_app_jobfailuretag t on t.id = jobfailuretag_id where testjob_id = any($1)', [ids]);
  await sql`insert into job_failure_tags (job, failure_tag_id) select job, t.id from ${records(failures, 'job int, name text')} join failure_tags t on t.name = r.name on conflict do nothing`.execute(trx);
  const groups = await source.rows('lava_scheduler_app_testjob_viewing_groups', ['testjob_id', 'group_id'], 'where testjob_id = any($1)', [ids]);
  const rows = groups.map((r) => ({ job: r['testjob_id'], group_id: people.groups.get(Number(r['group_id'])) }));
  await sql`insert into job_groups (job, group_id) select job, group_id from ${records(rows, 'job int, group_id int')} on conflict do nothing`.execute(trx);
}

/** The other LAVA keeps no list of actions; the log tells them. */
async function insertActions(trx: Transaction<Database>, logs: ReadonlyMap<number, TakenLog>): Promise<void> {
  const rows = [...logs].flatMap(([job, { actions }]) => actions.map((action) => ({ ...action, job })));
  await sql`insert into job_actions (job, level, name, namespace, start_line, timeout, started_at, end_line, ended_at, failed)
    select job, level, name, namespace, start_line, timeout, started_at, end_line, ended_at, failed
    from ${records(rows, 'job int, level text, name text, namespace text, start_line int, timeout int, started_at timestamptz, end_line int, ended_at timestamptz, failed boolean')} on conflict do nothing`.execute(trx);
}

/** An earlier run may have had no media folder, or not all of it. */
async function logsOfEarlierRuns({ source, db }: ImportParts, files: JobFiles): Promise<void> {
  for (let after = 0; ;) {
    const { rows } = await sql<{ id: number; submitTime: string }>`
      select jobs.id, jobs.submit_time::text as "submitTime" from imported_jobs i join jobs on jobs.id = i.job
      where i.source = ${source.id} and not has_log and jobs.id > ${after} order by jobs.id limit ${stored}`.execute(db);
    if (rows.length === 0) return;
    const taken = await files.take(rows);
    await db.transaction().execute(async (trx) => {
      for (const [id, { lines }] of taken) {
        await sql`with log as (update imported_jobs set has_log = true where source = ${source.id} and job = ${id}) update jobs set log_lines = ${lines} where id = ${id}`.execute(trx);
      }
      await insertActions(trx, taken);
    });
    after = rows.at(-1)!.id;
  }
}
