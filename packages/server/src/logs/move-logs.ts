import { rm, stat } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';
import { messageOf, sleep, type DaemonLog } from '@lava/base';
import type { EventBus } from '../event-bus.ts';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';
import { pack, packed, size } from './packed-log.ts';
import type { SharedFiles } from './shared-files.ts';

interface MoveOptions {
  /** The leader's. */
  readonly db: Kysely<Database>;
  readonly shared: SharedFiles;
  readonly events: EventBus;
  readonly log: DaemonLog;
  /** Lets go of the log of a job that has ended. */
  finish(job: number): Promise<void>;
}

const mostAtOnce = 20;
/** Milliseconds between looks for what no event told, and the longest pause when the storage is away. */
const sweep = 30_000;
const longestPause = 300_000;

/** Moves logs and files of jobs that have ended from the database to the storage. Returns how to stop. */
export function moveLogs(options: MoveOptions): () => Promise<void> {
  const { db, shared, events, log } = options;
  const stop = new AbortController();
  let wake = () => {};
  const unsubscribe = events.subscribe((event) => { if (event.type === 'job' && event.state === 'Finished') wake(); });

  async function run(): Promise<void> {
    let pause = 1000;
    while (!stop.signal.aborted) {
      let woken = false;
      const rest = new AbortController();
      wake = () => { woken = true; rest.abort(); };
      try {
        const jobs = await ended(db);
        for (const job of jobs) {
          if (stop.signal.aborted) return;
          await options.finish(job);
          await moveLog(db, shared, job);
        }
        pause = 1000;
        if (jobs.length < mostAtOnce && !woken) await sleep(sweep, AbortSignal.any([rest.signal, stop.signal])).catch(() => {});
      } catch (error) {
        if (stop.signal.aborted) return;
        log.warn(`Logs of jobs that have ended stay in the database for now, ${shared.storage.place} does not take them: ${messageOf(error)}`);
        await sleep(pause, stop.signal).catch(() => {});
        pause = Math.min(longestPause, pause * 2);
      }
    }
  }

  const running = run();
  return async () => {
    unsubscribe();
    stop.abort();
    await running;
  };
}

async function ended(db: Kysely<Database>): Promise<number[]> {
  const { rows } = await sql<{ job: number }>`
    select id as job from jobs where state = ${jobState.Finished} and (id in (select job from log_pieces) or id in (select job from job_files)) order by id limit ${mostAtOnce}`.execute(db);
  return rows.map((r) => r.job);
}

/** The storage has everything before the database forgets anything; what was moved before a crash is moved again. */
async function moveLog(db: Kysely<Database>, shared: SharedFiles, job: number): Promise<void> {
  const lines = await shared.count(job) ?? 0;
  if (lines > 0 && !await shared.isStored(job)) {
    const copy = await shared.live.upToDate(job);
    // Another server that leads by now may have moved it: what is in the storage must not be written over with less.
    if (copy.lines !== lines) throw new Error(`${copy.lines ?? 0} of the ${lines} lines of job ${job} are in the database`);
    await putLog(shared, job, copy.path);
  }
  const files = await db.selectFrom('job_files').select(['name', 'content']).where('job', '=', job).execute();
  for (const { name, content } of files) await shared.storage.put(await shared.nameOf(job, name), content);
  await db.transaction().execute(async (trx) => {
    await sql`insert into stored_logs (job, lines) values (${job}, ${lines}) on conflict do nothing`.execute(trx);
    await sql`delete from log_pieces where job = ${job}`.execute(trx);
    await sql`delete from job_files where job = ${job}`.execute(trx);
  });
}

/** Stores a log from its text, packed. */
export async function putLog(shared: SharedFiles, job: number, path: string): Promise<void> {
  const fresh = `${path}.xz.new`;
  await rm(fresh, { force: true });
  try {
    await pack(path, fresh);
    await shared.storage.put(await shared.nameOf(job, packed), { path: fresh });
    await shared.storage.put(await shared.nameOf(job, size), Buffer.from(String((await stat(path)).size)));
  } finally {
    await rm(fresh, { force: true });
  }
}
