import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { folderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';
import { s3Store } from './s3-store.ts';
import { startS3, type TestS3 } from './s3.testing.ts';
import { sharedStorage } from './storage-settings.ts';

let folder: string;
let s3: TestS3;
const stores = new Map<string, ObjectStore>();
beforeAll(async () => {
  folder = await mkdtemp('/tmp/lava-test-');
  s3 = await startS3(join(folder, 's3'));
  for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
  stores.set('a bucket', s3Store({ bucket: s3.bucket, region: 'us-east-1', prefix: 'lab 1/', endpoint: s3.endpoint }));
  stores.set('a folder', folderStore(join(folder, 'store')));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

async function textOf(content: Readable | undefined): Promise<string | undefined> {
  if (!content) return undefined;
  const parts: Buffer[] = [];
  for await (const part of content as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe.each(['a bucket', 'a folder'])('%s', (name) => {
  test('keeps, replaces, lists and removes files', async () => {
    const store = stores.get(name)!;
    const file = join(folder, 'source');
    await writeFile(file, 'x'.repeat(3_000_000));
    await store.put('job-output/2026/11/22/7/output.yaml.xz', { path: file });
    await store.put('job-output/2026/11/22/7/metadata/ä b.yaml', Buffer.from('a: 1\n'));
    await store.put('job-output/2026/11/22/70/device.yaml', Buffer.from('first'));
    await store.put('job-output/2026/11/22/70/device.yaml', Buffer.from('second'));
    expect(await textOf(await store.get('job-output/2026/11/22/70/device.yaml'))).toBe('second');
    expect((await textOf(await store.get('job-output/2026/11/22/7/output.yaml.xz')))?.length).toBe(3_000_000);
    expect(await store.get('job-output/2026/11/22/7/output.yaml')).toBeUndefined();
    const names = await store.list('job-output/2026/11/22/7/');
    expect(names).toEqual(['job-output/2026/11/22/7/metadata/ä b.yaml', 'job-output/2026/11/22/7/output.yaml.xz']);
    await store.remove(names);
    expect(await store.list('job-output/')).toEqual(['job-output/2026/11/22/70/device.yaml']);
    expect(await store.list('nothing/')).toEqual([]);
    await store.remove([]);
  });
});

test('more files than one answer tells, more than one request removes', async () => {
  const store = s3Store({ bucket: s3.bucket, region: 'us-east-1', prefix: '', endpoint: s3.endpoint, atOnce: 7 });
  for (let n = 0; n < 20; n++) await store.put(`many/${n}/x`, Buffer.from('x'));
  const names = await store.list('many/');
  expect(names).toHaveLength(20);
  await store.remove(names);
  expect(await store.list('many/')).toEqual([]);
});

test.each([
  ['no mapping', 'text'], ['both', { s3: {}, folder: '/x' }], ['no bucket', { s3: {} }], ['a key that is none', { s3: { bucket: 'b', secret: 'x' } }],
  ['an endpoint that is no address', { s3: { bucket: 'b', endpoint: 'minio:9000' } }], ['a folder below nobody knows what', { folder: 'logs' }], ['a number', { s3: { bucket: 7 } }],
])('a setting that says %s is refused with what to write', async (_, value) => {
  await expect(sharedStorage({ STORAGE: value })).rejects.toMatchObject({ code: 'setting-storage' });
});
