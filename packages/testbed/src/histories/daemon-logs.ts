import { readFile } from 'node:fs/promises';
import type { FaultLab } from './fault-lab.ts';

/** Lines in which a text stands of what the daemons of a lab have said so far on standard output and error. */
export async function daemonLinesWith(lab: FaultLab, text: string): Promise<string[]> {
  const found = await Promise.all((await lab.daemonLogs()).map(async (path) => (await readFile(path, 'utf8')).split('\n').flatMap((line) => (line.includes(text) ? [`${path}: ${line.slice(0, 300)}`] : []))));
  return found.flat();
}
