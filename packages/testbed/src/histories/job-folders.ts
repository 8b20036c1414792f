import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultLab } from './fault-lab.ts';

/** Folders of jobs on the server, by number. */
export async function jobFolders(lab: FaultLab): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const name of await readdir(lab.jobOutput, { recursive: true }).catch(() => [])) {
    const match = /^\d+\/\d+\/\d+\/(\d+)$/.exec(name);
    if (match) found.set(Number(match[1]), join(lab.jobOutput, name));
  }
  return found;
}
