import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths, type LavaPaths } from '@lava/base';
import { JobFolders } from '../logs/job-folder.ts';
import { connect, ensureDatabase } from '../store/connection.ts';
import type { Database } from '../store/database.ts';
import { migrateTo } from '../store/migrate.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';
import { tablesInOrder } from './tables.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const at = (name: string): LavaPaths => lavaPaths(join(databases.folder, name));
const progress = () => {};

/** All rows of all tables as texts. */
async function content(db: Kysely<Database>): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of await tablesInOrder(db)) all[table] = (await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(table)} t order by 1`.execute(db)).rows.map((r) => r.row);
  return all;
}

/** A server with something in most tables, rows enough for more than one statement, and files. */
async function filled(paths: LavaPaths): Promise<Kysely<Database>> {
  const { db } = await databases.fresh();
  for (const statement of [
    `insert into users (username, password, date_joined) values ('ada', '$argon2id$x', '2023-02-03 04:05:06.789012+00'), ('bob', null, now())`,
    `insert into groups (name) values ('lab')`, `insert into user_groups values (1, 1)`, `insert into tokens (user_id, hash) values (1, 'abc')`, `insert into sessions values ('s', 1, now(), now())`,
    `insert into workers (hostname, certificate) values ('w1', E'text with "quotes", a \\\\ and \\n a line')`, `insert into device_types (name, cores) values ('qemu', '{a,"b c"}')`,
    `insert into devices (hostname, device_type, worker) values ('q1', 'qemu', 'w1')`,
    `insert into jobs (submitter, description, definition, original_definition, metadata, state, actual_device, submit_time) select 1, 'job Grüße ' || n, 'x', 'y', '{"a": [1, null]}', 5, 'q1', '2023-02-03 23:30:00+00' from generate_series(1, 1500) n`,
    `insert into attempts (job, fence, device, worker, lease_expires) values (7, 1, 'q1', 'w1', now())`,
    `insert into test_suites (job, name) values (7, 's')`, `insert into test_cases (suite_id, job, name, result, measurement) values (1, 7, 'c', 0, 12345678901234567890.0000000001)`,
    `insert into audit_log (actor, kind, object, message) values ('ada', 'job', '7', 'done')`, `delete from jobs where id = 1500`,
  ]) await sql.raw(statement).execute(db);
  const folder = (await new JobFolders(paths, db).of(7))!;
  await mkdir(join(folder, 'metadata'), { recursive: true });
  await writeFile(join(folder, 'output.yaml'), '- {"dt": "x"}\n');
  await writeFile(join(folder, 'metadata/m.yaml'), 'a: 1\n');
  await symlink('/etc/passwd', join(folder, 'link'));
  await mkdir(paths.certificates, { recursive: true });
  await writeFile(join(paths.certificates, 'master.key_secret'), 'secret', { mode: 0o600 });
  await mkdir(join(paths.dispatcherConfig, 'devices'), { recursive: true });
  await writeFile(join(paths.dispatcherConfig, 'devices/q1.jinja2'), '{% extends "qemu.jinja2" %}');
  return db;
}

test('a restored server equals the one that was backed up', async () => {
  const [from, to, folder] = [at('from'), at('to'), join(databases.folder, 'backup')];
  const db = await filled(from);
  await backup({ db, paths: from, progress }, folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);

  const { db: other } = await databases.fresh();
  await sql`insert into users (username, is_active) values ('lava-health', false)`.execute(other);
  await restore({ db: other, paths: to, progress }, folder);
  expect(await content(other)).toEqual(await content(db));
  expect((await sql`select * from sessions`.execute(other)).rows).toEqual([]);
  expect((await sql<{ id: number }>`insert into jobs (submitter, description, definition, original_definition) values (1, '', '', '') returning id`.execute(other)).rows).toEqual([{ id: 1501 }]);

  const own = (await new JobFolders(to, other).of(7))!;
  expect((await readdir(own, { recursive: true })).sort()).toEqual(['metadata', 'metadata/m.yaml', 'output.yaml']);
  expect(await readFile(join(own, 'metadata/m.yaml'), 'utf8')).toBe('a: 1\n');
  expect((await stat(join(to.certificates, 'master.key_secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(to.dispatcherConfig, 'devices'))).toEqual(['q1.jinja2']);

  await expect(restore({ db: other, paths: to, progress }, folder)).rejects.toThrow('this server is not empty: it has jobs');
});

test('again into the same folder: only what changed', async () => {
  const [paths, folder] = [at('again'), join(databases.folder, 'backup-again')];
  const db = await filled(paths);
  const said: string[] = [];
  await backup({ db, paths, progress: (line) => said.push(line) }, folder);
  const job = (await new JobFolders(paths, db).of(7))!;
  await writeFile(join(job, 'output.yaml'), '- {"dt": "longer"}\n');
  await backup({ db, paths, progress: (line) => said.push(line) }, folder);
  expect(said.filter((line) => line.startsWith('files'))).toEqual(['files of jobs: 2 copied', 'files of jobs: 1 copied']);
});

test('tables of an earlier release come up to date', async () => {
  const [paths, folder] = [at('old'), join(databases.folder, 'backup-old')];
  await ensureDatabase(databases.server.socketFolder, 'old');
  const old = connect({ socketFolder: databases.server.socketFolder, database: 'old' }, { log: quietLog });
  await migrateTo(old.db, ['0001-first', '0002-permissions']);
  await sql`insert into users (username) values ('ada')`.execute(old.db);
  await sql`insert into jobs (submitter, description, definition, original_definition) values (1, 'old', '', '')`.execute(old.db);
  await backup({ db: old.db, paths, progress }, folder);
  await old.close();
  const { db } = await databases.fresh();
  await restore({ db, paths: at('old-restored'), progress }, folder);
  expect((await sql`select description, role, essential from jobs`.execute(db)).rows).toEqual([{ description: 'old', role: '', essential: false }]);
});

test('what is no whole backup changes nothing', async () => {
  const folder = join(databases.folder, 'backup-damaged');
  const paths = at('damaged');
  const { db: empty } = await databases.fresh();
  await expect(restore({ db: empty, paths, progress }, folder)).rejects.toThrow('holds no backup');
  await backup({ db: await filled(paths), paths, progress }, folder);
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as { tables: { name: string; rows: number }[]; migrations: string[] };
  const damaged = { ...manifest, tables: manifest.tables.map((t) => (t.name === 'test_cases' ? { ...t, rows: 2 } : t)) };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(damaged));
  await expect(restore({ db: empty, paths: at('nothing'), progress }, folder)).rejects.toThrow('table test_cases has 1 rows instead of 2');
  expect(await empty.selectFrom('users').selectAll().execute()).toEqual([]);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, migrations: [...manifest.migrations, '9999-future'] }));
  await expect(restore({ db: empty, paths: at('nothing'), progress }, folder)).rejects.toThrow('does not know (9999-future)');
});
