import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newToken, userByToken } from '../auth/tokens.ts';
import { readSnapshot } from '../scheduler/read-snapshot.ts';
import { policyOf } from '../scheduler/snapshot.ts';
import { connect, ensureDatabase, type Connection } from './connection.ts';
import { migrate, migrateTo, migrationNames } from './migrate.ts';
import { quietLog, startTestDatabases, type TestDatabases } from './testing.ts';

// A database as the first version had it, full of data, becomes what this version needs.

let databases: TestDatabases;
let old: Connection;

beforeAll(async () => {
  databases = await startTestDatabases();
  await ensureDatabase(databases.server.socketFolder, 'old');
  old = connect({ socketFolder: databases.server.socketFolder, database: 'old' }, { log: quietLog });
});
afterAll(async () => {
  await old?.close();
  await databases?.stop();
});

/** At least one row in every table of the first version. */
const data = [
  `insert into users (username, password, email, is_superuser) values ('ann', 'pbkdf2_sha256$1$a$b', 'ann@example.org', true), ('bén', null, '', false)`,
  `insert into groups (name) values ('kernel'), ('android')`,
  `insert into user_groups values (1, 1), (2, 1), (2, 2)`,
  `insert into sessions (hash, user_id, expires_at) values ('s1', 1, '2030-01-01')`,
  `insert into workers (hostname, description, job_limit, capabilities, certificate) values ('w1', 'rack 3', 4, '["qemu"]', 'key'), ('w2', '', 0, '[]', null)`,
  `insert into device_types (name, description, health_frequency) values ('qemu', 'virtual', 12), ('x15', '', 24)`,
  `insert into aliases values ('kvm', 'qemu')`,
  `insert into tags (name, description) values ('ssd', 'fast'), ('hdmi', '')`,
  `insert into devices (hostname, device_type, worker, health, physical_owner, physical_group, dictionary) values
    ('qemu01', 'qemu', 'w1', 0, 1, 1, '{% extends ''qemu.jinja2'' %}'), ('x15-01', 'x15', null, 3, null, null, null)`,
  `insert into device_tags values ('qemu01', 1), ('qemu01', 2)`,
  `insert into jobs (submitter, description, definition, original_definition, metadata, is_public, requested_device_type, actual_device, state, health, error_type, error_code, log_lines) values
    (1, 'finished', 'job_name: finished', 'job_name: finished # mine', '{"branch": "main"}', true, 'qemu', 'qemu01', 5, 1, null, null, 120),
    (2, 'failed', 'job_name: failed', 'job_name: failed', '{}', false, 'x15', null, 5, 2, 'Infrastructure', 'serial-closed', 3),
    (2, 'queued', 'job_name: queued', 'job_name: queued', '{}', true, 'qemu', null, 0, 0, null, null, 0)`,
  `insert into jobs (sub_id, target_group, submitter, description, definition, original_definition, multinode_definition, requested_device_type) values
    ('4.0', 'g', 1, 'group', 'a', 'a', 'whole', 'qemu'), ('4.1', 'g', 1, 'group', 'b', 'b', 'whole', 'qemu')`,
  `insert into job_tags values (3, 1)`,
  `insert into job_groups values (2, 2)`,
  `insert into attempts (job, fence, device, worker, started_at, ended_at, lease_expires, end_reason) values (1, 1, 'qemu01', 'w1', '2026-01-01', '2026-01-02', '2026-01-01', 'lease'), (1, 2, 'qemu01', 'w1', '2026-01-02', '2026-01-03', '2026-01-04', 'ended')`,
  `insert into job_actions (job, level, start_line, name, namespace, timeout, started_at, end_line, ended_at, failed) values (1, '1', 3, 'deployimages', 'common', 60, '2026-01-02', 9, '2026-01-02', false)`,
  `insert into test_suites (job, name) values (1, 'lava'), (1, '0_smoke')`,
  `insert into test_sets (suite_id, name) values (2, 'memory')`,
  `insert into test_cases (suite_id, set_id, job, name, result, measurement, units, metadata, log_line) values
    (1, null, 1, 'job', 0, null, '', 'case: job', 119), (2, 1, 1, 'free', 0, 12345678901234567890.0123456789, 'kB', null, 50), (2, null, 1, 'wrong', 1, null, '', null, null)`,
  `insert into audit_log (actor, kind, object, message) values ('ann', 'device', 'qemu01', 'Health: Unknown → Good')`,
];

/** All rows of the tables with the columns that they have now, as text. */
async function dump(columns?: ReadonlyMap<string, readonly string[]>): Promise<{ columns: Map<string, string[]>; rows: Map<string, string[]> }> {
  const { rows: found } = await sql<{ name: string; columns: string[] }>`
    select table_name::text as name, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns where table_schema = 'public' and table_name not like 'kysely%' group by 1 order by 1`.execute(old.db);
  const wanted = columns ?? new Map(found.map((t) => [t.name, t.columns]));
  const rows = new Map<string, string[]>();
  for (const [name, of] of wanted) {
    const fields = sql.join(of.map((c) => sql`${sql.ref(c)}::text`));
    rows.set(name, (await sql<{ row: string }>`select json_build_array(${fields})::text as row from ${sql.table(name)}`.execute(old.db)).rows.map((r) => r.row).sort());
  }
  return { columns: new Map(wanted) as Map<string, string[]>, rows };
}

test('secrets in definitions of jobs move to a table of their own', async () => {
  const { db } = await databases.fresh();
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  await migrateTo(db, migrationNames.slice(0, migrationNames.indexOf('0017-job-secrets')));
  await sql`insert into users (username) values ('ann')`.execute(db);
  const text = 'secrets: {A: hunter2}\n';
  await sql`insert into jobs (submitter, description, definition, original_definition, multinode_definition) values (1, '', ${text}, ${`# mine\n${text}`}, ''), (1, '', 'a: 1', 'secrets: [', '')`.execute(db);
  await migrate(db);
  expect((await sql`select definition, original_definition, secrets from jobs left join job_secrets on job = id order by id`.execute(db)).rows).toEqual([
    { definition: "secrets: {A: '[MASKED]'}\n", original_definition: "# mine\nsecrets: {A: '[MASKED]'}\n", secrets: 'A: hunter2\n' }, { definition: 'a: 1', original_definition: 'secrets: [', secrets: null },
  ]);
});

test('what the first version stored is there after every step and can be used by this one', async () => {
  await migrateTo(old.db, ['0001-first']);
  for (const statement of data) await sql.raw(statement).execute(old.db);
  const { rows: [token] } = await sql<{ hash: string }>`insert into tokens (user_id, hash, description) values (2, 'h', 'ci') returning hash`.execute(old.db);
  expect(token).toEqual({ hash: 'h' });
  const before = await dump();
  for (const [table, rows] of before.rows) expect([table, rows.length > 0]).toEqual([table, true]);

  for (const n of migrationNames.keys()) {
    await migrateTo(old.db, migrationNames.slice(0, n + 1));
    expect([migrationNames[n], (await dump(before.columns)).rows]).toEqual([migrationNames[n], before.rows]);
  }
  expect(await migrate(old.db)).toEqual([]);

  const snapshot = await readSnapshot(old.db, policyOf());
  expect(snapshot.jobs.map((j) => j.id).sort()).toEqual([3, 4, 5]);
  expect(snapshot.jobs.find((j) => j.id === 3)).toMatchObject({ type: 'qemu', tags: [1], submitter: 2 });
  expect(snapshot.devices.find((d) => d.hostname === 'qemu01')).toMatchObject({ worker: 'w1', health: 'Good', tags: new Set([1, 2]) });
  // A user from then gets a token, and a job ends, with what came since.
  const secret = await newToken(old.db, 2, 'new');
  expect(await userByToken(old.db, secret)).toMatchObject({ username: 'bén', groups: [1, 2] });
  await sql`update jobs set state = 5, health = 1 where id = 3`.execute(old.db);
});
