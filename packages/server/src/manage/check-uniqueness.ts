import { sql, type Kysely } from 'kysely';
import type { Command } from 'commander';
import { removeJob } from '../jobs/remove-jobs.ts';
import type { Database } from '../store/database.ts';
import { Asker } from './ask.ts';
import { CommandError, visit, type Visit } from './visit.ts';

/** What must be there once, and the jobs where it is there twice. */
const questions: readonly (readonly [string, ReturnType<typeof sql<{ job: number }>>])[] = [
  ['sub ids of jobs', sql<{ job: number }>`select id as job from jobs where sub_id in (select sub_id from jobs where sub_id <> '' group by 1 having count(*) > 1) order by 1`],
  ['names of test suites in a job', sql<{ job: number }>`select distinct job from test_suites group by job, name having count(*) > 1 order by 1`],
  ['names of test sets in a suite', sql<{ job: number }>`select distinct job from test_suites where id in (select suite_id from test_sets group by suite_id, name having count(*) > 1) order by 1`],
  ['results "job" of jobs', sql<{ job: number }>`select distinct job from test_cases where suite_id in (select suite_id from test_cases where name = 'job' group by 1 having count(*) > 1) order by 1`],
];

/**
 * `check_uniqueness`: whether something is in the tables twice. Their indexes do not let it in; one that is broken, say by
 * another version of the system's library under PostgreSQL, does.
 */
export function checkUniqueness(manage: Command): void {
  manage.command('check_uniqueness').description('look past the indexes for what is in the tables twice, and remove the jobs that have it').option('--yes', 'without asking').option('--dry-run', 'only say which')
    .action((options: { yes?: boolean; dryRun?: boolean }, command: Command) => visit(command, async (v) => {
      let left = 0;
      for (const [what, query] of questions) {
        const jobs = await inTables(v.db, query);
        v.print(`${what}: ${jobs.length === 0 ? 'each once' : `more than once in ${jobs.length} jobs`}`);
        if (jobs.length > 0) v.print('An index let them in: afterwards, "reindex database" in psql (lava-server manage dbshell)');
        for (const job of jobs) if (!await dealWith(v, job, options)) left += 1;
      }
      const { rows: broken } = await sql<{ name: string }>`select indexrelid::regclass::text as name from pg_index where indisunique and not indisvalid order by 1`.execute(v.db);
      for (const { name } of broken) v.print(`the index ${name} is not valid: reindex index ${name}`);
      if (left + broken.length > 0) throw new CommandError(`${left} jobs and ${broken.length} indexes have to be put right`);
    }));
}

/** Asks the tables themselves: an index that let something in twice does not know of it. */
async function inTables(db: Kysely<Database>, query: (typeof questions)[number][1]): Promise<number[]> {
  return db.transaction().execute(async (trx) => {
    await pastIndexes(trx);
    return (await query.execute(trx)).rows.map(({ job }) => job);
  });
}

async function pastIndexes(trx: Kysely<Database>): Promise<void> {
  for (const way of ['indexscan', 'indexonlyscan', 'bitmapscan']) await sql`set local ${sql.raw(`enable_${way}`)} = off`.execute(trx);
}

/** True when the job is gone. */
async function dealWith(v: Visit, job: number, { yes, dryRun }: { yes?: boolean; dryRun?: boolean }): Promise<boolean> {
  v.print(`* job ${job}`);
  if (dryRun || !(yes || await agrees())) return false;
  const removeFiles = await v.change(async (c) => {
    await pastIndexes(c.trx);
    // What the index does not know of would not go with the job.
    await c.trx.deleteFrom('test_suites').where('job', '=', job).execute();
    return removeJob(c, v.logs, job);
  });
  await removeFiles();
  v.print('  -> removed');
  return true;
}

async function agrees(): Promise<boolean> {
  const asker = new Asker();
  const answer = await asker.ask('Remove it? yes/[no]: ').finally(() => asker.close());
  return answer?.trim().toLowerCase() === 'yes';
}
