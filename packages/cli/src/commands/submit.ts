import type { Problem } from '@lava/job';
import type { Job } from '../api-types.ts';
import { RefusedDefinition } from '../client.ts';
import { exitStatus } from '../exit.ts';
import { formatProblems } from '../print/problems.ts';
import { connect, print, type GlobalOptions } from './context.ts';
import { follow, statusOf, summary } from './follow.ts';
import { readText } from './read-file.ts';

/** `lava submit FILE`: prints the job's number and address; with `--follow` its log and results too. */
export async function submit(file: string, options: GlobalOptions & { follow?: boolean }): Promise<number> {
  const client = await connect(options);
  const definition = await readText(file);
  const answer = await client.post<{ job_ids: (number | string)[]; warnings: Problem[] }>('/jobs', { definition }).catch((error: unknown) => {
    if (!(error instanceof RefusedDefinition)) throw error;
    if (options.json) process.stdout.write(`${JSON.stringify({ problems: error.problems }, null, 2)}\n`);
    else process.stderr.write(`${formatProblems(file, definition, error.problems)}lava: the server refused ${file}\n`);
  });
  if (!answer) return exitStatus.failed;

  if (!options.json && answer.warnings.length > 0) process.stderr.write(formatProblems(file, definition, answer.warnings));
  if (!options.follow) {
    print(options, answer, () => answer.job_ids.map((id) => `${id}  ${client.settings.url}/scheduler/job/${id}\n`).join(''));
    return exitStatus.ok;
  }
  let status: number = exitStatus.ok;
  for (const name of answer.job_ids) {
    const { id } = await client.get<Job>(`/jobs/${name}`);
    const job = await follow(client, id, 0, options);
    if (!options.json) process.stdout.write(await summary(client, job));
    status = Math.max(status, statusOf(job));
  }
  return status;
}
