import { sql } from 'kysely';
import { importConfiguration } from './configuration-files.ts';
import { importHistory } from './history.ts';
import type { ImportParts } from './import-parts.ts';
import { importJobs } from './jobs.ts';
import { importLab } from './lab.ts';
import { keepNumbers } from './numbers.ts';
import { importPeople } from './people.ts';
import { importQueries } from './queries.ts';

interface ImportOptions {
  /** The other LAVA's /etc/lava-server. */
  readonly config: string | undefined;
  /** Its media folder, below which job-output is. */
  readonly media: string | undefined;
  /** New jobs here get numbers above those of the other LAVA by at least this. */
  readonly spareNumbers: number;
}

/**
 * Brings over what another LAVA has. It can be stopped at any time and run again: what is here is not touched, what is
 * new is taken. Returns the devices that are new here.
 */
export async function importLava(parts: ImportParts, options: ImportOptions): Promise<readonly string[]> {
  const { source, db, report, paths } = parts;
  await sql`insert into imports (source) values (${source.id}) on conflict (source) do update set last_run = now()`.execute(db);
  await keepNumbers(parts);
  const people = await importPeople(parts);
  if (options.config === undefined) report.left('configuration files: no --config was given', 1);
  else await importConfiguration(options.config, paths, report, parts.dryRun);
  const devices = await importLab(parts, people);
  if (!parts.dryRun) await keepNumbersFree(parts, options.spareNumbers);
  if (options.media === undefined) report.left('logs and files of jobs: no --media was given', 1);
  await importJobs(parts, people, options.media);
  await importQueries(parts, people);
  await lastHealthChecks(parts);
  await importHistory(parts);
  await countLeftovers(parts);
  return devices;
}

/** Jobs that are submitted here meanwhile must not take the numbers of jobs that are still to come. */
async function keepNumbersFree({ source, db }: ImportParts, spare: number): Promise<void> {
  const [row] = await source.query('select coalesce(max(id), 0) as last from lava_scheduler_app_testjob');
  const sequence = sql`pg_get_serial_sequence('jobs', 'id')`;
  await sql`select setval(${sequence}, greatest(nextval(${sequence}) - 1, ${Number(row?.['last']) + spare}::bigint, 1))`.execute(db);
}

async function lastHealthChecks({ source, db }: ImportParts): Promise<void> {
  for (const r of await source.rows('lava_scheduler_app_device', ['hostname', 'last_health_report_job_id'], 'where last_health_report_job_id is not null')) {
    await sql`update devices set last_health_report_job = ${r['last_health_report_job_id']} where hostname = ${r['hostname']} and last_health_report_job is null
      and exists (select from imported_jobs i join jobs on jobs.id = i.job where source = ${source.id} and job = ${r['last_health_report_job_id']})`.execute(db);
  }
}

/** Tables that have no place here, with what to do about it. */
const leftovers: Readonly<Record<string, string>> = {
  lava_scheduler_app_testjobuser: 'favourite jobs',
  lava_scheduler_app_notification: 'notifications that were sent',
  lava_results_app_actiondata: 'data of actions, which LAVA has not filled since 2020',
  lava_results_app_namedtestattribute: 'attributes of results, which LAVA has not filled since 2020',
  authtoken_token: 'tokens of a kind that LAVA itself does not take',
  django_session: 'sessions of browsers: everybody signs in once more',
};

async function countLeftovers({ source, report }: ImportParts): Promise<void> {
  for (const [table, reason] of Object.entries(leftovers)) {
    if (!source.hasTable(table)) continue;
    const [row] = await source.query(`select count(*) as count from ${table}`);
    report.left(reason, Number(row?.['count']));
  }
}
