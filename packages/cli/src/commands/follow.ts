import type { Job, Suite } from '../api-types.ts';
import type { Client } from '../client.ts';
import { exitStatus } from '../exit.ts';
import { followJob } from '../live.ts';
import { LogPrinter } from '../print/log-printer.ts';
import { resultsTable } from '../print/results-table.ts';
import { style, verdict } from '../print/style.ts';
import type { GlobalOptions } from './context.ts';

/** Status for scripts: 0 only when the job is Complete. */
export const statusOf = (job: Job): number => (job.health === 'Complete' ? exitStatus.ok : exitStatus.failed);

/** Shows a job's log live from record `from`, then its end; with `--json` each record is one line of JSON. */
export async function follow(client: Client, id: number, from: number, options: GlobalOptions): Promise<Job> {
  const printer = new LogPrinter();
  let state = '';
  return followJob(client.settings, id, from, {
    record: (record) => (options.json ? process.stdout.write(`${JSON.stringify(record)}\n`) : printer.print(record)),
    job: (job) => {
      if (options.json || job.state === state) return;
      state = job.state;
      const where = job.device ? ` on ${job.device}` : '';
      const why = job.waiting ? ` (${job.waiting.reason}${startsIn(job.waiting.estimate)})` : '';
      process.stdout.write(style('bold', `job ${job.id}: ${job.state}${where}${why}\n`));
    },
  });
}

/** When a waiting job is likely to start, with the spread of the estimate. */
function startsIn(estimate: NonNullable<Job['waiting']>['estimate']): string {
  if (!estimate || estimate.latest === 0) return '';
  const minutes = (seconds: number) => (seconds < 60 ? '1' : String(Math.round(seconds / 60)));
  return ` Likely to start in ${minutes(estimate.likely)} minutes, mostly between ${minutes(estimate.soonest)} and ${minutes(estimate.latest)}.`;
}

/** A line for each failed attempt before the last one. */
function failedBefore({ attempts }: Job): string {
  return attempts.slice(0, -1).filter((a) => a.error_type !== null).map((a) => `attempt ${a.number} on ${a.device} failed (${a.error_code ?? a.error_type}: ${a.error_msg ?? ''})\n`).join('');
}

/** The results, one line of verdict, and where to look. */
export async function summary(client: Client, job: Job): Promise<string> {
  const { suites } = await client.get<{ suites: Suite[] }>(`/jobs/${job.id}/results`);
  const why = job.error_type ? ` (${job.error_type}${job.error_code ? `, ${job.error_code}` : ''}: ${job.error_msg ?? ''})` : '';
  return `\n${resultsTable(suites)}${failedBefore(job)}job ${job.id}: ${verdict(job.health)}${why}\n${client.settings.url}/scheduler/job/${job.id}\n`;
}
