import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { project } from '@lava/testbed';

// The layering rules of the project, applied to small trees with planted violations.
let tree: string;

function plant(file: string, text: string): void {
  mkdirSync(join(tree, dirname(file)), { recursive: true });
  writeFileSync(join(tree, file), text);
}

function cruise(): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
    '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages',
  ], { cwd: tree, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'lava-layers-'));
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) copyFileSync(join(project, name), join(tree, name));
  symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'));
  plant('packages/base/src/index.ts', 'export const one = 1;\n');
  plant('packages/yaml/src/index.ts', "export { one } from '../../base/src/index.ts';\n");
  plant('packages/server/src/index.ts', 'export const x = 1;\n');
  plant('packages/server/src/api/page.ts', 'export const page = 1;\nexport type Page = typeof page;\n');
  plant('packages/server/src/bin/program.ts', "export { page } from '../api/page.ts';\n");
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test('arrows that go down pass', () => {
  expect(cruise()).toMatchObject({ status: 0 });
});

test.each([
  ['layers-base', 'packages/base/src/up.ts', "export { one } from '../../yaml/src/index.ts';\n"],
  ['layers-worker', 'packages/worker/src/across.ts', "export { x } from '../../server/src/index.ts';\n"],
  ['floors-server-store', 'packages/server/src/store/up.ts', "export { page } from '../api/page.ts';\n"],
  ['floors-server-jobs', 'packages/server/src/jobs/up.ts', "export type { Page } from '../api/page.ts';\n"],
  ['floors-server-notify', 'packages/server/src/notify/to-nowhere.ts', "export { x } from '../index.ts';\n"],
  ['floors-server-none', 'packages/server/src/nowhere/alone.ts', "export { page } from '../api/page.ts';\n"],
  ['pure-packages', 'packages/yaml/src/impure.ts', "export { readFile } from 'node:fs/promises';\n"],
])('a violation of %s fails', (rule, file, text) => {
  plant(file, text);
  const { status, output } = cruise();
  rmSync(join(tree, file));
  expect(output).toContain(rule);
  expect(status).not.toBe(0);
});
