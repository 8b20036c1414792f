import type { User } from '../../../auth/users.ts';
import { mayCancelJob, readJobAccess } from '../../../auth/visibility.ts';
import { jobState } from '../../../store/numbers.ts';
import { Fault } from '../codec/values.ts';
import type { Context } from '../method.ts';
import { jobNamed, missing } from '../objects.ts';

/** Ends a job, and with it the others of its multinode group. True also for a job that has ended. */
export async function cancel(context: Context<User>, name: string): Promise<true> {
  if (name === '') throw new Fault(400, 'Bad request: TestJob id was not specified.');
  const id = await jobNamed(context, name);
  const { db, jobs } = context.services;
  const job = await db.selectFrom('jobs').select('state').where('id', '=', id).executeTakeFirst();
  const access = await readJobAccess(db, id);
  if (!job || !access) throw missing('Job', name);
  if (job.state >= jobState.Canceling) return true;
  if (!mayCancelJob(context.user, access)) throw new Fault(403, 'Permission denied.');
  await jobs.cancel(id, context.user.username);
  return true;
}
