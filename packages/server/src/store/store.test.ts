import { readFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'kysely';
import { lavaPaths, sleep } from '@lava/base';
import { connect, isConnectionLoss } from './connection.ts';
import { findPostmaster } from './managed/postmaster.ts';
import { startManagedPostgres } from './managed/managed-postgres.ts';
import { migrate } from './migrate.ts';
import { openStore } from './open-store.ts';
import { prepared } from './prepared.ts';
import { quietLog, startTestDatabases, type TestDatabases } from './testing.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const data = () => join(databases.folder, 'postgresql/data');
const postmaster = async () => (await findPostmaster(data()))!.pid;

test('migrations leave tables that states and users can be written to, and run once', async () => {
  const { db } = await databases.fresh();
  await db.insertInto('users').values({ username: 'ada' }).execute();
  expect(await migrate(db)).toEqual([]);
  expect(await db.selectFrom('users').select('username').execute()).toEqual([{ username: 'ada' }]);
});

test('two sessions that migrate at once do not disturb each other', async () => {
  const { db } = await databases.fresh();
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  const applied = await Promise.all([migrate(db), migrate(db)]);
  // One of the two did all of it, each migration once.
  expect(applied.map((names) => names.length).sort((a, b) => a - b)[0]).toBe(0);
  expect(applied.flat().slice(0, 2)).toEqual(['0001-first', '0002-permissions']);
});

test('a read waits while the database is killed and started again; a write that was cut is reported', async () => {
  const { db } = await databases.fresh();
  await db.insertInto('users').values({ username: 'ada' }).execute();
  const writing = db.transaction().execute(async (trx) => {
    await trx.insertInto('users').values({ username: 'lost' }).execute();
    await sql`select pg_sleep(30)`.execute(trx);
  }).then(() => undefined, (error: unknown) => error);
  await sleep(100);
  const before = await postmaster();
  process.kill(before, 'SIGKILL');
  expect(isConnectionLoss(await writing)).toBe(true);
  expect(await db.selectFrom('users').select('username').execute()).toEqual([{ username: 'ada' }]);
  expect(await postmaster()).not.toBe(before);
});

test('only what is said of the database itself is taken for its loss', async () => {
  const away = connect({ socketFolder: '/nowhere' }, { log: quietLog, patience: 0.1 });
  const lost = await sql`select 1`.execute(away.db).catch((error: unknown) => error);
  const missing: unknown = await stat('/nowhere').catch((error: unknown) => error);
  await away.close();
  expect([lost, missing].map((error) => [(error as { code: string }).code, isConnectionLoss(error)])).toEqual([['ENOENT', true], ['ENOENT', false]]);
});

test('a session that breaks while the database stays away says so, and nothing else', async () => {
  const folder = await mkdtemp('/tmp/lava-test-');
  await chmod(folder, 0o755);
  const server = await startManagedPostgres({ folder: join(folder, 'postgresql'), log: quietLog, quick: true });
  const { db, close } = connect({ socketFolder: server.socketFolder, database: 'postgres' }, { log: quietLog, patience: 0.3 });
  const failure: unknown = await db.connection().execute(async (session) => {
    await sql`select 1`.execute(session);
    await server.stop();
    return sql`select 1`.execute(session);
  }).then(() => undefined, (error: unknown) => error);
  expect(isConnectionLoss(failure), String(failure)).toBe(true);
  await close();
  await rm(folder, { recursive: true });
});

test('a database can be named by a URL', async () => {
  await databases.fresh();
  const { db, close } = connect({ url: `postgres://lava@localhost/template?host=${encodeURIComponent(databases.server.socketFolder)}` }, { log: quietLog });
  expect(await db.selectFrom('users').selectAll().execute()).toEqual([]);
  await close();
});

test('root runs the database under another user', async () => {
  if (process.geteuid?.() !== 0) return;
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${await postmaster()}/status`, 'utf8'))?.[1];
  expect(uid).not.toBe('0');
});

test('a server that was left behind is taken over with its data; stop ends it', async () => {
  const folder = await mkdtemp('/tmp/lava-test-');
  await chmod(folder, 0o755);
  const options = { folder: join(folder, 'postgresql'), log: quietLog, quick: true };
  const first = await startManagedPostgres(options);
  const pid = (await findPostmaster(join(options.folder, 'data')))!.pid;
  // The same folder again, as a server would that follows one that was killed.
  const second = await startManagedPostgres(options);
  expect((await findPostmaster(join(options.folder, 'data')))!.pid).toBe(pid);
  await second.stop();
  await first.stop();
  expect(await findPostmaster(join(options.folder, 'data'))).toBeUndefined();
  await rm(folder, { recursive: true });
});

test('what is left of a killed server holds up the next one only for as long as it is there', async () => {
  const folder = await mkdtemp('/tmp/lava-test-');
  await chmod(folder, 0o755);
  const options = { folder: join(folder, 'postgresql'), log: quietLog, quick: true };
  const first = await startManagedPostgres(options);
  await first.stop();
  // A process of the database's user that has the number in postmaster.pid, as the remains of a killed one have.
  const { uid, gid } = await stat(join(options.folder, 'data'));
  const remains = spawn('sleep', ['2'], { cwd: '/', uid, gid });
  await writeFile(join(options.folder, 'data/postmaster.pid'), `${remains.pid}\n${join(options.folder, 'data')}\n`, { mode: 0o600 });
  await chown(join(options.folder, 'data/postmaster.pid'), uid, gid);
  const second = await startManagedPostgres(options);
  expect((await findPostmaster(join(options.folder, 'data')))!.pid).not.toBe(remains.pid);
  await second.stop();
  await rm(folder, { recursive: true });
});

test('a database that ends just when it is opened is started again, and opened', async () => {
  const root = await mkdtemp('/tmp/lava-test-');
  await chmod(root, 0o711);
  const paths = lavaPaths(root);
  const folder = join(paths.serverState, 'postgresql');
  const before = await startManagedPostgres({ folder, log: quietLog, quick: true });
  await before.leave();
  const { pid } = (await findPostmaster(join(folder, 'data')))!;
  // Alive and without an answer: it is taken over.
  process.kill(pid, 'SIGSTOP');
  const opening = openStore({ paths, log: quietLog });
  try {
    await sleep(1000);
    process.kill(pid, 'SIGKILL');
    const store = await opening;
    expect(await store.healthy()).toBe(true);
    expect((await findPostmaster(join(folder, 'data')))!.pid).not.toBe(pid);
  } finally {
    await (await opening.catch(() => undefined))?.close();
    await before.stop();
    await rm(root, { recursive: true });
  }
});

// Only root needs a user namespace, and containers often forbid them.
const namespaces = process.geteuid?.() === 0 && spawnSync('unshare', ['--user', '--map-user=65534', 'true']).status === 0;

test.skipIf(!namespaces)('a state folder that no other user can reach still works for root', async () => {
  const folder = await mkdtemp('/tmp/lava-test-');
  const hidden = join(folder, 'hidden');
  await mkdir(hidden, { mode: 0o700 });
  const server = await startManagedPostgres({ folder: join(hidden, 'a'.repeat(100)), log: quietLog, quick: true });
  try {
    const connection = connect({ socketFolder: server.socketFolder, database: 'postgres' }, { log: quietLog });
    expect(await connection.healthy()).toBe(true);
    await connection.close();
    expect((await stat(server.socketFolder)).mode & 0o777).toBe(0o700);
  } finally {
    await server.stop();
    await rm(server.socketFolder, { recursive: true, force: true });
    await rm(folder, { recursive: true });
  }
});

test('a statement that is marked is planned by each session once and for all values', async () => {
  const { db } = await databases.fresh();
  const count = (least: number) => sql<{ n: number }>`select count(*)::int as n from users where id >= ${least}::int ${prepared}`;
  await db.transaction().execute(async (trx) => {
    for (let n = 0; n < 8; n++) await count(n).execute(trx);
    await sql`select count(*) from users where id >= ${0}::int`.execute(trx);
    const { rows } = await sql<{ often: boolean }>`select generic_plans > 0 as often from pg_prepared_statements`.execute(trx);
    expect(rows).toEqual([{ often: true }]);
  });
  await sql`insert into users (username) select 'u' || n from generate_series(1, 3) n`.execute(db);
  expect((await count(0).execute(db)).rows).toEqual([{ n: 3 }]);
});
