import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '@lava/job';
import { LavaSystem, waitUntil } from '@lava/testbed';
import { qemuDictionary } from './jobs.ts';

export interface JobAnswer {
  readonly id: number;
  readonly state: string;
  readonly health: string;
  readonly device: string | null;
  readonly error_type: string | null;
  readonly error_msg: string | null;
  readonly log_lines: number;
}

/** A system of its own for a test file, with one worker `w1` and the QEMU device `qemu01`; nothing is started yet but the server. */
export async function startSystem(options: { env?: NodeJS.ProcessEnv } = {}): Promise<LavaSystem> {
  const root = await mkdtemp(join(tmpdir(), 'lava-test-'));
  // As root, the database runs under a user who must be able to pass through.
  await chmod(root, 0o755);
  const system = await LavaSystem.at(root);
  try {
    await system.startServer(options);
    await system.addWorker('w1');
    await system.addDevice('qemu01', 'w1', 'qemu', qemuDictionary);
    return system;
  } catch (error) {
    await stopSystem(system);
    throw error;
  }
}

/** Stops everything and removes it; with `LAVA_KEEP` set, a copy of logs and state stays for a look. */
export async function stopSystem(system: LavaSystem | undefined): Promise<void> {
  // Nothing to stop when the start failed; the start has cleaned up then.
  if (!system) return;
  await system.stop();
  const keep = process.env['LAVA_KEEP'];
  if (keep) await cp(system.root, join(keep, system.root.split('/').at(-1)!), { recursive: true });
  await rm(system.root, { recursive: true, force: true });
}

export async function submit(system: LavaSystem, definition: string): Promise<number> {
  const { job_ids: ids } = await system.api<{ job_ids: number[] }>('/api/v1/jobs', { definition });
  return ids[0]!;
}

export const job = (system: LavaSystem, id: number): Promise<JobAnswer> => system.api<JobAnswer>(`/api/v1/jobs/${id}`);

export function finished(system: LavaSystem, id: number, seconds = 180): Promise<JobAnswer> {
  return waitUntil(`job ${id} to finish`, async () => {
    const answer = await job(system, id);
    return answer.state === 'Finished' ? answer : undefined;
  }, seconds);
}

/** The whole log as the server has it, record by record. */
export async function log(system: LavaSystem, id: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (;;) {
    const response = await fetch(`${system.url}/api/v1/jobs/${id}/log?start=${records.length}`, { headers: { authorization: `Token ${system.token}` } });
    const lines = (await response.text()).split('\n').filter((l) => l !== '');
    if (!response.ok || lines.length === 0) return records;
    records.push(...lines.map((l) => JSON.parse(l) as LogRecord));
  }
}

/** Numbers of the lines `numbered line N` on the console, in order. */
export async function numbersSeen(system: LavaSystem, id: number): Promise<number[]> {
  return (await log(system, id)).flatMap((r) => {
    const match = r.lvl === 'target' && typeof r.msg === 'string' ? /^numbered line (\d+)$/.exec(r.msg) : null;
    return match ? [Number(match[1])] : [];
  });
}

/** Waits until the console has shown `numbered line N`. */
export function seen(system: LavaSystem, id: number, n: number): Promise<true> {
  return waitUntil(`line ${n} of job ${id}`, async () => (await numbersSeen(system, id)).includes(n) || undefined, 120) as Promise<true>;
}

/** 1, 2, … n. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
