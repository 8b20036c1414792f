import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@lava/base';
import { deviceStates, jobStates, workerStates } from '@lava/job';
import { collectHistory, type Submission } from './collect-history.ts';
import { faultKinds, type FaultContext } from './fault-kinds.ts';
import type { FaultLab } from './fault-lab.ts';
import type { History } from './history.ts';
import { numberedJob } from './numbered-job.ts';
import { Observer, secretMark } from './observer.ts';
import { patiently } from './patiently.ts';
import { repairBoards } from './repair-boards.ts';
import { workerNames, type HistoryPlan, type JobPlan } from './plan.ts';

export interface HistoryRun {
  readonly history: History;
  /** Faults that happened; those that found nothing to hurt are left out. */
  readonly happened: readonly string[];
}

/** Seconds in which everything must have come to rest after the last fault is healed. */
const restSeconds = 60;

/** Seconds after which boards that were taken out of service are put back. */
const repairSeconds = 20;

/** Plays a history on a lab, which must be at rest, and leaves it so. */
export async function runHistory(lab: FaultLab, plan: HistoryPlan): Promise<HistoryRun> {
  for (const board of lab.boards) board.forget();
  await lab.database.rows('delete from terms_of_changes');
  const observer = new Observer(lab);
  observer.start();
  const submissions: Submission[] = [];
  const canceled = new Set<string>();
  const happened: string[] = [];
  const unhealed: string[] = [];
  const started = performance.now();
  const until = (at: number) => pause(Math.max(0, at - (performance.now() - started)));
  try {
    await Promise.all([
      ...plan.jobs.map(async (job, n) => {
        await until(job.at);
        submissions[n] = await submit(lab, plan.seed, n, job);
      }),
      ...plan.cancels.map(async ({ at, job }) => {
        await until(at);
        for (const id of submissions[job]?.ids.slice(0, 1) ?? []) {
          canceled.add(id);
          await patiently(() => lab.api(`/api/v1/jobs/${id}/cancel`, {})).catch(() => undefined);
        }
      }),
      ...plan.faults.map(async (fault) => {
        await until(fault.at);
        const context: FaultContext = { lab, observer, plan: fault, worker: lab.workers[fault.worker]! };
        try {
          if (await faultKinds.find((k) => k.name === fault.kind)!.hurt(context)) happened.push(fault.kind);
        } catch (error) {
          unhealed.push(`after '${fault.kind}': ${messageOf(error)}`);
        }
      }),
    ]);
    await heal(lab);
    const unrest = await rest(lab, submissions.flatMap((s) => s.ids));
    await observer.stop();
    for (const [way, bytes] of Object.entries(observer.heard)) if (bytes === 0) unrest.push(`no event was heard (${way})`);
    return { history: await collectHistory(lab, plan, observer, submissions, canceled, [...unhealed, ...unrest]), happened };
  } finally {
    await observer.stop();
    await observer.forgetJournals();
  }
}

/** Everything that faults took away is there again. */
async function heal(lab: FaultLab): Promise<void> {
  await lab.ensureServers();
  for (const worker of lab.workers) lab.ensureWorker(worker);
}

/** Submits until it is accepted. What an answer that got lost was about is a job as well; its name says so. */
async function submit(lab: FaultLab, seed: number, n: number, plan: JobPlan): Promise<Submission> {
  const secret = `${secretMark}${seed}-${n}`;
  let trial = 0;
  const ids = await patiently(async () => (await lab.api<{ job_ids: (number | string)[] }>('/api/v1/jobs', { definition: numberedJob(`history ${seed} job ${n} trial ${trial += 1}`, secret, plan) })).job_ids.map(String));
  return { plan, secret, ids };
}

/** Waits until all jobs have ended, workers know of no attempt and boards are idle. @returns what did not come to rest */
async function rest(lab: FaultLab, accepted: readonly string[]): Promise<string[]> {
  const begun = performance.now();
  for (let repaired = false; ;) {
    const unrest = await patiently(() => restless(lab, accepted)).catch((error: unknown) => [String(error)]);
    const waited = (performance.now() - begun) / 1000;
    if (unrest.length === 0 || waited > restSeconds) return unrest;
    if (!repaired && waited > repairSeconds) {
      // A group may need more boards than faults have left in service.
      repaired = true;
      await repairBoards(lab, 'jobs wait');
    }
    await pause(100);
  }
}

async function restless(lab: FaultLab, accepted: readonly string[]): Promise<string[]> {
  const jobs = await lab.database.rows<{ id: number; state: number }>('select id, state from jobs where state < 5');
  const devices = await lab.database.rows<{ hostname: string; state: number }>('select hostname, state from devices where state <> 0');
  const workers = await lab.database.rows<{ hostname: string }>('select hostname from workers where state <> $1 and hostname = any($2)', [workerStates.indexOf('Online'), workerNames]);
  const left = (await Promise.all(lab.workers.map(async (w) => (await lab.attemptFolders(w)).map((name) => `${w.name} still has the attempt ${name}`)))).flat();
  const count = (await lab.database.rows<{ n: number }>('select count(*)::int as n from jobs where coalesce(nullif(sub_id, \'\'), id::text) = any($1)', [accepted]))[0]!.n;
  return [
    ...(count === new Set(accepted).size ? [] : ['not all accepted jobs are in the database']),
    ...jobs.map(({ id, state }) => `job ${id} is still ${jobStates[state]}`), ...devices.map(({ hostname, state }) => `${hostname} is still ${deviceStates[state]}`),
    ...workers.map(({ hostname }) => `worker ${hostname} is offline`), ...left, ...lab.boards.filter((b) => b.connected).map((b) => `somebody is on the serial line of ${b.name}`),
  ];
}
