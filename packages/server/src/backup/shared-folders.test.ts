import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { folderStore } from '../files/folder-store.ts';
import { JobFolders } from '../logs/job-folder.ts';
import { logStore } from '../logs/log-store.ts';
import { SharedFiles } from '../logs/shared-files.ts';
import type { Database } from '../store/database.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';
import { shareFolders } from './shared-folders.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const progress = () => {};
const lines = (count: number) => Array.from({ length: count }, (_, n) => `- {"dt": "x", "msg": "line ${n} Grüße"}\n`).join('');
const [finished, running, nothing] = [1, 2, 3];

/** A machine with a storage that others could share. */
async function machine(name: string, storageOf = name) {
  const paths = lavaPaths(join(databases.folder, name));
  const { db } = await databases.fresh();
  const shared = await SharedFiles.open({ storage: folderStore(join(databases.folder, `storage-${storageOf}`)), db, paths, log: quietLog });
  const logs = logStore(new JobFolders(paths, db, shared));
  return { paths, db, shared, logs };
}

async function addJobs(db: Kysely<Database>): Promise<void> {
  await sql`insert into users (username) values ('ada')`.execute(db);
  await sql`insert into jobs (submitter, description, definition, original_definition, state) values (1, 'a', '', '', 5), (1, 'b', '', '', 3), (1, 'c', '', '', 5)`.execute(db);
}

async function expectAll({ logs }: Pick<Awaited<ReturnType<typeof machine>>, 'logs'>): Promise<void> {
  expect(await logs.count(finished)).toBe(20_000);
  expect((await logs.read(finished, 0)).toString()).toBe(lines(20_000));
  expect((await logs.read(finished, 19_999)).toString()).toBe(lines(20_000).split('\n').slice(-2).join('\n'));
  expect(await logs.file(finished, 'metadata/a.yaml')).toBe('a: 1\n');
  expect((await logs.read(running, 0)).toString()).toBe(lines(50));
  expect(await logs.file(running, 'device.yaml')).toBe('d\n');
  expect(await logs.count(nothing)).toBe(0);
  expect(await logs.path(nothing)).toBeUndefined();
  expect(await logs.file(nothing, 'device.yaml')).toBeUndefined();
  for (const name of ['../2/device.yaml', '/etc/passwd', 'a\0b']) expect(await logs.file(finished, name)).toBeUndefined();
}

test('from one disk to a storage, into a backup, and from there to a disk and to another storage', async () => {
  const alone = await machine('alone');
  await addJobs(alone.db);
  const folders = new JobFolders(alone.paths, alone.db);
  for (const [job, count, file, text] of [[finished, 20_000, 'metadata/a.yaml', 'a: 1\n'], [running, 50, 'device.yaml', 'd\n']] as const) {
    const folder = (await folders.of(job))!;
    await mkdir(join(folder, 'metadata'), { recursive: true });
    await writeFile(join(folder, 'output.yaml'), lines(count));
    await writeFile(join(folder, file), text);
  }
  // Before they are moved, they are read where they are.
  await expectAll(alone);
  expect(await shareFolders(alone.shared, alone.db, alone.paths)).toBe(2);
  expect(await readdir((await folders.of(finished))!).catch(() => 'gone')).toBe('gone');
  await expectAll(alone);
  expect(await shareFolders(alone.shared, alone.db, alone.paths)).toBe(0);

  const copy = join(databases.folder, 'backup');
  const said: string[] = [];
  await backup({ ...alone, progress: (line) => said.push(line) }, copy);
  await backup({ ...alone, progress: (line) => said.push(line) }, copy);
  // The log of the job that runs has no end yet: it is copied again.
  expect(said.filter((line) => line.startsWith('files'))).toEqual(['files of jobs: 5 copied', 'files of jobs: 2 copied']);

  const disk = await machine('disk');
  await restore({ db: disk.db, paths: disk.paths, progress }, copy);
  await expectAll({ logs: logStore(new JobFolders(disk.paths, disk.db)) });

  const other = await machine('other');
  await restore({ ...other, progress }, copy);
  await expectAll(other);
  expect((await sql<{ n: number }>`select count(*)::int as n from log_pieces where job = ${running}`.execute(other.db)).rows).toEqual([{ n: 1 }]);

  // Removed, nothing of it is left anywhere.
  await (await other.logs.removal(finished))();
  expect(await other.logs.count(finished)).toBe(0);
  expect(await other.shared.storage.list('')).toEqual([]);
  await Promise.all([alone, disk, other].map(({ shared }) => shared.close()));
});

test('a log that is missing in the storage says so, and the answer names the place', async () => {
  const { db, shared, logs } = await machine('lost');
  await addJobs(db);
  await sql`insert into stored_logs (job, lines) values (${finished}, 5)`.execute(db);
  await expect(logs.read(finished, 0)).rejects.toThrow(/output\.yaml\.xz is missing in .*storage-lost/);
  await shared.close();
});
