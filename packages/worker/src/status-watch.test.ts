import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@lava/testbed';
import { expect, onTestFinished, test } from 'vitest';
import { StatusWatch } from './status-watch.ts';

async function setup({ repeat }: { repeat?: number } = {}) {
  const state = mkdtempSync(join(tmpdir(), 'lava-status-'));
  const cache = join(state, 'a/b');
  let running = 0;
  const watch = new StatusWatch({ state, cache, running: () => running, look: 20, repeat });
  await watch.open();
  onTestFinished(() => { watch.close(); rmSync(state, { recursive: true, force: true }); });
  return { watch, cache, run: (n: number) => { running = n; } };
}

test('the first question is answered, the next ones when much has changed', async () => {
  const { watch, run } = await setup();
  const first = watch.due(undefined);
  expect(first).toMatchObject({ cache: { hits: 0, misses: 0 }, running: 0, load: expect.any(Number) as number });
  expect(first!.disk.total).toBeGreaterThan(first!.disk.free);
  // The folder of the cache is not there: its disk is that of the nearest one above it.
  expect(first!.cache.total).toBe(first!.disk.total);
  expect(first).not.toHaveProperty('clockAhead');
  expect(watch.due(undefined)).toBeUndefined();
  run(1);
  expect(watch.due(undefined)).toMatchObject({ running: 1 });
  expect(watch.due(-20)).toMatchObject({ clockAhead: -20 });
  expect(watch.due(900)).toBeUndefined();
  expect(watch.due(1100)).toMatchObject({ clockAhead: 1100 });
});

test('all is told again after a while, with what the cache was used for', async () => {
  const { watch, cache } = await setup({ repeat: 0 });
  mkdirSync(cache, { recursive: true });
  appendFileSync(join(cache, 'hits'), '...');
  appendFileSync(join(cache, 'misses'), '.');
  await waitUntil('the uses to be counted', () => watch.due(undefined)?.cache.hits === 3);
  expect(watch.due(undefined)).toMatchObject({ cache: { hits: 3, misses: 1 } });
});
