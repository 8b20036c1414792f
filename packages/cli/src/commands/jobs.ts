import type { JobRow } from '../api-types.ts';
import { verdict } from '../print/style.ts';
import { table } from '../print/table.ts';
import { connect, print, type GlobalOptions } from './context.ts';

interface JobsOptions extends GlobalOptions {
  readonly state?: string;
  readonly health?: string;
  readonly type?: string;
  readonly device?: string;
  readonly submitter?: string;
  readonly search?: string;
  readonly limit: string;
}

/** `lava jobs`: the newest first. */
export async function jobs(options: JobsOptions): Promise<number> {
  const client = await connect(options);
  const query = new URLSearchParams();
  for (const key of ['state', 'health', 'type', 'device', 'submitter', 'search', 'limit'] as const) {
    if (options[key]) query.set(key, options[key]);
  }
  const answer = await client.get<{ jobs: JobRow[] }>(`/jobs?${query}`);
  print(options, answer.jobs, () => table(
    ['job', 'state', 'health', 'reason', 'device', 'submitter', 'submitted', 'name'],
    answer.jobs.map((j) => [
      String(j.id), j.state, j.state === 'Finished' ? verdict(j.health) : '', j.error_code ?? j.error_type ?? '', j.device ?? j.device_type ?? '',
      j.submitter, j.submit_time.slice(0, 19).replace('T', ' '), j.description,
    ]),
  ));
  return 0;
}
