import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LavaPaths } from '@lava/base';
import { copyFolder } from '../files/copy-folder.ts';
import { giveTo } from '../files/give-to.ts';
import { actionsOfLog, type ActionOfLog } from '../logs/actions-of-log.ts';
import { jobFolder } from '../logs/job-folder.ts';
import { encodeOffsets, scanLines } from '../logs/line-index.ts';
import { unpackedLog } from '../logs/packed-log.ts';

interface JobOfDay {
  readonly id: number;
  /** In UTC, as PostgreSQL prints it. */
  readonly submitTime: string;
}

/** A log that is here now. */
export interface TakenLog {
  readonly lines: number;
  readonly actions: readonly ActionOfLog[];
}

/** Folders that are copied at the same time. */
const atOnce = 8;

/** Logs and other files of jobs, copied from the media folder of another LAVA; nothing is changed there. */
export class JobFiles {
  readonly #paths: LavaPaths;
  readonly #media: string | undefined;
  /** Jobs whose logs were copied, and those whose logs were at their place already. */
  taken = 0;
  here = 0;
  readonly missing = new Set<number>();

  readonly #dryRun: boolean;

  constructor(paths: LavaPaths, media: string | undefined, dryRun: boolean) {
    this.#dryRun = dryRun;
    this.#paths = paths;
    this.#media = media;
  }

  /** Copies the files of these jobs; returns what the logs that are here now say. */
  async take(jobs: readonly JobOfDay[]): Promise<ReadonlyMap<number, TakenLog>> {
    const logs = new Map<number, TakenLog>();
    if (this.#media === undefined) return logs;
    for (let n = 0; n < jobs.length; n += atOnce) {
      await Promise.all(jobs.slice(n, n + atOnce).map(async (job) => {
        const log = await this.#takeOne(this.#media!, job);
        if (log === undefined) this.missing.add(job.id);
        else logs.set(job.id, log);
      }));
    }
    return logs;
  }

  async #takeOne(media: string, { id, submitTime }: JobOfDay): Promise<TakenLog | undefined> {
    const day = submitTime.slice(0, 10).replaceAll('-', '/');
    const target = jobFolder(this.#paths, day, id);
    // Releases before 2018 had one folder for all days.
    const from = await firstFolder([join(media, 'job-output', day, String(id)), join(media, 'job-output', `job-${id}`)]);
    if (from === undefined) return undefined;
    if (await isFolder(target)) this.here++;
    else if (this.#dryRun) {
      this.taken++;
      return { lines: 0, actions: [] };
    } else {
      await copyWhole(from, target, this.#paths.serverState);
      this.taken++;
    }
    return this.#dryRun ? { lines: 0, actions: [] } : indexed(target, this.#paths);
  }
}

/** Makes the index of a log anew: that of the other LAVA may be missing or have one entry too many. */
async function indexed(folder: string, paths: LavaPaths): Promise<TakenLog | undefined> {
  const path = await unpackedLog(folder, paths);
  if (path === undefined) return undefined;
  const file = await open(path);
  try {
    const { offsets, end } = await scanLines(file);
    // A last line that was cut off counts for upstream and is no line here.
    if (end < (await file.stat()).size) offsets.push(end);
    const bytes = encodeOffsets(offsets);
    const index = join(folder, 'output.idx');
    if (!bytes.equals(await readFile(index).catch(() => Buffer.alloc(0)))) {
      await writeFile(`${index}.new`, bytes);
      await rename(`${index}.new`, index);
    }
    return { lines: offsets.length, actions: await actionsOfLog(path) };
  } finally {
    await file.close();
  }
}

async function firstFolder(candidates: readonly string[]): Promise<string | undefined> {
  for (const path of candidates) {
    for (const log of ['output.yaml', 'output.yaml.xz']) if (await stat(join(path, log)).then((s) => s.isFile(), () => false)) return path;
  }
  return undefined;
}

/** Copies a folder as a whole or not at all. Links are left out: they may lead anywhere. */
async function copyWhole(from: string, to: string, ownedLike: string): Promise<void> {
  const fresh = `${to}.import`;
  await rm(fresh, { recursive: true, force: true });
  const made = await mkdir(dirname(to), { recursive: true });
  await copyFolder(from, fresh);
  await giveTo(ownedLike, fresh, made);
  await rename(fresh, to);
}

const isFolder = (path: string) => realpath(path).then(async (real) => (await stat(real)).isDirectory(), () => false);
