import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { guestImage, type GuestImage } from '@lava/testbed';
import { FakeBoard } from '../testing/fake-board.ts';
import { qemuTrouble } from './qemu-trouble.ts';

// A real kernel in a real QEMU.

let guest: GuestImage;
let board: FakeBoard;
beforeAll(async () => { guest = await guestImage(join(fileURLToPath(new URL('../../../..', import.meta.url)), '.cache')); });
beforeEach(() => { board = device('qemu-system-x86_64'); });
afterEach(() => board.remove());

function device(command: string): FakeBoard {
  const options = ['-accel tcg -cpu qemu64', '-nographic', '-net nic,model=virtio -net user', '-m 256', '-monitor none'];
  return new FakeBoard('', { device: {
    commands: undefined, available_architectures: ['amd64', 'arm64'],
    actions: {
      deploy: { methods: { image: { parameters: { guest: { size: 16, interface: 'virtio' } } } } },
      boot: { connections: { serial: null }, methods: { qemu: { parameters: { command, options } } } },
    },
  } });
}

const deploy = (append = '') => ({ deploy: { to: 'tmpfs', os: 'oe', images: {
  kernel: { url: `file://${guest.kernel}`, image_arg: '-kernel {kernel}' },
  ramdisk: { url: `file://${guest.ramdisk}`, image_arg: `-initrd {ramdisk} -append "console=ttyS0,115200 ${append}"` },
} } });
const boot = { boot: { method: 'qemu', media: 'tmpfs', prompts: ['root@guest:'], auto_login: { login_prompt: 'guest login:', username: 'root', login_commands: ['cat /proc/cmdline'] } } };
const context = { context: { arch: 'amd64' } };

test('boots, logs in and ends', async () => {
  const { outcome, results, records, messages } = await board.run([deploy('mark=42'), boot], { job: context });
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  // As Debian's package manager has it, where QEMU is a package of Debian.
  const { stdout } = spawnSync('sh', ['-c', "dpkg-query -W -f '${Version} ${Architecture}' qemu-system-x86"], { encoding: 'utf8' });
  const [version, arch] = (stdout ?? '').split(' ');
  const extra = version && arch ? { qemu_version: version, host_arch: arch } : { qemu_version: expect.stringMatching(/^\d+\.\d/) as string };
  expect(results.find((r) => r['case'] === 'execute-qemu')).toMatchObject({ result: 'pass', extra: { ...extra, job_arch: 'amd64' } });
  expect(messages('info')).toContainEqual(expect.stringMatching(/^qemu(-system-x86)?, installed at version: \S+, host architecture: \w+$/));
  expect(messages('info').find((m) => m.startsWith('Boot command: '))).toContain(" -append 'console=ttyS0,115200 mark=42'");
  expect(records).toContainEqual(expect.objectContaining({ lvl: 'target', msg: 'console=ttyS0,115200 mark=42' }));
  expect(board.leftovers).toEqual([]);
});

test('a kernel that panics is told from one that is slow', async () => {
  const { outcome, results } = await board.run([deploy('rdinit=/nonexistent root=/dev/none panic=0'), boot], { job: context });
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Job' });
  expect(outcome.errorMessage).toMatch(/Kernel panic - not syncing: .*end Kernel panic/s);
  expect(results.find((r) => r['case'] === 'kernel-messages')).toMatchObject({ result: 'fail', extra: { extra: [{ kind: 'panic' }] } });
});

test('cancel ends QEMU', async () => {
  const cancel = new AbortController();
  const { outcome } = await board.run([deploy(), boot], { job: context, signal: cancel.signal, listener: (r) => { if (r.lvl === 'target') cancel.abort(); } });
  expect(outcome.errorType).toBe('Canceled');
  expect(board.leftovers).toEqual([]);
});

test('an unknown architecture and a missing QEMU are told before anything runs', async () => {
  expect((await board.run([deploy(), boot], { job: { context: { arch: 'z80' } } })).outcome.errorMessage).toContain('Non existing architecture specified in context arch parameter.');
  board.remove();
  board = device('qemu-system-none');
  const { outcome, messages } = await board.run([deploy(), boot], { job: context });
  expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: "Cannot find command 'qemu-system-none' in $PATH" });
  expect(messages('error')).toContain('Install QEMU on the worker: qemu-system-x86, qemu-system-arm or qemu-system-misc.');
});

describe('a QEMU that gives up at once is a closed connection, and the log says why', () => {
  const run = (imageArg: string) => board.run([{ deploy: { to: 'tmpfs', images: { kernel: { url: `file://${guest.kernel}`, image_arg: imageArg } } } }, boot], { job: context });
  test.each([
    ['-nonsense {kernel}', '-nonsense: invalid option', "This QEMU does not know the option '-nonsense'."],
    ['-kernel /nothing/here', "could not open kernel file '/nothing/here'", "QEMU cannot read '/nothing/here'."],
    ['-cpu host', "CPU model 'host' requires KVM", "KVM cannot be used on this worker. Set 'no_kvm' to True"],
  ])('%s', async (imageArg, complaint, advice) => {
    const { outcome, records } = await run(imageArg);
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'Connection closed' });
    const at = (text: string, lvl: string) => records.findIndex((r) => r.lvl === lvl && typeof r.msg === 'string' && r.msg.includes(text));
    expect(at(complaint, 'target')).toBeGreaterThan(0);
    const report = at("/qemu-system-x86_64' of the connection ended with exit status 1; its last output:\n", 'error');
    expect(report).toBeGreaterThan(at(complaint, 'target'));
    expect(records[report]?.msg).toContain(complaint);
    expect(at('Connection closed', 'exception')).toBeGreaterThan(report);
    expect(at(advice, 'error')).toBeGreaterThan(report);
    expect(records.at(-2)).toMatchObject({ lvl: 'error', msg: 'ConnectionClosedError: connection closed' });
  });
});

test('each complaint of QEMU about KVM leads to the same advice', () => {
  for (const text of ['Could not access KVM kernel module: Permission denied', 'qemu-system-x86_64: -accel kvm: failed to initialize kvm: No such file or directory']) {
    expect(qemuTrouble(text)).toContain('no_kvm');
  }
  expect(qemuTrouble('Booting from ROM...')).toBeUndefined();
});
