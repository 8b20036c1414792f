import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InfrastructureError, type LavaPaths } from '@lava/base';

/*
 * Logs of jobs that ended long ago may be packed, as LAVA does it: `output.yaml.xz`, the size of the text in
 * `output.yaml.size`, and `output.idx` as before. Who reads one gets an unpacked copy, of which the last few are kept.
 */

export const [plain, packed, size] = ['output.yaml', 'output.yaml.xz', 'output.yaml.size'] as const;

/** Unpacked copies that are kept, and how long one is kept at least for its reader to open it (ms). */
const mostCopies = 32;
const leastAge = 60_000;

const copiesFolder = (paths: LavaPaths) => join(paths.serverState, 'unpacked-logs');

/** Path of the log's text in a job's folder, or of an unpacked copy; undefined if there is no log. */
export async function unpackedLog(folder: string, paths: LavaPaths): Promise<string | undefined> {
  const path = join(folder, plain);
  if (await isFile(path)) return path;
  const source = await stat(join(folder, packed)).catch(() => undefined);
  if (!source) return undefined;
  const key = createHash('sha256').update(`${folder} ${source.mtimeMs} ${source.size}`).digest('hex').slice(0, 16);
  return keptCopy(paths, `${basename(folder)}-${key}`, (fresh) => unpack(join(folder, packed), fresh));
}

/** A copy that is kept for those who read it next; `make` writes it to a file that is not there yet. Its name begins with the job's number and `-`. */
export async function keptCopy(paths: LavaPaths, name: string, make: (fresh: string) => Promise<void>): Promise<string> {
  const copies = copiesFolder(paths);
  const copy = join(copies, `${name}.yaml`);
  if (await isFile(copy)) {
    const now = new Date();
    await utimes(copy, now, now).catch(() => {});
    return copy;
  }
  await mkdir(copies, { recursive: true, mode: 0o700 });
  await removeOldest(copies);
  const fresh = `${copy}.${randomUUID()}`;
  try {
    await make(fresh);
    await rename(fresh, copy);
  } finally {
    await rm(fresh, { force: true });
  }
  return copy;
}

/** A log that was written to so recently (ms) may still be open for what a worker has to add. */
const leastRest = 3_600_000;

/**
 * Packs the log of a job that has ended. Returns how many bytes it took before and takes now; undefined if there is
 * nothing to pack, or it was written to within the last hour.
 */
export async function packLog(folder: string): Promise<{ before: number; after: number } | undefined> {
  const path = join(folder, plain);
  const found = await stat(path).catch(() => undefined);
  if (!found || Date.now() - found.mtimeMs < leastRest) return undefined;
  const before = found.size;
  const fresh = join(folder, `${packed}.new`);
  try {
    await rm(fresh, { force: true });
    await pack(path, fresh);
    const { mode, uid, gid, atime, mtime } = found;
    await chmod(fresh, mode);
    if (process.geteuid?.() === 0) await chown(fresh, uid, gid);
    await utimes(fresh, atime, mtime);
    await writeFile(join(folder, size), String(before));
    await rename(fresh, join(folder, packed));
  } finally {
    await rm(fresh, { force: true });
  }
  // Until here, readers find the text.
  await rm(path);
  return { before, after: (await stat(join(folder, packed))).size };
}

/** Puts a packed log back as it was: a worker that was away for long has something to add. */
export async function unpackInPlace(folder: string): Promise<void> {
  const path = join(folder, plain);
  if (await isFile(path) || !await isFile(join(folder, packed))) return;
  await rm(`${path}.new`, { force: true });
  await unpack(join(folder, packed), `${path}.new`);
  await rename(`${path}.new`, path);
  for (const name of [packed, size]) await rm(join(folder, name), { force: true });
}

/** Removes what was unpacked of a job's log. */
export async function removeCopies(job: number, paths: LavaPaths): Promise<void> {
  const folder = copiesFolder(paths);
  for (const name of await readdir(folder).catch(() => [])) if (name.startsWith(`${job}-`)) await rm(join(folder, name), { force: true });
}

/** Packs a file into one that is not there yet. */
export const pack = (from: string, to: string) => xz(['-c'], from, to);

/** Unpacks a file into one that is not there yet. */
export const unpack = (from: string, to: string) => xz(['-dc'], from, to);

async function xz(args: readonly string[], from: string, to: string): Promise<void> {
  const input = await open(from);
  const output = await open(to, 'wx', 0o640).catch(async (error: unknown) => { await input.close(); throw error; });
  try {
    const child = spawn('xz', [...args], { stdio: [input.fd, output.fd, 'pipe'] });
    let complaint = '';
    child.stderr!.on('data', (part: Buffer) => { complaint += part.toString(); });
    const status = await new Promise((resolve, reject) => { child.once('close', resolve); child.once('error', reject); }).catch((error: Error) => {
      throw new InfrastructureError(`xz cannot be run: ${error.message}`, { code: 'no-xz', cause: error, hint: 'Install the Debian package xz-utils.' });
    });
    if (status !== 0) throw new InfrastructureError(`${from}: xz failed: ${complaint.trim()}`, { code: 'packed-log' });
    await output.datasync();
  } finally {
    await input.close();
    await output.close();
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length < mostCopies) return;
  const copies = await Promise.all(names.map(async (name) => ({ name, used: await stat(join(folder, name)).then((s) => s.mtimeMs, () => 0) })));
  copies.sort((a, b) => a.used - b.used);
  for (const { name, used } of copies.slice(0, names.length - mostCopies + 1)) if (Date.now() - used > leastAge) await rm(join(folder, name), { force: true });
}

const isFile = (path: string) => stat(path).then((s) => s.isFile(), () => false);
