import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyIntoRoot } from './copy-into-root.ts';

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const copy = () => copyIntoRoot(at('root'), [{ from: at('overlay'), at: '/' }], () => undefined);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lava-root-'));
  for (const each of ['root/usr/lib', 'overlay/lib/modules/6.1', 'overlay/lava-1/bin', 'outside']) mkdirSync(at(each), { recursive: true });
  writeFileSync(at('overlay/lib/modules/6.1/a.ko'), 'module');
  writeFileSync(at('overlay/lava-1/bin/run'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('run', at('overlay/lava-1/bin/again'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files, links and modes arrive; links of the root to its own folders are followed', async () => {
  symlinkSync('usr/lib', at('root/lib'));
  await copy();
  expect(readFileSync(at('root/usr/lib/modules/6.1/a.ko'), 'utf8')).toBe('module');
  expect(readlinkSync(at('root/lib'))).toBe('usr/lib');
  expect(lstatSync(at('root/lava-1/bin/run')).mode & 0o777).toBe(0o755);
  expect(readlinkSync(at('root/lava-1/bin/again'))).toBe('run');
});

test.each([
  ['an absolute link', () => symlinkSync(at('outside'), at('root/lava-1'))],
  ['a link upwards', () => symlinkSync('../outside', at('root/lava-1'))],
  ['a link in place of a file', () => { mkdirSync(at('root/lava-1/bin'), { recursive: true }); symlinkSync(at('outside/run'), at('root/lava-1/bin/run')); }],
  ['a link in place of a folder below', () => { mkdirSync(at('root/lava-1')); symlinkSync(at('outside'), at('root/lava-1/bin')); }],
])('nothing is written outside of the root: %s', async (_, plant) => {
  plant();
  await copy();
  expect(existsSync(at('outside/run')) || existsSync(at('outside/bin'))).toBe(false);
});

test('links in a circle are an error', async () => {
  symlinkSync('lava-2', at('root/lava-1'));
  symlinkSync('lava-1', at('root/lava-2'));
  await expect(copy()).rejects.toThrow('Too many levels of links');
});
