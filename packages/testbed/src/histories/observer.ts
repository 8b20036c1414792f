import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jobStates } from '@lava/job';
import { EventListener } from './event-listener.ts';
import type { FaultLab, LabWorker } from './fault-lab.ts';
import type { Snapshot } from './history.ts';
import { commandLinesWith } from './processes.ts';

/** Begin of every secret of the jobs, by which one is found wherever it turns up. */
export const secretMark = 'hidden-word-';

/** Watches a lab while a history runs: looks at the database, keeps the journals of attempts, looks for secrets where they must not be. */
export class Observer {
  readonly snapshots: Snapshot[] = [];
  readonly leaks = new Set<string>();
  /** Attempts that were seen live, with the faults that were on then and may end a job on their worker. */
  readonly excuses = new Map<string, string>();
  readonly seen = new Set<string>();
  /** Workers that a fault is hurting now, so that their jobs may fail; and all that were hurt in this history. */
  readonly hurting = new Map<string, string>();
  readonly wereHurt = new Map<string, string>();
  readonly linesAtEnd = new Map<number, number>();
  /** Most lines that the servers were seen to have taken of a job; jobs whose log a fault took away. */
  readonly linesTaken = new Map<number, number>();
  readonly logsTaken = new Set<number>();
  readonly #lab: FaultLab;
  readonly #stop = new AbortController();
  #watching: Promise<unknown> = Promise.resolve();
  #events: EventListener | undefined;
  #started = 0;

  constructor(lab: FaultLab) {
    this.#lab = lab;
  }

  start(): void {
    this.#started = performance.now();
    this.#events = new EventListener(this.#lab, (where, text) => { if (text.includes(secretMark)) this.leaks.add(`${where}: ${text.slice(0, 300)}`); });
    const every = async (ms: number, look: () => Promise<void>) => {
      while (!this.#stop.signal.aborted) {
        await look().catch(() => undefined);
        await pause(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    };
    this.#watching = Promise.all([every(150, () => this.#lookAtDatabase()), every(40, () => this.#keepJournals()), every(500, () => this.#lookAtProcesses())]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.#events?.stop();
    for (const line of await this.#lab.said.freshLinesWith(secretMark, await this.#lab.daemonLogs())) this.leaks.add(line);
  }

  /** Bytes of events that were heard. */
  get heard(): EventListener['heard'] {
    return this.#events!.heard;
  }

  /** From now on jobs on this worker may fail. */
  async hurt(worker: string, reason: string): Promise<void> {
    this.hurting.set(worker, reason);
    this.wereHurt.set(worker, reason);
    // What it holds now, or is about to start, also while the database is away.
    for (const { attempt, worker: on } of this.snapshots.at(-1)?.held ?? []) if (on === worker) this.excuses.set(attempt, reason);
    for (const name of await this.#lab.attemptFolders(this.#lab.worker(worker))) this.excuses.set(name, reason);
    await this.#lookAtDatabase().catch(() => undefined);
  }

  /** The attempts that begin after this must pass again. */
  async unhurt(worker: string): Promise<void> {
    await this.#lookAtDatabase().catch(() => undefined);
    this.hurting.delete(worker);
  }

  /** Why an attempt may have failed. One that was never seen live may have run in any moment of the history. */
  excuseFor(worker: string, attempt: string): string | undefined {
    return this.excuses.get(attempt) ?? (this.seen.has(attempt) ? undefined : this.wereHurt.get(worker));
  }

  /** The journal of an attempt as it was written on its worker, also when its folder is gone. */
  async journal(worker: LabWorker, attempt: string): Promise<string[] | undefined> {
    const text = await readFile(join(kept(worker), attempt), 'utf8').catch(() => undefined);
    return text?.split('\n').slice(0, -1);
  }

  async forgetJournals(): Promise<void> {
    for (const worker of this.#lab.workers) await rm(kept(worker), { recursive: true, force: true });
  }

  async #lookAtDatabase(): Promise<void> {
    const rows = await this.#lab.database.rows<{ held: Snapshot['held']; groups: { target_group: string; state: number; returns: boolean }[]; finished: number[] }>(`select
      (select coalesce(json_agg(json_build_object('device', coalesce(device, shared_device), 'attempt', job || '-' || fence, 'worker', worker)), '[]') from attempts where ended_at is null) as held,
      (select coalesce(json_agg(json_build_object('target_group', target_group, 'state', state, 'returns', retry_pending)), '[]') from jobs where target_group is not null) as groups,
      (select coalesce(json_agg(id), '[]') from jobs where state = $1 and end_time is not null) as finished`, [jobStates.indexOf('Finished')]);
    const { held, groups, finished } = rows[0]!;
    const byGroup: Record<string, string[]> = {};
    for (const { target_group: group, state, returns } of groups) (byGroup[group] ??= []).push(returns ? 'Returning' : jobStates[state]!);
    this.snapshots.push({ at: Math.round(performance.now() - this.#started), held, groups: byGroup });
    for (const { attempt, worker } of held) {
      this.seen.add(attempt);
      const reason = this.hurting.get(worker);
      if (reason !== undefined) this.excuses.set(attempt, reason);
    }
    await this.#noteEnds(finished);
    for (const [job, lines] of await this.#lab.logs.taken()) this.linesTaken.set(job, Math.max(lines, this.linesTaken.get(job) ?? 0));
  }

  /** How long the logs of jobs are that have just finished. */
  async #noteEnds(finished: readonly number[]): Promise<void> {
    const fresh = finished.filter((id) => !this.linesAtEnd.has(id));
    if (fresh.length === 0) return;
    for (const [id, lines] of await this.#lab.logs.counts(fresh)) this.linesAtEnd.set(id, lines);
  }

  /** A second name for each journal keeps it when the worker removes the folder. */
  async #keepJournals(): Promise<void> {
    for (const worker of this.#lab.workers) {
      const names = await this.#lab.attemptFolders(worker);
      const have = new Set(await readdir(kept(worker)).catch(() => []));
      if (names.length > 0) await mkdir(kept(worker), { recursive: true });
      for (const name of names) if (!have.has(name)) await link(join(worker.attempts, name, 'logs.yaml'), join(kept(worker), name)).catch(() => undefined);
    }
  }

  async #lookAtProcesses(): Promise<void> {
    for (const line of commandLinesWith(secretMark)) this.leaks.add(`command line: ${line.slice(0, 300)}`);
  }
}

const kept = (worker: LabWorker) => join(worker.folder, 'kept');
