import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Names one process for good: process numbers are used again, start times and boots are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start: field 22 of /proc/PID/stat (proc(5)). */
  readonly started: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
}

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** Was it started since this machine came up? */
export function isThisBoot(identity: ProcessIdentity): boolean {
  return identity.boot === bootId();
}

/** Identity of a process that runs now; undefined if there is none of that number, or only its unreaped remains. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold blanks and parentheses itself; what follows the last one is regular.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const started = fields[19];
    if (started === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, started, boot: bootId() };
  } catch {
    return undefined;
  }
}

/** Does this very process still run? */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.started === identity.started && now.boot === identity.boot;
}

/** Sends a signal to this very process; false if it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Processes in whose environment the variable `name` has a value that fits, as it has in all that descends from one. */
export async function processesWith(name: string, fits: (value: string) => boolean): Promise<ProcessIdentity[]> {
  const mark = `\0${name}=`;
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = `\0${await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')}`;
    const at = environment.indexOf(mark);
    if (at < 0 || !fits(environment.slice(at + mark.length).split('\0', 1)[0]!)) continue;
    const identity = identify(pid);
    if (identity) found.push(identity);
  }
  return found;
}
