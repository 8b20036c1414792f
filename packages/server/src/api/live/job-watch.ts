import { sql } from 'kysely';
import type { User } from '../../auth/users.ts';
import type { ServerEvent } from '../../event-bus.ts';
import type { Services } from '../../services.ts';
import { recordPieces } from '../../logs/json-records.ts';
import { jobActions } from '../../read/actions.ts';
import { readJob } from '../../read/job.ts';
import { caseGroups } from '../../read/results.ts';

const mostCases = 500;

export interface JobWatch {
  /** Something may be new. */
  wake(event: ServerEvent | 'all'): void;
  stop(): void;
}

interface WatchOptions {
  readonly services: Services;
  readonly job: number;
  /** Number of the first log record to send. */
  readonly from: number;
  user(): User | null;
  send(text: string): Promise<void>;
  /** The watch has failed and is over. */
  failed(error: unknown): void;
}

/**
 * Sends what happens to one job, one message after another: the next is made when the reader has taken the last. Events
 * only wake it; what is sent comes from the store and the log file by position, so that none is lost or sent twice.
 */
export function watchJob(options: WatchOptions): JobWatch {
  const { services, job, send } = options;
  let stopped = false;
  let position = options.from;
  let lastCase: number | undefined;
  let lastJob = '';
  /** First lines of actions to tell; undefined is all of them. */
  let startLines: Set<number> | undefined;
  const dirty = { job: true, log: true, results: true, actions: true };
  let wakeUp: (() => void) | undefined;

  /** False when there was nothing new. */
  async function sendLog(): Promise<boolean> {
    const count = await services.logs.count(job);
    if (position >= count) return false;
    for await (const records of recordPieces(services.logs, job, position, count)) {
      await send(`{"type":"log","job":${job},"first":${position},"records":[${records.join(',')}]}`);
      position += records.length;
      return true; // the next piece after a look at everything else
    }
    return false;
  }

  async function sendResults(): Promise<void> {
    // Older cases are for whoever reads them. The last seconds are told again, so that none falls between the reader's
    // own request and this watch.
    lastCase ??= (await sql<{ id: number }>`
      select coalesce(max(id), 0) as id from test_cases where job = ${job} and logged < now() - interval '10 seconds'`.execute(services.db)).rows[0]!.id;
    for (let full = true; full && !stopped;) {
      const { groups, last, count } = await caseGroups(services.db, job, lastCase, mostCases);
      for (const { suite, cases } of groups) await send(JSON.stringify({ type: 'results', job, suite: suite.name, cases }));
      lastCase = last;
      full = count === mostCases;
    }
  }

  async function sendActions(): Promise<void> {
    const lines = startLines && [...startLines];
    startLines = new Set();
    const actions = await jobActions(services.db, job, lines);
    if (actions.length > 0) await send(JSON.stringify({ type: 'actions', job, actions }));
  }

  async function sendJob(first: boolean): Promise<void> {
    const row = await readJob(services, options.user(), job);
    if (!row) throw new Error(`Job ${job} does not exist or is not visible to you.`);
    // That a job has finished is told after everything it left.
    if (row.state === 'Finished' && !first) {
      while (!stopped && await sendLog());
      await sendResults();
      await sendActions();
    }
    const text = JSON.stringify({ type: 'job', job: row });
    if (text !== lastJob) await send(text);
    lastJob = text;
  }

  async function run(): Promise<void> {
    let first = true;
    while (!stopped) {
      if (dirty.results) { dirty.results = false; await sendResults(); }
      if (dirty.actions) { dirty.actions = false; await sendActions(); }
      if (dirty.job) { dirty.job = false; await sendJob(first); first = false; }
      if (dirty.log) {
        dirty.log = false;
        if (await sendLog()) dirty.log = true;
      }
      if (dirty.job || dirty.log || dirty.results || dirty.actions || stopped) continue;
      await new Promise<void>((resolve) => { wakeUp = resolve; });
    }
  }

  run().catch((error: unknown) => {
    if (stopped) return;
    stopped = true;
    options.failed(error);
  });

  return {
    wake(event) {
      if (event === 'all') dirty.job = dirty.log = dirty.results = true;
      else if (event.type === 'job') dirty.job = true;
      else if (event.type === 'log') dirty.log = true;
      else if (event.type === 'results') dirty.results = true;
      else if (event.type === 'actions') {
        dirty.actions = true;
        for (const line of event.startLines) startLines?.add(line);
      }
      wakeUp?.();
    },
    stop() {
      stopped = true;
      wakeUp?.();
    },
  };
}
