import { sql } from 'kysely';
import type { Command } from 'commander';
import { jobStates } from '@lava/job';
import { finishJob } from '../jobs/job-changes.ts';
import { removeJob } from '../jobs/remove-jobs.ts';
import { jobState } from '../store/numbers.ts';
import { userId } from './objects.ts';
import { CommandError, visit } from './visit.ts';

interface Which {
  readonly newerThan?: string;
  readonly olderThan?: string;
  readonly state?: string;
  readonly submitter?: string;
  readonly dryRun?: boolean;
  readonly slow?: boolean;
}

/** Jobs that are removed in one go before others get a turn. */
const batch = 100;

export function jobs(manage: Command): void {
  const group = manage.command('jobs').description('jobs of all users');

  group.command('fail <id>').description('end a job whose worker will not come back; its device is free').action((id: string, _: unknown, command: Command) => visit(command, async ({ db, change }) => {
    const job = await db.selectFrom('jobs').select(['id', 'state']).where('id', '=', number(id)).executeTakeFirst();
    if (!job) throw new CommandError(`TestJob ${id} does not exists`);
    if (job.state === jobState.Finished) throw new CommandError(`TestJob ${id} has finished already`);
    await change((c) => finishJob(c, job.id, undefined, { result: 'fail', errorType: 'Infrastructure', errorMessage: 'ended by an admin', errorCode: 'ended-by-admin' }));
  }));

  group.command('list').description('list jobs, newest first').option('--newer-than <time>', 'submitted within this time: 1h, 2d', '1d').option('--state <state>').option('--submitter <name>').option('--no-submitter', 'leave the submitters out')
    .action((options: Omit<Which, 'submitter'> & { submitter?: string | false }, command: Command) => visit(command, async ({ db, print }) => {
      const state = options.state === undefined ? undefined : jobStates.findIndex((s) => s.toUpperCase() === options.state!.toUpperCase());
      if (state === -1) throw new CommandError(`'${options.state}' is no state of a job: use ${jobStates.map((s) => s.toUpperCase()).join(', ')}`);
      const submitter = typeof options.submitter === 'string' ? await userId(db, options.submitter) : undefined;
      const { rows } = await sql<{ at: Date; name: string; username: string; description: string }>`
        select submit_time as at, coalesce(nullif(sub_id, ''), jobs.id::text) as name, username, description from jobs join users on users.id = submitter
        where submit_time > now() - make_interval(secs => ${seconds(options.newerThan!)}) and ${state === undefined ? sql`true` : sql`state = ${state}`}
          and ${submitter === undefined ? sql`true` : sql`submitter = ${submitter}`} order by jobs.id desc`.execute(db);
      print('Listing jobs:');
      for (const { at, name, username, description } of rows) print(`* ${at.toISOString()} - ${name}${options.submitter === false ? '' : `@${username}`} - ${description}`);
    }));

  group.command('rm').description('remove finished jobs with their results and logs').option('--older-than <time>', 'that ended longer ago: 30d').option('--submitter <name>').option('--dry-run', 'only say which').option('--slow', 'with pauses, for a server that has work to do')
    .action((options: Which, command: Command) => visit(command, async (v) => {
      if (options.olderThan === undefined && options.submitter === undefined) throw new CommandError('You should specify at least one filtering option');
      const submitter = options.submitter === undefined ? undefined : await userId(v.db, options.submitter);
      const { rows } = await sql<{ id: number; end_time: Date }>`select id, end_time from jobs where state = ${jobState.Finished}
        and ${options.olderThan === undefined ? sql`true` : sql`end_time < now() - make_interval(secs => ${seconds(options.olderThan)})`}
        and ${submitter === undefined ? sql`true` : sql`submitter = ${submitter}`} order by id`.execute(v.db);
      v.print(`Removing ${rows.length} jobs:`);
      for (const [n, { id, end_time }] of rows.entries()) {
        v.print(`* ${id} (${end_time.toISOString()})`);
        if (options.dryRun) continue;
        const removeFiles = await v.change((c) => removeJob(c, v.db, v.paths, id));
        await removeFiles();
        if (options.slow && n % batch === batch - 1) await new Promise((resolve) => { setTimeout(resolve, 2000); });
      }
    }));
}

/** Seconds of `90m`, `1h`, `2d`. */
function seconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new CommandError(`'${text}' is no time: use a number of minutes, hours or days, as in 90m, 1h or 2d`);
  return Number(count) * { m: 60, h: 3600, d: 86_400 }[unit as 'm' | 'h' | 'd'];
}

function number(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
