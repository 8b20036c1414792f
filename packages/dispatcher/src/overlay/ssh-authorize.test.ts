import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { overlayArchive } from '../pipeline/namespace-data.ts';
import { Multinode } from '../multinode/multinode.ts';
import { TestGroup } from '../testing/test-group.ts';
import { runTestAction, testAction } from '../testing/test-action.ts';
import { lavaOverlaySpec } from './lava-overlay.ts';

// `authorize: ssh`: the overlay lets the jobs of the group sign in to the device.

const folder = mkdtempSync(join(tmpdir(), 'lava-authorize-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const device = {
  constants: { posix: { lava_test_results_dir: '/lava-%s', lava_test_sh_cmd: '/bin/sh' } },
  actions: { deploy: { methods: { tftp: null, ssh: { host: '', port: 22, user: 'root', identity_file: 'dynamic_vm_keys/lava' } } } },
};
const group = { protocols: { 'lava-multinode': { target_group: 'g7', role: 'host', group_size: 1 } } };

async function overlay(parameters: object, definition: object) {
  const own = mkdtempSync(join(folder, 'job-'));
  const { job: plain, signal } = testAction(own);
  const multinode = Multinode.of({ ...definition }, new TestGroup().line('1'), plain.log);
  await multinode?.setUp(signal, 10_000);
  const job = { ...plain, device, definition: { timeouts: { job: { minutes: 1 } }, actions: [], ...definition }, ...(multinode && { multinode }) };
  const a = testAction(own, { spec: { ...lavaOverlaySpec(job, parameters as Record<string, unknown>), parameters: { namespace: 'common', ...parameters } }, context: job });
  await runTestAction(a);
  return a.get(overlayArchive) ?? '';
}

test('the archive has the key for root, and for the tests that start the guests', async () => {
  const archive = await overlay({ authorize: 'ssh' }, group);
  const list = execFileSync('tar', ['-tvzf', archive], { encoding: 'utf8' }).split('\n');
  expect(list).toContainEqual(expect.stringMatching(/^drwx------ 0\/0 .* \.\/root\/\.ssh\/$/));
  expect(list).toContainEqual(expect.stringMatching(/^-rw------- 0\/0 .* \.\/root\/\.ssh\/authorized_keys$/));
  expect(list).toContainEqual(expect.stringMatching(/^-rw------- 0\/0 .* lava-1\/lava$/));
  expect(execFileSync('tar', ['-xzOf', archive, './root/.ssh/authorized_keys', 'lava-1/lava.pub'], { encoding: 'utf8' })).toMatch(/^(ssh-ed25519 \S+ lava-g7\n)\1$/);
});

test('another group, even one with the same id, has another key', async () => {
  const keys = await Promise.all([1, 2].map(async () => execFileSync('tar', ['-xzOf', await overlay({ authorize: 'ssh' }, group), 'lava-1/lava.pub'], { encoding: 'utf8' })));
  expect(keys[0]).not.toBe(keys[1]);
});

test('nothing of it without the word', async () => {
  expect(execFileSync('tar', ['-tzf', await overlay({}, group)], { encoding: 'utf8' })).not.toMatch(/ssh|lava-1\/lava$/);
});

test('a job without a group, and no key on the worker', async () => {
  await expect(overlay({ authorize: 'ssh' }, {})).rejects.toMatchObject({ type: 'Infrastructure', code: 'ssh-key' });
});
