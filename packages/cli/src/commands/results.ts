import type { Job, Suite } from '../api-types.ts';
import { exitStatus } from '../exit.ts';
import { connect, print, type GlobalOptions } from './context.ts';
import { summary } from './follow.ts';

/** `lava results JOB`: all test cases in order of arrival. Status 1 if a test case failed or the job is not Complete. */
export async function results(id: number, options: GlobalOptions): Promise<number> {
  const client = await connect(options);
  const job = await client.get<Job>(`/jobs/${id}`);
  const { suites } = await client.get<{ suites: Suite[] }>(`/jobs/${id}/results`);
  const text = options.json ? '' : await summary(client, job);
  print(options, { job: id, state: job.state, health: job.health, error_type: job.error_type, error_code: job.error_code, attempts: job.attempts, suites }, () => text);
  const failed = suites.some((s) => s.name !== 'lava' && s.cases.some((c) => c.result === 'fail'));
  return job.health === 'Complete' && !failed ? exitStatus.ok : exitStatus.failed;
}
