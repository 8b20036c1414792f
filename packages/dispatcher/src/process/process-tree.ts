import { readdirSync, readFileSync } from 'node:fs';
import { sleep } from '@lava/base';

/** A process that is safely told from a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after the machine's start (field 22 of /proc/PID/stat). */
  readonly startTime: string;
}

interface Stat extends ProcessId {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly zombie: boolean;
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name in parentheses may hold anything, also blanks and parentheses.
    const f = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, zombie: f[0] === 'Z' || f[0] === 'X', parent: Number(f[1]), group: Number(f[2]), session: Number(f[3]), startTime: f[19] ?? '' };
  } catch {
    return undefined;
  }
}

function allProcesses(): Stat[] {
  return readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map((n) => stat(Number(n))).filter((s) => s !== undefined && !s.zombie) as Stat[];
}

/** Identity of a running process; undefined if there is none (a zombie counts as gone). */
export function processId(pid: number): ProcessId | undefined {
  const found = stat(pid);
  return found === undefined || found.zombie ? undefined : { pid, startTime: found.startTime };
}

export function isRunning(process: ProcessId): boolean {
  return processId(process.pid)?.startTime === process.startTime;
}

/** A process, its group and session, and all their descendants. */
export function processTree(root: number): ProcessId[] {
  const all = allProcesses();
  const found = new Map(all.filter((p) => p.pid === root || p.group === root || p.session === root).map((p) => [p.pid, p]));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const p of all) if (found.has(p.parent)) found.set(p.pid, p);
  }
  return [...found.values()];
}

/** Processes whose environment carries every one of these variables; of other users' processes nothing is known. */
export function processesWithEnvironment(variables: Readonly<Record<string, string>>): ProcessId[] {
  const wanted = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return allProcesses().filter(({ pid }) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return wanted.every((v) => environment.includes(v));
    } catch {
      return false;
    }
  });
}

function signal(process: ProcessId, name: NodeJS.Signals): void {
  try {
    if (isRunning(process)) globalThis.process.kill(process.pid, name);
  } catch { /* it has just ended */ }
}

/** A polite signal to all, SIGKILL to those that are left after `graceMs`. Resolves when they are gone. */
export async function endProcesses(processes: readonly ProcessId[], graceMs: number, polite: 'SIGTERM' | 'SIGHUP' = 'SIGTERM'): Promise<void> {
  for (const p of processes) signal(p, polite);
  // A stopped process takes SIGTERM only when it goes on.
  for (const p of processes) signal(p, 'SIGCONT');
  await gone(processes, graceMs);
  for (const p of processes) signal(p, 'SIGKILL');
  await gone(processes, 5000);
}

async function gone(processes: readonly ProcessId[], withinMs: number): Promise<void> {
  for (let waited = 0, pause = 2; waited < withinMs && processes.some(isRunning); waited += pause, pause = Math.min(50, pause * 2)) await sleep(pause);
}
