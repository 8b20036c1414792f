import type { AttemptRecord, History, JobRecord } from './history.ts';

/** What is wrong with the attempts of a job: how many, why, one after the other, and the device switched off in between. */
export function* faultsOfAttempts(job: JobRecord, history: History): Generator<string> {
  const { id, attempts, retries } = job;
  for (const [n, { fence }] of attempts.entries()) if (fence !== n + 1) { yield `attempt ${n + 1} of job ${id} has the fence ${fence}`; break; }
  if (attempts.length > retries + 1) yield `job ${id} had ${attempts.length} attempts and may have ${retries + 1}`;
  if (isDue(job)) yield `job ${id} failed by the lab in attempt ${attempts.length} of at most ${retries + 1} and was not tried again`;
  const family = familyOf(job, history);
  for (const [n, attempt] of attempts.slice(0, -1).entries()) {
    if (!family.some((member) => member.attempts.some((a) => a.excuse !== undefined))) yield `attempt ${id}-${attempt.fence} was given up and no fault had hit it`;
    yield* leftOn(id, attempt, attempts[n + 1]!, history);
  }
  const both = history.snapshots.flatMap(({ held }) => held.filter((h) => h.attempt.startsWith(`${id}-`)).map((h) => h.attempt).slice(0, 2).filter((_, __, all) => all.length > 1));
  if (both.length > 0) yield `the attempts ${both[0]} and ${both[1]} ran at once`;
}

/** Those that fail together. */
export const familyOf = (job: JobRecord, { jobs }: History) => (job.group === undefined ? [job] : jobs.filter((other) => other.group === job.group));

/** It should have been tried again. A group is not once one of it has ended, so nothing is said of those. */
const isDue = ({ group, canceled, health, errorType, attempts, retries }: JobRecord) =>
  group === undefined && !canceled && health === 'Incomplete' && errorType === 'Infrastructure' && attempts.length > 0 && attempts.length <= retries;

/** An attempt whose worker was there has switched its board off before the next one switches any on. */
function* leftOn(job: number, attempt: AttemptRecord, next: AttemptRecord, { boards }: History): Generator<string> {
  if (attempt.excuse !== undefined && attempt.excuse !== 'run killed') return;
  const on = (fence: number) => boards.flatMap(({ name, powers }) => powers.filter((p) => p.command === 'cycle' && p.attempt === `${job}-${fence}`).map(({ at }) => ({ name, at, powers })));
  const begun = Math.min(...on(next.fence).map(({ at }) => at));
  for (const { name, at, powers } of on(attempt.fence)) {
    if (begun < Infinity && !powers.some((p) => p.at > at && p.at < begun)) yield `${name} was not switched off after attempt ${job}-${attempt.fence} when ${job}-${next.fence} began`;
  }
}
