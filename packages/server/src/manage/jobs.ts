import { sql } from 'kysely';
import type { Command } from 'commander';
import { jobStates } from '@lava/job';
import { finishJob } from '../jobs/job-changes.ts';
import { jobState } from '../store/numbers.ts';
import { jobDefinitions } from './job-definitions.ts';
import { jobRetention, jobSharing, seconds } from './job-retention.ts';
import { userId } from './objects.ts';
import { without } from './options.ts';
import { pythonTime } from './table.ts';
import { CommandError, visit } from './visit.ts';

interface ListOptions {
  readonly newerThan: string;
  readonly state?: string;
  readonly submitter?: string;
  readonly noSubmitter?: string;
}

export function jobs(manage: Command): void {
  const group = manage.command('jobs').description('jobs of all users');

  group.command('fail <id>').description('end a job whose worker will not come back; its device is free').action((id: string, _: unknown, command: Command) => visit(command, async ({ db, change }) => {
    const job = await db.selectFrom('jobs').select(['id', 'state']).where('id', '=', number(id)).executeTakeFirst();
    if (!job) throw new CommandError(`TestJob ${id} does not exists`);
    if (job.state === jobState.Finished) throw new CommandError(`TestJob ${id} has finished already`);
    await change((c) => finishJob(c, job.id, undefined, { result: 'fail', errorType: 'Infrastructure', errorMessage: 'ended by an admin', errorCode: 'ended-by-admin' }));
  }));

  group.command('list').description('list jobs, newest first').option('--newer-than <time>', 'submitted within this time: 1h, 2d', '1d').option('--state <state>').option('--submitter <name>', 'only of this user')
    .addOption(without('--no-submitter <name>', 'not of this user', 'noSubmitter'))
    .action((options: ListOptions, command: Command) => visit(command, async ({ db, print }) => {
      const state = options.state === undefined ? undefined : jobStates.findIndex((s) => s.toUpperCase() === options.state!.toUpperCase());
      if (state === -1) throw new CommandError(`'${options.state}' is no state of a job: use ${jobStates.map((s) => s.toUpperCase()).join(', ')}`);
      const [submitter, other] = [options.submitter === undefined ? undefined : await userId(db, options.submitter), options.noSubmitter === undefined ? undefined : await userId(db, options.noSubmitter)];
      const { rows } = await sql<{ at: string; id: number; username: string; description: string }>`
        select ${pythonTime(sql`submit_time`)} as at, jobs.id, username, description from jobs join users on users.id = submitter
        where submit_time > now() - make_interval(secs => ${seconds(options.newerThan)}) and ${state === undefined ? sql`true` : sql`state = ${state}`}
          and ${submitter === undefined ? sql`true` : sql`submitter = ${submitter}`} and ${other === undefined ? sql`true` : sql`submitter <> ${other}`} order by jobs.id desc`.execute(db);
      print('Listing jobs:');
      for (const { at, id, username, description } of rows) print(`* ${at} - ${id}@${username} - ${description}`);
    }));

  jobRetention(group);
  jobDefinitions(group);
  jobSharing(group);
}

function number(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
