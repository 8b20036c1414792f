import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running PostgreSQL says of itself in postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  readonly socketFolder: string;
  readonly ready: boolean;
}

/** The server that holds the data folder, or undefined when none runs (whatever postmaster.pid says). */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // The number may have gone to another process since: PostgreSQL's working folder is its data folder.
  if ((await readlink(`/proc/${pid}/cwd`).catch(() => '')) !== data) return undefined;
  return { pid, socketFolder: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}
