import { readFile, readdir } from 'node:fs/promises';

/** Clock ticks a second in /proc, on every Linux that Node.js runs on. */
const ticks = 100;

/** What a process has used so far. */
interface Use {
  /** Seconds on a core. */
  readonly cpu: number;
  readonly residentMiB: number;
}

export async function processUse(pid: number): Promise<Use> {
  const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
  // What follows the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { cpu: (Number(fields[11]) + Number(fields[12])) / ticks, residentMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 };
}

/** Seconds on a core of all processes below another one that live now, such as the database of a server. */
export async function childrenCpu(parent: number): Promise<number> {
  const children = new Map<number, { parent: number; cpu: number }>();
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat) children.set(Number(name), { parent: Number(fields[1]), cpu: (Number(fields[11]) + Number(fields[12])) / ticks });
  }
  const isBelow = (pid: number): boolean => {
    const above = children.get(pid)?.parent;
    return above !== undefined && (above === parent || isBelow(above));
  };
  return [...children].reduce((sum, [pid, { cpu }]) => sum + (isBelow(pid) ? cpu : 0), 0);
}
