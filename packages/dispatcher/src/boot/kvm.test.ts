import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FakeBoard } from '../testing/fake-board.ts';
import { kvmProblem } from './kvm.ts';

const folder = mkdtempSync(join(tmpdir(), 'lava-kvm-'));
const usable = join(folder, 'kvm');
writeFileSync(usable, '');
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [['-cpu', 'host', '-enable-kvm'], true], [['--enable-kvm'], true], [['-accel', 'kvm'], true], [['-accel', 'kvm,thread=multi'], true],
  [['-machine', 'pc,accel=kvm'], true], [['-M', 'accel=kvm'], true],
  [['-m', '512'], false], [['-accel', 'kvm', '-accel', 'tcg'], false], [['-machine', 'accel=kvm:tcg'], false], [['-machine', 'pc'], false], [['-accel', 'tcg'], false],
])('%j needs KVM: %s', (options, needed) => {
  expect(kvmProblem(options, join(folder, 'none'), folder) !== undefined).toBe(needed);
  expect(kvmProblem(options, usable, folder)).toBeUndefined();
});

test('what is wrong with KVM is told, and what to do', () => {
  const options = ['-enable-kvm'];
  const advice = "Set 'no_kvm' to True in the device dictionary, or let the user that lava-run runs as open /dev/kvm.";
  expect(kvmProblem(options, usable, join(folder, 'none'))).toBe(`Device configuration contains -enable-kvm option but kvm module is not enabled. ${advice}`);
  expect(kvmProblem(options, join(folder, 'none'), folder)).toBe(`Device configuration contains -enable-kvm option but ${folder}/none cannot be opened (ENOENT). ${advice}`);
  expect(kvmProblem(options, folder, folder)).toContain('cannot be opened (EISDIR)');
});

test('a job whose device wants KVM is refused before it starts where KVM cannot be used, and only there', async () => {
  const board = new FakeBoard('', { device: {
    available_architectures: ['amd64'], commands: undefined,
    actions: { deploy: { methods: {} }, boot: { connections: { serial: null }, methods: { qemu: { parameters: { command: 'true', options: ['-cpu host', '-enable-kvm'] } } } } },
  } });
  const { outcome } = await board.run([{ boot: { method: 'qemu', prompts: ['#'] } }], { job: { context: { arch: 'amd64' } }, validateOnly: true });
  const problem = kvmProblem(['-enable-kvm']);
  if (problem === undefined) expect(outcome.result).toBe('pass');
  else expect(outcome).toMatchObject({ errorType: 'Job', errorMessage: expect.stringContaining("Set 'no_kvm' to True") as string });
  board.remove();
});
