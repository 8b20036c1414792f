import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bootMethods as bootSchema } from '../../job/src/schema/boot.ts';
import { deployMethods as deploySchema } from '../../job/src/schema/deploy.ts';
import { bootMethods } from './boot/methods.ts';
import { deployMethods } from './deploy/methods.ts';
import { methodCoverage } from './method-coverage.ts';
import type { Method } from './pipeline/action.ts';
import type { JobContext } from './pipeline/job-context.ts';

// docs/methods.md and the tables that it is made of are true.

const root = fileURLToPath(new URL('../../..', import.meta.url));
const device = { actions: { deploy: { methods: {} }, boot: { methods: {} } } };

/** Whether a method has anything to say on blocks of this name but that it is not meant. */
function knows(methods: readonly Method[], block: Readonly<Record<string, unknown>>): boolean {
  return methods.some((method) => !/^["'](method|to)["'] (was not|parameter is not)/.test(String(method.accepts({ device } as unknown as JobContext, block))));
}

test('what is listed has code and a test', () => {
  for (const { name } of methodCoverage.deploy) expect(knows(deployMethods, { to: name }), `to: ${name}`).toBe(true);
  for (const { name } of methodCoverage.boot) expect(knows(bootMethods, { method: name, commands: 'x' }), `method: ${name}`).toBe(true);
  for (const { test: file } of Object.values(methodCoverage).flat()) expect(existsSync(`${root}${file}`), file).toBe(true);
});

test('every method of job definitions is listed', () => {
  const names = (family: keyof typeof methodCoverage) => methodCoverage[family].map(({ name }) => name);
  expect(names('deploy')).toEqual(expect.arrayContaining(Object.keys(deploySchema.methods)));
  expect(names('boot')).toEqual(expect.arrayContaining(Object.keys(bootSchema.methods)));
});

test('docs/methods.md is up to date', () => {
  const { status, stderr } = spawnSync(process.execPath, [`${root}scripts/list-methods.mjs`, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

/** Methods in code that are called otherwise than job definitions name them. */
const otherNames = new Set(['qemu-nfs', 'images', 'iso', 'recovery-mode', 'removable', 'scp-overlay', 'uboot-ums', 'grub-sequence']);

test.each([['deploy', deployMethods], ['boot', bootMethods]] as const)('every %s method that has code is listed', (family, methods) => {
  const listed = new Set(methodCoverage[family].map(({ name }) => name));
  expect(methods.map(({ name }) => name).filter((name) => !listed.has(name) && !otherNames.has(name))).toEqual([]);
});
