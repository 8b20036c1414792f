import { copyFile, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { sql, type Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import { lineOffsets, scanLines } from '../logs/line-index.ts';
import { putLog } from '../logs/move-logs.ts';
import { packed, plain, size, unpack } from '../logs/packed-log.ts';
import type { SharedFiles } from '../logs/shared-files.ts';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';
import { jobFolders } from './job-folders.ts';

/*
 * What a job leaves behind as a folder, as one server alone has it on its disk, and as several servers share it: either
 * becomes the other.
 */

/** Bytes of a log that are kept as one piece. */
const pieceBytes = 256 * 1024;
const ofTheLog: readonly string[] = [plain, packed, size, 'output.idx'];

/** Copies what several servers share of a job to a folder. Returns the number of files copied; undefined if nothing is shared. */
export async function copyShared(shared: SharedFiles, db: Kysely<Database>, job: number, folder: string): Promise<number | undefined> {
  let copied = 0;
  if (await shared.isStored(job)) {
    const from = await shared.nameOf(job);
    for (const name of (await shared.storage.list(from)).map((n) => n.slice(from.length))) {
      const path = join(folder, name);
      // Of a job that has ended nothing changes any more.
      if (await isFile(path)) continue;
      await mkdir(dirname(path), { recursive: true });
      await rm(`${path}.copy`, { force: true });
      await shared.download(job, name, `${path}.copy`);
      await rename(`${path}.copy`, path);
      copied += 1;
    }
    await Promise.all([plain, 'output.idx'].map((name) => rm(join(folder, name), { force: true })));
    return copied;
  }
  const log = await shared.log(job);
  const files = await db.selectFrom('job_files').select(['name', 'content']).where('job', '=', job).execute();
  if (log === undefined && files.length === 0) return undefined;
  await mkdir(folder, { recursive: true });
  if (log !== undefined) { await copyFile(log, join(folder, plain)); copied += 1; }
  for (const { name, content } of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
    copied += 1;
  }
  // It may have moved in the meantime.
  return await shared.isStored(job) ? copyShared(shared, db, job, folder) : copied;
}

/** Moves the folders of all jobs on this disk where all servers find them. Returns how many there were. */
export async function shareFolders(shared: SharedFiles, db: Kysely<Database>, paths: LavaPaths): Promise<number> {
  let moved = 0;
  for await (const { job, own } of jobFolders(db, paths)) {
    if (await shareFolder(shared, db, job, own) === 0) continue;
    await rm(own, { recursive: true });
    moved += 1;
  }
  return moved;
}

/** Puts what is in a job's folder where all servers find it. Returns the number of files; 0 if there is no folder. */
export async function shareFolder(shared: SharedFiles, db: Kysely<Database>, job: number, folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath, e.name)));
  if (names.length === 0) return 0;
  const log = await logIn(folder);
  try {
    const row = await db.selectFrom('jobs').select('state').where('id', '=', job).executeTakeFirst();
    const files = names.filter((name) => !ofTheLog.includes(name) && !name.endsWith('.xz.new'));
    if (row?.state === jobState.Finished) {
      const lines = log === undefined ? 0 : await countLines(log.path);
      if (log) await putLog(shared, job, log.path);
      for (const name of files) await shared.storage.put(await shared.nameOf(job, name), { path: join(folder, name) });
      await sql`insert into stored_logs (job, lines) values (${job}, ${lines}) on conflict (job) do update set lines = excluded.lines`.execute(db);
    } else {
      if (log) await keepPieces(db, job, log.path);
      for (const name of files) await shared.keepFiles(db, job, { [name]: await readFile(join(folder, name), 'utf8') });
    }
    return files.length + (log ? 1 : 0);
  } finally {
    await log?.done();
  }
}

/** The text of a log, unpacked beside it if need be. */
async function logIn(folder: string): Promise<{ path: string; done(): Promise<void> } | undefined> {
  const path = join(folder, plain);
  if (await isFile(path)) return { path, done: async () => {} };
  if (!await isFile(join(folder, packed))) return undefined;
  const text = `${path}.unpacked`;
  await rm(text, { force: true });
  await unpack(join(folder, packed), text);
  return { path: text, done: () => rm(text, { force: true }) };
}

async function countLines(path: string): Promise<number> {
  const file = await open(path);
  try {
    return (await scanLines(file)).offsets.length;
  } finally {
    await file.close();
  }
}

/** The lines of a job that still runs; of a line that was cut off nothing. */
async function keepPieces(db: Kysely<Database>, job: number, path: string): Promise<void> {
  const text = await readFile(path);
  const whole = text.subarray(0, text.lastIndexOf(0x0a) + 1);
  for (let [at, line] = [0, 0]; at < whole.length;) {
    const end = whole.indexOf(0x0a, Math.min(at + pieceBytes, whole.length) - 1) + 1;
    const piece = whole.subarray(at, end);
    const lines = lineOffsets(piece, 0).length;
    await db.insertInto('log_pieces').values({ job, first_line: line, lines, text: piece }).execute();
    [at, line] = [end, line + lines];
  }
}

const isFile = (path: string) => stat(path).then((s) => s.isFile(), () => false);
