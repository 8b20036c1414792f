import { connect, print, type GlobalOptions } from './context.ts';

/** `lava cancel JOB…`. A job that has ended stays as it is, which is no error. */
export async function cancel(ids: readonly number[], options: GlobalOptions): Promise<number> {
  const client = await connect(options);
  for (const id of ids) {
    const answer = await client.post<{ message: string }>(`/jobs/${id}/cancel`, {});
    print(options, { job: id, ...answer }, () => `${id}: ${answer.message}\n`);
  }
  return 0;
}
