import { sql, type Kysely, type Transaction } from 'kysely';
import { messageOf, type DaemonLog } from '@lava/base';
import { understandResult, type NewCase, type Understood } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import type { EventBus } from '../event-bus.ts';
import { isConnectionLoss, whenBack } from '../store/connection.ts';
import type { Database } from '../store/database.ts';
import { storableJson } from '../store/json.ts';
import { cutBack, findAgain } from './cut-back.ts';
import type { JobFolders } from './job-folder.ts';
import type { Noted } from './records.ts';

/** Records waiting for the database; more than this and the log takes no more lines until some are stored. */
const mostWaiting = 20_000;
const mostAtOnce = 1000;

interface DeriveOptions {
  readonly job: number;
  /** Lines that the log of a live attempt has now: those that were looked at and are gone come again. Infinity: none is gone. */
  readonly lines: number;
  readonly folders: JobFolders;
  /** Lines of earlier attempts: the attempt counts its own from there. */
  readonly base: number;
  /** How often the job had been tried again: once that is more often, nothing is stored any more. */
  readonly retried: number;
  readonly db: Kysely<Database>;
  readonly events: EventBus;
  readonly log: DaemonLog;
}

/**
 * Makes test cases and the list of actions of a job from its log. The log on the disk is the truth: this follows it,
 * and `jobs.log_lines` says how far it is. A database that is away only delays it.
 */
export class Derivation {
  readonly #options: DeriveOptions;
  readonly #closed = new AbortController();
  #waiting: Noted[] = [];
  /** Lines looked at, and lines whose meaning is stored. */
  #seen: number;
  #stored: number;
  #running: Promise<void> | undefined;
  /** There are results whose lines are gone. */
  readonly #lost: boolean;
  readonly #suites = new Map<string, number>();
  readonly #sets = new Map<string, number>();
  readonly #open: Map<string, number>;
  readonly #lastOfLevel: Map<string, number>;

  private constructor(options: DeriveOptions, stored: number, lost: boolean, actions: { level: string; name: string; namespace: string; start_line: number; ended: boolean }[]) {
    this.#options = options;
    this.#seen = this.#stored = stored;
    this.#lost = lost;
    this.#open = new Map(actions.filter((a) => !a.ended).map((a) => [keyOf(a), a.start_line]));
    this.#lastOfLevel = new Map(actions.map((a) => [a.level, a.start_line]));
  }

  /** Goes on where an earlier process stopped; undefined if there is no such job, or it was tried again meanwhile. */
  static async of(options: DeriveOptions): Promise<Derivation | undefined> {
    const { db, job, lines, retried } = options;
    const { rows: [row] } = await sql<{ stored: number; lost: boolean }>`
      select log_lines as stored, exists (select from test_cases where job = ${job} and log_line is null) as lost from jobs where id = ${job} and retried = ${retried}`.execute(db);
    if (!row) return undefined;
    const cut = lines < row.stored;
    if (cut) await db.transaction().execute((trx) => cutBack(trx, { job, retried }, lines));
    const { rows } = await sql<{ level: string; name: string; namespace: string; start_line: number; ended: boolean }>`
      select level, name, namespace, start_line, end_line is not null as ended from job_actions where job = ${job} order by start_line`.execute(db);
    return new Derivation(options, cut ? lines : row.stored, cut || row.lost, rows);
  }

  /** Lines that were looked at: the caller hands over what follows. */
  get seen(): number { return this.#seen; }

  /** Takes what matters of the lines up to `seen`. Resolves at once, unless far too much waits for the database. */
  async add(noted: readonly Noted[], seen: number): Promise<void> {
    this.#waiting.push(...noted);
    this.#seen = seen;
    if (noted.length > 0) this.#start();
    if (this.#waiting.length > mostWaiting) await this.#running;
  }

  /** Resolves when everything handed over is stored. Rejects when the database stays away. */
  async settle(): Promise<void> {
    while (this.#stored < this.#seen && !this.#closed.signal.aborted) {
      this.#start(true);
      await this.#running;
    }
  }

  close(): void {
    this.#closed.abort();
  }

  #start(always = false): void {
    if (this.#closed.signal.aborted || this.#running || (!always && this.#waiting.length === 0)) return;
    this.#running = this.#run(always).finally(() => { this.#running = undefined; this.#start(); });
    this.#running.catch((error) => {
      if (!this.#closed.signal.aborted) this.#options.log.error(`[${this.#options.job}] Results of the log could not be stored: ${messageOf(error)}`);
    });
  }

  async #run(always: boolean): Promise<void> {
    do {
      const batch = this.#waiting.slice(0, mostAtOnce);
      const upTo = batch.length < this.#waiting.length ? batch.at(-1)!.line + 1 : this.#seen;
      await this.#store(batch, upTo);
      this.#waiting.splice(0, batch.length);
      this.#stored = upTo;
    } while (this.#waiting.length > 0 || (always && this.#stored < this.#seen));
  }

  async #store(batch: readonly Noted[], upTo: number): Promise<void> {
    const { job, log } = this.#options;
    const understood = batch.filter((n) => n.kind === 'result').map((n) => ({ line: n.line, record: n.record, ...understandResult(job, n.record.msg) }));
    for (const { extra } of understood) if (extra) await this.#keepExtra(extra).catch((error) => log.error(`[${job}] ${extra.file}: ${messageOf(error)}`));
    try {
      await this.#transaction(batch, understood, upTo);
    } catch (error) {
      if (isConnectionLoss(error) || batch.length === 0) throw error;
      if (batch.length > 1) {
        // One of them cannot be stored: find it.
        const half = batch.length >> 1;
        await this.#store(batch.slice(0, half), batch[half]!.line);
        await this.#store(batch.slice(half), upTo);
        return;
      }
      log.error(`[${job}] Record ${batch[0]!.line} of the log was left out of the results: ${messageOf(error)}`);
      await this.#transaction([], [], upTo);
    }
  }

  async #transaction(batch: readonly Noted[], understood: readonly (Understood & { line: number })[], upTo: number): Promise<void> {
    const { db, events, job } = this.#options;
    const ids = await whenBack(3600, () => db.transaction().execute(async (trx) => {
      if (!(await this.#isLastAttempt(trx))) { this.close(); return []; }
      const cases = await this.#storeCases(trx, understood.flatMap((u) => (u.testCase ? [{ ...u.testCase, line: u.line }] : [])));
      await this.#storeActions(trx, batch);
      const comment = understood.map((u) => u.complaint ?? '').join('');
      const verdict = batch.findLast((n) => n.kind === 'result' && isVerdict(n.record.msg));
      const { error_type = null, error_msg = null, error_code = null } = (verdict?.kind === 'result' ? verdict.record.msg : {}) as Record<string, string | null>;
      await sql`update jobs set log_lines = ${upTo}, failure_comment = nullif(concat(failure_comment, ${comment}::text), ''),
        error_type = coalesce(${textOrNull(error_type)}, error_type), error_msg = coalesce(${textOrNull(error_msg)}, error_msg),
        error_code = coalesce(${textOrNull(error_code)}, error_code)
        where id = ${job} and log_lines < ${upTo}`.execute(trx);
      return cases;
      // Before it is tried again: what the transaction made is gone with it.
    }).catch((error: unknown) => { this.#suites.clear(); this.#sets.clear(); throw error; }), this.#closed.signal);
    if (ids.length > 0) events.publish({ type: 'results', job, cases: ids });
    const startLines = batch.flatMap((n) => (n.kind === 'start' ? [n.line] : n.kind === 'end' ? [this.#ended.get(n.line) ?? -1] : [])).filter((n) => n >= 0);
    this.#ended.clear();
    if (startLines.length > 0) events.publish({ type: 'actions', job, startLines: [...new Set(startLines)] });
  }

  /** Holds the job as it is until the end of the transaction. */
  async #isLastAttempt(trx: Transaction<Database>): Promise<boolean> {
    const { job, retried } = this.#options;
    const { rows } = await sql`select 1 from jobs where id = ${job} and retried = ${retried} for no key update`.execute(trx);
    return rows.length > 0;
  }

  async #storeCases(trx: Transaction<Database>, cases: readonly (NewCase & { line: number })[]): Promise<number[]> {
    if (cases.length === 0) return [];
    const { job, base } = this.#options;
    const inLog = (line: number | null) => (line === null ? null : line + base);
    await this.#findSuites(trx, cases);
    const rows = cases.map((c) => ({
      suite_id: this.#suites.get(c.suite), set_id: c.set === null ? null : this.#sets.get(`${c.suite}\0${c.set}`), name: c.name, result: c.result,
      measurement: c.measurement, units: c.units, metadata: c.metadata, start_log_line: inLog(c.startLine), end_log_line: inLog(c.endLine), log_line: c.line,
    }));
    if (this.#lost) await findAgain(trx, job, rows);
    const { rows: stored } = await sql<{ id: number }>`
      insert into test_cases (job, suite_id, set_id, name, result, measurement, units, metadata, start_log_line, end_log_line, log_line)
      select ${job}, suite_id, set_id, name, result, measurement, units, metadata, start_log_line, end_log_line, log_line
      from jsonb_to_recordset(${storableJson(rows)}::jsonb) as c (suite_id int, set_id int, name text, result smallint, measurement numeric(30, 10),
        units text, metadata text, start_log_line int, end_log_line int, log_line int)
      order by log_line on conflict do nothing returning id`.execute(trx);
    return stored.map((r) => r.id);
  }

  async #findSuites(trx: Transaction<Database>, cases: readonly NewCase[]): Promise<void> {
    const { job } = this.#options;
    const suites = [...new Set(cases.map((c) => c.suite))].filter((name) => !this.#suites.has(name));
    if (suites.length > 0) {
      await sql`insert into test_suites (job, name) select ${job}, name from unnest(${suites}::text[]) with ordinality as u (name, n) order by n on conflict do nothing`.execute(trx);
      const { rows } = await sql<{ id: number; name: string }>`select id, name from test_suites where job = ${job} and name = any(${suites}::text[])`.execute(trx);
      for (const { id, name } of rows) this.#suites.set(name, id);
    }
    const sets = new Map(cases.flatMap((c) => (c.set === null ? [] : [[`${c.suite}\0${c.set}`, { suite: this.#suites.get(c.suite)!, name: c.set }]])));
    for (const [key, { suite, name }] of sets) {
      if (this.#sets.has(key)) continue;
      await sql`insert into test_sets (suite_id, name) values (${suite}, ${name}) on conflict do nothing`.execute(trx);
      const { rows } = await sql<{ id: number }>`select id from test_sets where suite_id = ${suite} and name = ${name}`.execute(trx);
      this.#sets.set(key, rows[0]!.id);
    }
  }

  readonly #ended = new Map<number, number>();

  async #storeActions(trx: Transaction<Database>, batch: readonly Noted[]): Promise<void> {
    const { job } = this.#options;
    const starts: object[] = [];
    const ends: object[] = [];
    const failed: number[] = [];
    this.#ended.clear();
    for (const n of batch) {
      if (n.kind === 'start') {
        starts.push({ ...n.action, start_line: n.line, timeout: n.timeout, started_at: validTime(n.at) });
        this.#open.set(keyOf(n.action), n.line);
        this.#lastOfLevel.set(n.action.level, n.line);
      } else if (n.kind === 'end') {
        const start = this.#open.get(keyOf(n.action));
        if (start === undefined) continue;
        ends.push({ start_line: start, end_line: n.line, ended_at: validTime(n.at) });
        this.#ended.set(n.line, start);
      } else if (n.kind === 'result') {
        const { definition, level, result } = n.record.msg as Record<string, unknown>;
        const start = definition === 'lava' && result === 'fail' && typeof level === 'string' ? this.#lastOfLevel.get(level) : undefined;
        if (start !== undefined) failed.push(start);
      }
    }
    if (starts.length > 0) {
      await sql`insert into job_actions (job, level, name, namespace, start_line, timeout, started_at)
        select ${job}, level, name, namespace, start_line, timeout, started_at from jsonb_to_recordset(${storableJson(starts)}::jsonb)
          as a (level text, name text, namespace text, start_line int, timeout int, started_at timestamptz)
        on conflict do nothing`.execute(trx);
    }
    if (ends.length > 0) {
      await sql`update job_actions set end_line = e.end_line, ended_at = e.ended_at
        from jsonb_to_recordset(${storableJson(ends)}::jsonb) as e (start_line int, end_line int, ended_at timestamptz)
        where job = ${job} and job_actions.start_line = e.start_line`.execute(trx);
    }
    if (failed.length > 0) await sql`update job_actions set failed = true where job = ${job} and start_line = any(${failed}::int[])`.execute(trx);
  }

  /** Extra data of a case goes to a file; what another record of the same case left there is kept where it is not given anew. */
  async #keepExtra({ file, value }: { file: string; value: unknown }): Promise<void> {
    const { folders, job } = this.#options;
    const before = await folders.file(job, file).then((text) => (text === undefined ? undefined : loadYaml(text))).catch(() => undefined);
    const both = isMapping(before) && isMapping(value) ? { ...before, ...value } : value;
    await folders.keep(job, { [file]: dumpYaml(both) });
  }
}

function keyOf(action: { level: string; name: string; namespace: string }): string {
  return `${action.level} ${action.name} ${action.namespace}`;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVerdict(msg: unknown): boolean {
  return isMapping(msg) && msg['definition'] === 'lava' && msg['case'] === 'job';
}

const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value.replaceAll('\0', '') : null);

const validTime = (text: string) => (Number.isNaN(Date.parse(text)) ? new Date().toISOString() : text);
