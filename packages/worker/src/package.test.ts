import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '@lava/testbed';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJobOnInstalledWorker } from './installed-worker.testing.ts';

// A worker needs the worker part only: its packed tarball, installed into an empty folder, runs a job.

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lava-packed-')));
const bin = (name: string) => join(folder, 'node_modules/.bin', name);

/** Environment without what npm set for the project's own test run. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'NODE_PATH'));
const npm = (args: readonly string[], cwd: string) => execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  const packed = JSON.parse(npm(['pack', '--json', '--silent', '--pack-destination', folder], join(project, 'packages/worker'))) as { filename: string }[];
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed[0]?.filename ?? '')], folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package brings everything its programs import, and no part of the server', () => {
  const installed = join(folder, 'node_modules/@lava/worker');
  const { dependencies, bin: bins } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<'dependencies' | 'bin', Record<string, string>>;
  // Only what the programs reach: a development tree may hold chunks of earlier builds.
  const imported = new Set<string>();
  const reached = new Set(Object.values(bins).map((file) => join(installed, file)));
  for (const file of reached) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/(?:^import|\bfrom) "([^"]+)";$/gm)) {
      if (name.startsWith('.')) reached.add(join(file, '..', name)); else imported.add(name);
    }
  }
  const packages = [...imported].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect(packages.length).toBeGreaterThan(0);
  expect(Object.keys(dependencies).sort()).toEqual(expect.arrayContaining(packages.map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'))));
  expect(readdirSync(join(folder, 'node_modules/@lava'))).toEqual(['worker']);
  for (const name of ['pg', 'kysely', 'fastify', 'react']) expect(readdirSync(join(folder, 'node_modules'))).not.toContain(name);
});

test('its programs run', () => {
  for (const name of ['lava-worker', 'lava-slave', 'lava-run', 'create_certificate']) {
    expect(execFileSync(bin(name), ['--help'], { env, encoding: 'utf8' })).toContain(`usage: ${name}`);
  }
});

test('it runs a job', () => runJobOnInstalledWorker({ bin, folder, env }));
