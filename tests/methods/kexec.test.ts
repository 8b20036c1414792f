import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guestRamdisk, type GuestImage } from '@lava/testbed';
import { guest as guestImage, qemuDictionary } from '../support/jobs.ts';
import { login } from './support/qemu-board.ts';
import { runOn, steps } from './support/run-on.ts';

// A Linux in QEMU fetches another kernel from the worker and starts it in its own place, with kexec of Debian.

const folder = mkdtempSync(join(tmpdir(), 'lava-kexec-'));
let guest: GuestImage;
beforeAll(async () => { guest = await guestImage(); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the running system starts the kernel that was deployed, and that one is tested', async () => {
  const { outcome, cases, texts } = await runOn(folder, qemuDictionary, [
    { deploy: { to: 'tmpfs', os: 'oe', images: {
      kernel: { url: `file://${guest.kernel}`, image_arg: '-kernel {kernel} -append "console=ttyS0,115200 net first"' },
      first: { url: `file://${await guestRamdisk(guest, 'kexec')}`, image_arg: '-initrd {first}' },
      initrd: { url: `file://${guest.ramdisk}`, compression: 'gz', format: 'cpio.newc', overlays: { lava: true } },
    } } },
    { boot: { method: 'qemu', media: 'tmpfs', ...login } },
    { boot: {
      method: 'kexec', deploy: true, kernel: '/tmp/vmlinuz', initrd: '/tmp/initrd', options: ['--command-line="console=ttyS0,115200 second"'], boot_message: 'Linux version 6', ...login,
    } },
    { test: { definitions: [steps('look', 'lava-test-case second --shell grep -w second /proc/cmdline', 'lava-test-case no-kexec --shell test ! -e /sbin/kexec')] } },
  ], { job: { context: { arch: 'amd64' } }, dispatcher: { dispatcher_http_ip: '10.0.2.2' } });
  expect(texts('error', 'exception')).toEqual([]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(cases).toEqual(['0_look/second pass', '0_look/no-kexec pass']);
  const printed = texts('target').join('\n');
  expect(printed.match(/Linux version 6/g)).toHaveLength(2);
  expect(texts('input')).toEqual(expect.arrayContaining([
    expect.stringMatching(/^wget http:\/\/10\.0\.2\.2:\d+\/tmp\/4212\/vmlinuz -O \/tmp\/vmlinuz\n$/),
    '/sbin/kexec --load /tmp/vmlinuz --initrd /tmp/initrd --command-line="console=ttyS0,115200 second"\n', '/sbin/kexec -e\n',
  ]));
});
