import { deviceHealths, deviceStates, jobHealths, jobStates } from '@lava/job';
import { messageOf } from '@lava/base';
import { answersWith } from './answers.ts';
import type { FaultLab } from './fault-lab.ts';
import type { BoardRecord, History, JobRecord } from './history.ts';
import { secretMark, type Observer } from './observer.ts';
import { patiently } from './patiently.ts';
import { repairBoards } from './repair-boards.ts';
import type { HistoryPlan, JobPlan } from './plan.ts';

/** What was submitted. */
export interface Submission {
  readonly plan: JobPlan;
  readonly secret: string;
  /** As LAVA names them: those of a group are `12.0`, `12.1` … */
  readonly ids: readonly string[];
}

interface JobRow {
  readonly id: number; readonly number: string; readonly description: string; readonly target_group: string | null; readonly state: number; readonly health: number;
  readonly error: string | null; readonly error_type: string | null; readonly finishes: number;
  readonly attempts: { fence: number; device: string; worker: string; ended: boolean; first_line: number | null }[];
  readonly results: JobRecord['results'];
}

/** What is left when all has come to rest, and the lab made ready for the next history. */
export async function collectHistory(lab: FaultLab, plan: HistoryPlan, observer: Observer, submissions: readonly Submission[], canceled: ReadonlySet<string>, unrest: readonly string[]): Promise<History> {
  const rows = await patiently(() => lab.database.rows<JobRow>(`select id, coalesce(nullif(sub_id, ''), id::text) as number, description, target_group, state, health, error_type, concat_ws(': ', error_type, error_msg, failure_comment) as error,
    (select count(*)::int from audit_log where kind = 'job' and object = jobs.id::text and message like '%→ Finished%') as finishes,
    (select coalesce(json_agg(json_build_object('fence', fence, 'device', coalesce(device, shared_device), 'worker', worker, 'ended', ended_at is not null, 'first_line', first_line) order by fence), '[]') from attempts where job = jobs.id) as attempts,
    (select coalesce(json_agg(json_build_object('suite', s.name, 'name', c.name, 'line', c.log_line)), '[]') from test_cases c join test_suites s on s.id = c.suite_id where c.job = jobs.id) as results
    from jobs where description like $1 order by id`, [`history ${plan.seed} job %`]));
  const leaks = new Set(observer.leaks);
  const jobs = await Promise.all(rows.map(async (row): Promise<JobRecord> => {
    const submission = submissions[Number(/job (\d+)/.exec(row.description)?.[1])]!;
    const log = await patiently(() => lab.logs.lines(row.id));
    if (log.some((line) => line.includes(secretMark))) leaks.add(`log of job ${row.id}`);
    const attempts = await Promise.all(row.attempts.map(async ({ first_line: firstLine, ...attempt }) => {
      const name = `${row.id}-${attempt.fence}`;
      const excuse = observer.excuseFor(attempt.worker, name);
      const journal = await observer.journal(lab.worker(attempt.worker), name);
      return { ...attempt, ...(firstLine !== null && { firstLine }), ...(excuse !== undefined && { excuse }), ...(journal && { journal }) };
    }));
    return {
      id: row.id, number: row.number, name: row.description, ...(row.target_group !== null && { group: row.target_group }), state: jobStates[row.state]!, health: jobHealths[row.health]!,
      error: row.error ?? '', errorType: row.error_type ?? '', canceled: canceled.has(row.number), finishes: row.finishes, secret: submission.secret, attempts, retries: submission.plan.retries ?? 0,
      lines: submission.plan.lines.reduce((sum, n) => sum + n, 0), log, linesAtEnd: observer.linesAtEnd.get(row.id), linesTaken: observer.linesTaken.get(row.id), logTaken: observer.logsTaken.has(row.id), results: row.results,
    };
  }));
  // One job in every fourth history answers for all: what is told of a job depends neither on it nor on faults.
  const told = plan.seed % 4 === 0 ? jobs.find(({ health }) => health === 'Complete') : undefined;
  for (const where of told ? await patiently(() => answersWith(lab, told.id, secretMark)).catch((error: unknown) => [messageOf(error)]) : []) leaks.add(`answer about job ${told!.id}: ${where}`);
  const terms = (await patiently(() => lab.database.rows<{ term: string }>('select term from (select id, term, lag(term) over (order by id) as before from terms_of_changes) c where before is distinct from term order by id'))).map(({ term }) => Number(term));
  const devices = await lab.database.rows<{ hostname: string; state: number; health: number }>('select hostname, state, health from devices');
  const boards = lab.boards.map((board): BoardRecord => {
    const { state, health } = devices.find((d) => d.hostname === board.name)!;
    return { name: board.name, state: deviceStates[state]!, health: deviceHealths[health]!, powered: board.powered, powers: [...board.powers], boots: board.boots.map((b) => ({ ...b })) };
  });
  await repairBoards(lab, 'next history');
  await lab.logs.clear();
  return { seed: plan.seed, accepted: submissions.flatMap((s) => s.ids), jobs, snapshots: observer.snapshots, boards, unrest, leaks: [...leaks], terms };
}
