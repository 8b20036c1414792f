import { readdirSync, readFileSync } from 'node:fs';

const numbers = () => readdirSync('/proc').map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
const read = (path: string) => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return numbers().filter((child) => Number(read(`/proc/${child}/stat`).split(') ').at(-1)?.split(' ')[1]) === pid);
}

/** Processes of an attempt of a worker: whatever carries its folder in the environment. */
export function processesOfAttempt(folder: string): number[] {
  return numbers().filter((pid) => `\0${read(`/proc/${pid}/environ`)}`.includes(`\0LAVA_ATTEMPT=${folder}\0`));
}

/** Sends a signal; false when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try { return process.kill(pid, name); } catch { return false; }
}

/** Command lines of all processes in which `text` stands. */
export function commandLinesWith(text: string): string[] {
  return numbers().map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')).filter((line) => line.includes(text));
}
