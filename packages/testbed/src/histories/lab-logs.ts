import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDatabase } from './lab-database.ts';

/** Where logs are looked for. */
interface Lab {
  /** Folder of jobs on the disk of the first server. */
  readonly jobOutput: string;
  readonly database: LabDatabase;
  /** What a server answers to the admin. */
  text(path: string): Promise<string>;
}

/** The logs of jobs as the servers of a lab keep them. */
export interface LabLogs {
  /** The lines of a job's log as they are stored, byte for byte. */
  lines(job: number): Promise<string[]>;
  /** How many lines are stored of each of these jobs; those without a log are left out. */
  counts(jobs: readonly number[]): Promise<Map<number, number>>;
  /** Most lines that were taken of each running job by now, where that can be told without a look at every log. */
  taken(): Promise<Map<number, number>>;
  clear(): Promise<void>;
}

/** Folders of jobs on the disk of a server that is alone, by number. */
export async function jobFolders(lab: Lab): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const name of await readdir(lab.jobOutput, { recursive: true }).catch(() => [])) {
    const match = /^\d+\/\d+\/\d+\/(\d+)$/.exec(name);
    if (match) found.set(Number(match[1]), join(lab.jobOutput, name));
  }
  return found;
}

/** Of a server that is alone: files on its disk. */
export const logsOnDisk = (lab: Lab): LabLogs => ({
  lines: async (job) => linesOf(await readLog((await jobFolders(lab)).get(job))),
  async counts(jobs) {
    const folders = await jobFolders(lab);
    const known = jobs.filter((job) => folders.has(job));
    return new Map(await Promise.all(known.map(async (job) => [job, linesOf(await readLog(folders.get(job))).length] as const)));
  },
  taken: async () => new Map(),
  async clear() {
    for (const folder of (await jobFolders(lab)).values()) await rm(folder, { recursive: true, force: true });
  },
});

/** Of several servers: in their database and their storage, read as users read them. */
export const sharedLogs = (lab: Lab): LabLogs => ({
  // A job that never began has none.
  lines: async (job) => linesOf(await lab.text(`/api/v0.2/jobs/${job}/logs/`).catch((error: unknown) => { if (String(error).includes(': 404 ')) return ''; throw error; })),
  counts: (jobs) => counted(lab, `select j as job, greatest((select lines from stored_logs where job = j), (select max(first_line + lines) from log_pieces where job = j)) as lines from unnest($1::int[]) as j`, [jobs]),
  taken: () => counted(lab, 'select job, max(first_line + lines) as lines from log_pieces group by job'),
  clear: async () => {},
});

async function counted(lab: Lab, query: string, values: unknown[] = []): Promise<Map<number, number>> {
  const rows = await lab.database.rows<{ job: number; lines: number | null }>(query, values);
  return new Map(rows.flatMap(({ job, lines }) => (lines === null ? [] : [[job, lines]])));
}

const readLog = (folder: string | undefined) => readFile(join(folder ?? '', 'output.yaml'), 'utf8').catch(() => '');
const linesOf = (text: string) => text.split('\n').slice(0, -1);
