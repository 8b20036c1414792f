import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { storedTemplates } from './stored-templates.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const write = (db: Kysely<Database>, name: string, template: string | null) => db.updateTable('device_types').set({ template }).where('name', '=', name).execute();

test('templates are read again when one is written, added or taken away, and only then', async () => {
  const { db } = await databases.fresh();
  expect(await storedTemplates(db)).toEqual(new Map());
  await db.insertInto('device_types').values([{ name: 'a', template: 'A' }, { name: 'b' }]).execute();
  const first = await storedTemplates(db);
  expect(first).toEqual(new Map([['a.jinja2', 'A']]));
  expect(await storedTemplates(db)).toBe(first);
  await write(db, 'a', 'A2');
  await write(db, 'b', '');
  expect(await storedTemplates(db)).toEqual(new Map([['a.jinja2', 'A2'], ['b.jinja2', '']]));
  await write(db, 'a', null);
  await db.deleteFrom('device_types').where('name', '=', 'b').execute();
  expect(await storedTemplates(db)).toEqual(new Map());
  await write(db, 'a', 'A2');
  expect(await storedTemplates(db)).toEqual(new Map([['a.jinja2', 'A2']]));
});

test('a transaction sees what it has written itself, more than once', async () => {
  const { db } = await databases.fresh();
  await db.insertInto('device_types').values({ name: 'a', template: 'A' }).execute();
  await db.transaction().execute(async (trx) => {
    for (const text of ['B', 'C', 'D', 'B']) {
      await write(trx, 'a', text);
      expect(await storedTemplates(trx)).toEqual(new Map([['a.jinja2', text]]));
    }
  });
  expect(await storedTemplates(db)).toEqual(new Map([['a.jinja2', 'B']]));
});
