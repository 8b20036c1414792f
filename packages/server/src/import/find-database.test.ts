import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findDatabase } from './find-database.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp('/tmp/lava-test-'); });
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['settings.d/00-database.yaml', 'DATABASES:\n  default: {ENGINE: django.db.backends.postgresql, NAME: lava, USER: "a b", PASSWORD: "p@ss/w:rd%", HOST: db.example.org, PORT: 5433}\n', 'postgresql://a%20b:p%40ss%2Fw%3Ard%25@db.example.org:5433/lava'],
  ['settings.yaml', 'DATABASES: {default: {NAME: lava, USER: lava, HOST: /run/postgresql}}\n', 'postgresql://lava@localhost:5432/lava?host=%2Frun%2Fpostgresql'],
  ['instance.conf', '# made by the installer\nLAVA_INSTANCE="default"\nLAVA_DB_NAME="lavaserver"\nLAVA_DB_USER="lavaserver"\nLAVA_DB_PASSWORD="it\'s"\nLAVA_DB_SERVER=""\nLAVA_DB_PORT="5432"\n', "postgresql://lavaserver:it's@localhost:5432/lavaserver"],
])('%s', async (name, text, url) => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
  expect(await findDatabase(folder)).toBe(url);
});

test('a folder that names none', async () => {
  await expect(findDatabase(folder)).rejects.toThrow('names no database');
});
