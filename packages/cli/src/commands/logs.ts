import type { LogRecord } from '@lava/job';
import type { Job } from '../api-types.ts';
import { LogPrinter } from '../print/log-printer.ts';
import { connect, type GlobalOptions } from './context.ts';
import { follow, statusOf } from './follow.ts';

const page = 20_000;

/** `lava logs JOB`: the log so far; with `--follow` until the job ends, and its status is then the job's. */
export async function logs(id: number, options: GlobalOptions & { follow?: boolean }): Promise<number> {
  const client = await connect(options);
  if (options.follow) return statusOf(await follow(client, id, 0, options));

  const { log_lines: total } = await client.get<Job>(`/jobs/${id}`);
  const printer = new LogPrinter();
  for (let start = 0; start < total; start += page) {
    const text = await client.text(`/jobs/${id}/log?start=${start}&end=${Math.min(total, start + page)}`);
    if (options.json) process.stdout.write(text);
    else for (const line of text.split('\n')) if (line) printer.print(JSON.parse(line) as LogRecord);
  }
  return 0;
}
