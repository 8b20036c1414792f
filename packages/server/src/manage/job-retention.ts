import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Command } from 'commander';
import { shareFolders } from '../backup/shared-folders.ts';
import { removeJob } from '../jobs/remove-jobs.ts';
import { JobFolders } from '../logs/job-folder.ts';
import { packLog } from '../logs/packed-log.ts';
import type { Change } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';
import { userId } from './objects.ts';
import { without } from './options.ts';
import { pythonTime } from './table.ts';
import { CommandError, visit, type Visit } from './visit.ts';

interface Which {
  readonly newerThan?: string;
  readonly olderThan?: string;
  readonly submitter?: string;
  readonly dryRun?: boolean;
  readonly slow?: boolean;
}

/** Jobs that are worked on in one go before others get a turn, and for how long they get it (ms). */
const batch = 100;
const turn = 2000;

/** `jobs rm` and `jobs compress`: what is done with jobs that ended long ago, by hand or from cron. */
export function jobRetention(jobs: Command): void {
  const which = (command: Command) => command.option('--older-than <time>', 'that ended longer ago: 30d').option('--newer-than <time>', 'that ended within this time').option('--submitter <name>')
    .option('--dry-run', 'only say which').option('--slow', 'with pauses, for a server that has work to do');

  which(jobs.command('rm').description('remove finished jobs with their results and logs')).option('--logs-only', 'only their logs and files')
    .addOption(without('--no-skip-favorite', 'accepted for old scripts; there are no favourites to skip', 'noSkipFavorite'))
    .action((options: Which & { logsOnly?: boolean }, command: Command) => visit(command, async (v) => {
      await ofFinishedJobs(v, options, options.logsOnly ? 'Removing logs of' : 'Removing', async (id) => {
        const removeFiles = await v.change((c) => (options.logsOnly ? forgetLog(c, v, id) : removeJob(c, v.logs, id)));
        await removeFiles();
      });
    }));

  which(jobs.command('compress').description('pack the logs of finished jobs with xz; they can be read as before'))
    .action((options: Which, command: Command) => visit(command, async (v) => {
      if (v.shared) throw new CommandError(`Logs are packed already: they are in ${v.shared.storage.place}`);
      const folders = new JobFolders(v.paths, v.db);
      let [before, after] = [0, 0];
      await ofFinishedJobs(v, options, 'Compressing', async (id) => {
        const packed = await packLog((await folders.of(id))!);
        before += packed?.before ?? 0;
        after += packed?.after ?? 0;
      });
      v.print(`${before} bytes became ${after}`);
    }));
}

/** `jobs share`: logs of a time when there was one server go where several find them. */
export function jobSharing(jobs: Command): void {
  jobs.command('share').description('move logs and files of jobs from this disk to the storage of all servers (STORAGE in settings.yaml)')
    .action((_: unknown, command: Command) => visit(command, async (v) => {
      const { shared, db, paths, print } = v;
      if (!shared) throw new CommandError('There is no STORAGE in settings.yaml');
      const moved = await shareFolders(shared, db, paths);
      print(`Logs and files of ${moved} jobs are in ${shared.storage.place} now`);
    }));
}

async function forgetLog(c: Change, { logs }: Visit, id: number): Promise<() => Promise<void>> {
  await c.trx.updateTable('jobs').set({ log_lines: 0 }).where('id', '=', id).execute();
  c.note('job', id, 'log removed');
  return logs.removal(id);
}

async function ofFinishedJobs(v: Visit, options: Which, what: string, work: (id: number) => Promise<void>): Promise<void> {
  if (options.olderThan === undefined && options.newerThan === undefined && options.submitter === undefined) throw new CommandError('You should specify at least one filtering option');
  const submitter = options.submitter === undefined ? undefined : await userId(v.db, options.submitter);
  const { rows } = await sql<{ id: number; end: string }>`select id, ${pythonTime(sql`end_time`)} as end from jobs where state = ${jobState.Finished}
    and ${options.olderThan === undefined ? sql`true` : sql`end_time < now() - make_interval(secs => ${seconds(options.olderThan)})`}
    and ${options.newerThan === undefined ? sql`true` : sql`end_time >= now() - make_interval(secs => ${seconds(options.newerThan)})`}
    and ${submitter === undefined ? sql`true` : sql`submitter = ${submitter}`} order by id`.execute(v.db);
  v.print(`${what} ${rows.length} jobs:`);
  const folders = new JobFolders(v.paths, v.db);
  for (const [n, { id, end }] of rows.entries()) {
    v.print(`* ${id} (${end}): ${await folders.of(id) ?? ''}`);
    if (options.dryRun) continue;
    await work(id);
    if (options.slow && n % batch === batch - 1) await pause(turn);
  }
}

/** Seconds of `90m`, `1h`, `2d`. */
export function seconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new CommandError(`'${text}' is no time: use a number of minutes, hours or days, as in 90m, 1h or 2d`);
  return Number(count) * { m: 60, h: 3600, d: 86_400 }[unit as 'm' | 'h' | 'd'];
}
