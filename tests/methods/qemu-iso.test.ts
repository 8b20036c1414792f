import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuestImage } from '@lava/testbed';
import { guest as guestImage, qemuDictionary } from '../support/jobs.ts';
import { grubPc, installerCd } from './support/installer.ts';
import { login } from './support/qemu-board.ts';
import { runOn, steps } from './support/run-on.ts';

// A virtual machine that is installed from a CD image, with answers (preseed) from the worker, and then tested.

const folder = mkdtempSync(join(tmpdir(), 'lava-qemu-iso-'));
let guest: GuestImage;
beforeAll(async () => { guest = await guestImage(); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(grubPc))('an installation', () => {
  test('the installer gets its answers, and the installed system is tested', async () => {
    const iso = await installerCd(folder, guest);
    writeFileSync(join(folder, 'preseed.cfg'), 'd-i debian-installer/locale string en_US\nd-i preseed/late_command string touch /target/installed\n');
    // QEMU's network has the worker's folder of files for devices at its gateway.
    const dictionary = `${qemuDictionary}{% set netdevice = 'user,tftp=${folder}/var/lib/lava/dispatcher/tmp' %}\n{% set guestfs_size = 16 %}\n`;
    const { outcome, cases, texts } = await runOn(folder, dictionary, [
      { deploy: {
        to: 'iso-installer', os: 'debian_installer', images: { iso: { url: `file://${iso}`, image_arg: '-cdrom {iso}' }, preseed: { url: `file://${folder}/preseed.cfg` } },
        iso: { kernel: '/install/vmlinuz', initrd: '/install/initrd.gz', installation_size: '32M' },
      } },
      { boot: { method: 'qemu-iso', media: 'img', ...login } },
      { test: { definitions: [steps('look', 'mount', 'lava-test-case late-command --shell test -e /installed', 'lava-test-case on-disk --shell "mount | grep \'^/dev/sda1 on / \'"')] } },
    ], { job: { context: { arch: 'amd64' } }, dispatcher: { dispatcher_ip: '10.0.2.2', serve_address: '127.0.0.1' } });
    expect(texts('exception')).toEqual([]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_look/late-command pass', '0_look/on-disk pass']);
    const printed = texts('target').join('\n');
    expect(printed).toMatch(/Linux version 6.*\+ cp -r .* \/target\/.*reboot: Power down.*Loading initial ramdisk.*Linux version 6/s);
    expect(texts('info')).toContain('The installation has ended');
  }, 300_000);
});
