import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { renderFrom } from './renderer.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

test('a device is rendered as it is now, each time, and one that is wrong is refused each time', async () => {
  const { db } = await databases.fresh();
  const render = renderFrom({ db, paths: lavaPaths(databases.folder) });
  await db.insertInto('device_types').values({ name: 'my-qemu' }).execute();
  await db.insertInto('devices').values({ hostname: 'q1', device_type: 'my-qemu' }).execute();
  const write = (lines: string) => db.updateTable('devices').set({ dictionary: `{% extends 'qemu.jinja2' %}${lines}` }).execute();
  await expect(render('q1', {})).rejects.toMatchObject({ code: 'no-dictionary' });
  await expect(render('nothing', {})).rejects.toMatchObject({ code: 'unknown-device' });

  await write('{% set memory = 256 %}');
  const first = await render('q1', { arch: 'amd64' });
  expect(first).toContain('-m 256');
  expect(first).toContain('my-qemu');
  expect(await render('q1', { arch: 'amd64' })).toBe(first);
  expect(await render('q1', { arch: 'amd64', model: 'model=e1000' })).toContain('model=e1000');

  await write("{% set connection_command = 'x' %}{% set power_on_command = 12345 %}");
  for (let n = 0; n < 2; n++) await expect(render('q1', { arch: 'amd64' })).rejects.toThrow('commands.power_on must be a command');
  await write('{% set memory = 256 %}');
  expect(await render('q1', { arch: 'amd64' })).toBe(first);
});
