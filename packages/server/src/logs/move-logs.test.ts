import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { eventBus } from '../event-bus.ts';
import { folderStore } from '../files/folder-store.ts';
import { until } from '../link/fake-worker.ts';
import type { Database } from '../store/database.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { JobFolders } from './job-folder.ts';
import { logStore } from './log-store.ts';
import { moveLogs } from './move-logs.ts';
import { SharedFiles } from './shared-files.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `- {"dt": "x", "msg": "line ${from + n}"}\n`).join('');
const storage = () => folderStore(join(databases.folder, 'storage'));

async function server(name: string, db: Kysely<Database>) {
  const paths = lavaPaths(join(databases.folder, name));
  const shared = await SharedFiles.open({ storage: storage(), db, paths, log: quietLog });
  return { shared, logs: logStore(new JobFolders(paths, db, shared)) };
}

async function addEnded(db: Kysely<Database>, jobs: number): Promise<void> {
  await sql`insert into users (username) values ('ada')`.execute(db);
  for (let n = 1; n <= jobs; n++) {
    await sql`insert into jobs (submitter, description, definition, original_definition, state) values (1, 'a', '', '', 5)`.execute(db);
    for (let from = 0; from < 100; from += 10) await sql`insert into log_pieces (job, first_line, lines, text) values (${n}, ${from}, 10, ${Buffer.from(lines(from, from + 10))})`.execute(db);
  }
}

const move = (db: Kysely<Database>, shared: SharedFiles) => moveLogs({ db, shared, events: eventBus(quietLog), log: quietLog, finish: async () => {} });
const left = async (db: Kysely<Database>) => Number((await sql<{ n: string }>`select count(*) as n from log_pieces`.execute(db)).rows[0]!.n);

test('who reads a log while it moves to the storage gets all of it, on whichever server', async () => {
  const { db } = await databases.fresh();
  await addEnded(db, 20);
  const [leader, other] = [await server('leader', db), await server('other', db)];
  const paths = await Promise.all([leader.logs.path(1), other.logs.path(1)]);
  let moving = true;
  const wrong: string[] = [];
  const readers = [leader, other].map(async ({ logs }) => {
    for (let n = 0; moving || n % 20 > 0; n++) {
      const job = 1 + n % 20;
      const [text, count, path] = [(await logs.read(job, 0)).toString(), await logs.count(job), await logs.path(job)];
      if (text !== lines(0, 100) || count !== 100 || path === undefined || await readFile(path, 'utf8') !== text) wrong.push(`job ${job}: ${text.length} characters, ${count} lines, ${path}`);
    }
  });
  const stop = move(db, leader.shared);
  await until(async () => await left(db) === 0, 'all logs to move');
  moving = false;
  await Promise.all(readers);
  await stop();
  expect(wrong).toEqual([]);
  // Somebody was about to open these.
  for (const path of paths) expect(await readFile(path!, 'utf8')).toBe(lines(0, 100));
});

test('a server that was replaced meanwhile does not write less over what is in the storage', async () => {
  const { db } = await databases.fresh();
  await addEnded(db, 1);
  const [next, old] = [await server('next', db), await server('old', db)];
  const stop = move(db, next.shared);
  await until(async () => await left(db) === 0, 'the log to move');
  await stop();
  // What it had asked before it stood still.
  Object.assign(old.shared, { isStored: async () => false, count: async () => 100 });
  await sql`insert into job_files (job, name, content) values (1, 'late', '')`.execute(db);
  const warnings: string[] = [];
  const stopOld = moveLogs({ db, shared: old.shared, events: eventBus(quietLog), log: { ...quietLog, warn: (text) => { warnings.push(text); } }, finish: async () => {} });
  await until(() => warnings.length > 0, 'the old server to try');
  await stopOld();
  expect(warnings[0]).toContain('0 of the 100 lines of job 1 are in the database');
  expect((await next.logs.read(1, 0)).toString()).toBe(lines(0, 100));
  expect((await (await server('third', db)).logs.read(1, 0)).toString()).toBe(lines(0, 100));
});
