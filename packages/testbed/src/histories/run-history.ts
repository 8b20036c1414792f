import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@lava/base';
import { deviceHealths, deviceStates, jobHealths, jobStates, workerStates } from '@lava/job';
import { faultKinds, type FaultContext } from './fault-kinds.ts';
import type { FaultLab } from './fault-lab.ts';
import type { BoardRecord, History, JobRecord } from './history.ts';
import { jobFolders } from './job-folders.ts';
import { numberedJob } from './numbered-job.ts';
import { Observer, secretMark } from './observer.ts';
import { workerNames, type HistoryPlan, type JobPlan } from './plan.ts';

/** What was submitted. */
interface Submission {
  readonly plan: JobPlan;
  readonly secret: string;
  /** As LAVA names them: those of a group are `12.0`, `12.1` … */
  readonly ids: readonly string[];
}

export interface HistoryRun {
  readonly history: History;
  /** Faults that happened; those that found nothing to hurt are left out. */
  readonly happened: readonly string[];
}

/** Seconds in which everything must have come to rest after the last fault is healed. */
const restSeconds = 60;

/** Plays a history on a lab, which must be at rest, and leaves it so. */
export async function runHistory(lab: FaultLab, plan: HistoryPlan): Promise<HistoryRun> {
  for (const board of lab.boards) board.forget();
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
          await patiently(() => lab.system.api(`/api/v1/jobs/${id}/cancel`, {})).catch(() => undefined);
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
    return { history: await collect(lab, plan, observer, submissions, canceled, [...unhealed, ...unrest]), happened };
  } finally {
    await observer.stop();
    await observer.forgetJournals();
  }
}

/** Everything that faults took away is there again. */
async function heal(lab: FaultLab): Promise<void> {
  await lab.ensureServer();
  for (const worker of lab.workers) lab.ensureWorker(worker);
}

/** Tries again while the server is away. */
async function patiently<T>(work: () => Promise<T>, seconds = 150): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await Promise.race([work(), pause(8000).then(() => { throw new Error('no answer'); })]);
    } catch (error) {
      if (performance.now() > end || /: 4\d\d /.test(String(error))) throw error;
      await pause(100);
    }
  }
}

/** Submits until it is accepted. What an answer that got lost was about is a job as well; its name says so. */
async function submit(lab: FaultLab, seed: number, n: number, plan: JobPlan): Promise<Submission> {
  const secret = `${secretMark}${seed}-${n}`;
  let trial = 0;
  const ids = await patiently(async () => (await lab.system.api<{ job_ids: (number | string)[] }>('/api/v1/jobs', { definition: numberedJob(`history ${seed} job ${n} trial ${trial += 1}`, secret, plan) })).job_ids.map(String));
  return { plan, secret, ids };
}

/** Waits until all jobs have ended, workers know of no attempt and boards are idle. @returns what did not come to rest */
async function rest(lab: FaultLab, accepted: readonly string[]): Promise<string[]> {
  const end = performance.now() + restSeconds * 1000;
  for (;;) {
    const unrest = await patiently(() => restless(lab, accepted)).catch((error: unknown) => [String(error)]);
    if (unrest.length === 0 || performance.now() > end) return unrest;
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

interface JobRow {
  readonly id: number; readonly number: string; readonly description: string; readonly target_group: string | null; readonly state: number; readonly health: number;
  readonly error: string | null; readonly finishes: number; readonly attempts: { fence: number; device: string; worker: string; ended: boolean }[];
  readonly results: JobRecord['results'];
}

async function collect(lab: FaultLab, plan: HistoryPlan, observer: Observer, submissions: readonly Submission[], canceled: ReadonlySet<string>, unrest: readonly string[]): Promise<History> {
  const rows = await patiently(() => lab.database.rows<JobRow>(`select id, coalesce(nullif(sub_id, ''), id::text) as number, description, target_group, state, health, concat_ws(': ', error_type, error_msg, failure_comment) as error,
    (select count(*)::int from audit_log where kind = 'job' and object = jobs.id::text and message like '%→ Finished%') as finishes,
    (select coalesce(json_agg(json_build_object('fence', fence, 'device', coalesce(device, shared_device), 'worker', worker, 'ended', ended_at is not null) order by fence), '[]') from attempts where job = jobs.id) as attempts,
    (select coalesce(json_agg(json_build_object('suite', s.name, 'name', c.name, 'line', c.log_line)), '[]') from test_cases c join test_suites s on s.id = c.suite_id where c.job = jobs.id) as results
    from jobs where description like $1 order by id`, [`history ${plan.seed} job %`]));
  const folders = await jobFolders(lab);
  const leaks = new Set(observer.leaks);
  const jobs = await Promise.all(rows.map(async (row): Promise<JobRecord> => {
    const submission = submissions[Number(/job (\d+)/.exec(row.description)?.[1])]!;
    const log = (await readFile(join(folders.get(row.id) ?? '', 'output.yaml'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    if (log.some((line) => line.includes(secretMark))) leaks.add(`log of job ${row.id}`);
    const last = row.attempts.at(-1);
    const journal = last && await observer.journal(lab.worker(last.worker), `${row.id}-${last.fence}`);
    return {
      id: row.id, number: row.number, name: row.description, ...(row.target_group !== null && { group: row.target_group }), state: jobStates[row.state]!, health: jobHealths[row.health]!,
      error: row.error ?? '', canceled: canceled.has(row.number), finishes: row.finishes, secret: submission.secret,
      attempts: row.attempts.map((a) => ({ ...a, excuse: observer.excuseFor(a.worker, `${row.id}-${a.fence}`) })),
      lines: submission.plan.lines.reduce((sum, n) => sum + n, 0), log, linesAtEnd: observer.linesAtEnd.get(row.id), ...(journal && { journal }), results: row.results,
    };
  }));
  const devices = await lab.database.rows<{ hostname: string; state: number; health: number }>('select hostname, state, health from devices');
  const boards = lab.boards.map((board): BoardRecord => {
    const { state, health } = devices.find((d) => d.hostname === board.name)!;
    return { name: board.name, state: deviceStates[state]!, health: deviceHealths[health]!, powered: board.powered, powers: [...board.powers], boots: board.boots.map((b) => ({ ...b })) };
  });
  for (const { hostname, health } of devices) {
    if (deviceHealths[health] === 'Good') continue;
    // As an admin does before a device is used again.
    lab.boards.find(({ name }) => name === hostname)?.switchOff();
    await patiently(() => lab.system.api(`/api/v1/devices/${hostname}/health`, { health: 'Good', reason: 'next history' }));
  }
  for (const folder of folders.values()) await rm(folder, { recursive: true, force: true });
  return { seed: plan.seed, accepted: submissions.flatMap((s) => s.ids), jobs, snapshots: observer.snapshots, boards, unrest, leaks: [...leaks] };
}
