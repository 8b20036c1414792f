import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { guestImage, type GuestImage } from '@lava/testbed';
import { FakeBoard } from '../testing/fake-board.ts';

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
  const { outcome, results, records } = await board.run([deploy('mark=42'), boot], { job: context });
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(results.find((r) => r['case'] === 'execute-qemu')).toMatchObject({ result: 'pass', extra: { job_arch: 'amd64' } });
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

test('a QEMU that gives up at once is a closed connection, with what it said in the log', async () => {
  const { outcome, records } = await board.run([{ deploy: { to: 'tmpfs', images: { kernel: { url: `file://${guest.kernel}`, image_arg: '-nonsense {kernel}' } } } }, boot], { job: context });
  expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'Connection closed' });
  expect(records).toContainEqual(expect.objectContaining({ lvl: 'target', msg: expect.stringContaining('-nonsense: invalid option') as string }));
});
