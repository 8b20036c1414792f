import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guestImage, project, type GuestImage } from '@lava/testbed';
import { arm64Board, login, lookAround, uboot, type QemuBoard } from './support/qemu-board.ts';

// A real U-Boot on a 64-bit Arm board: its network stack fetches kernel and ramdisk over TFTP from the server of the job.

let guest: GuestImage;
let board: QemuBoard;
beforeAll(async () => { guest = await guestImage(join(project, '.cache'), 'arm64'); });
afterEach(() => board?.remove());

describe.skipIf(!existsSync(uboot))('U-Boot', () => {
  const deploy = () => ({ deploy: { to: 'tftp', os: 'oe', kernel: { url: `file://${guest.kernel}`, type: 'image' }, ramdisk: { url: `file://${guest.ramdisk}`, compression: 'gz' } } });

  test('dhcp, tftp, booti, login, test', async () => {
    board = await arm64Board();
    const { outcome, cases, typed, printed, messages } = await board.run([deploy(), { boot: { method: 'u-boot', commands: 'ramdisk', ...login } }, { test: lookAround }]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual([
      'lava/validate pass', 'lava/test-overlay pass', 'lava/test-install-overlay pass', 'lava/test-runscript-overlay pass', 'lava/file-download pass', 'lava/file-download pass',
      'lava/bootloader-overlay pass', 'lava/pdu-reboot pass', 'lava/kernel-messages pass', 'lava/login-action pass', '0_look/shell pass', 'lava/0_look pass', 'lava/power-off pass', 'lava/job pass',
    ]);
    const files = /^4212\/tftp-deploy-\w{6}\//;
    const [kernel = '', ramdisk = ''] = typed.flatMap((line) => /^tftp \S+ (\S+)\n$/.exec(line)?.[1] ?? []);
    expect(kernel).toMatch(files);
    expect(typed.slice(0, typed.indexOf('root\n'))).toEqual([
      '\n', 'setenv autoload no\n', 'setenv initrd_high 0xffffffff\n', 'setenv fdt_high 0xffffffff\n', 'dhcp\n', `setenv serverip ${board.workerAddress}\n`,
      `tftp 0x40400000 ${kernel}\n`, `tftp 0x48000000 ${ramdisk}\n`, 'setenv initrd_size ${filesize}\n',
      "setenv bootargs 'console=ttyAMA0,115200n8 root=/dev/ram0  '\n", 'booti 0x40400000 0x48000000 0x40000000\n',
    ]);
    expect(ramdisk.replace(files, '')).toBe('ramdisk/ramdisk.cpio.gz.uboot');
    expect(printed).toMatch(/## Loading init Ramdisk from Legacy Image at 48000000 .*Starting kernel .*Linux version 6.*console=ttyAMA0,115200n8 root=\/dev\/ram0/s);
    expect(messages).toContainEqual(expect.stringMatching(/^tftp: 127\.0\.0\.1 fetched 4212\/tftp-deploy-\w{6}\/kernel\/vmlinuz \(\d{8} bytes\)$/));
  });

  test('bootm: a kernel in an image of U-Boot, made on the worker', async () => {
    board = await arm64Board('bootm');
    const { outcome, cases, typed, printed, messages } = await board.run([deploy(), { boot: { method: 'u-boot', commands: 'ramdisk', ...login } }, { test: lookAround }]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_look/shell pass');
    expect(messages).toContain('No booti parameters available, falling back to bootm and converting the kernel');
    expect(typed).toContainEqual(expect.stringMatching(/^tftp 0x40400000 4212\/tftp-deploy-\w{6}\/kernel\/uImage\n$/));
    expect(typed).toContain('bootm 0x40400000 0x48000000 0x40000000\n');
    expect(printed).toMatch(/## Booting kernel from Legacy Image at 40400000 .*Load Address: 44000000.*Verifying Checksum ... OK.*Linux version 6/s);
  });

  test('bootefi: the kernel is a program of UEFI, by commands of the job', async () => {
    board = await arm64Board();
    // Behind the header, of 0x40 bytes, that U-Boot's other commands need.
    const ramdisk = '0x48000040';
    const { outcome, cases, printed } = await board.run([
      deploy(),
      { boot: { method: 'u-boot', commands: [
        'setenv autoload no', 'dhcp', 'setenv serverip {SERVER_IP}', 'tftp {KERNEL_ADDR} {KERNEL}', 'tftp {RAMDISK_ADDR} {RAMDISK}', 'setexpr size ${filesize} - 40',
        'fdt addr {DTB_ADDR}', 'fdt resize', `fdt chosen ${ramdisk} ${'${size}'}`, 'setenv bootargs console=ttyAMA0,115200', 'bootefi {KERNEL_ADDR} {DTB_ADDR}',
      ], parameters: { 'bootloader-final-message': 'EFI stub: Exiting boot services' }, ...login } },
      { test: lookAround },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_look/shell pass');
    expect(printed).toMatch(/EFI stub: Booting Linux Kernel.*Linux version 6.*efi: EFI v2\S+ by Das U-Boot/s);
  });

  test("what U-Boot cannot load is told in U-Boot's words, and the board is tried again", async () => {
    board = await arm64Board();
    const { outcome, messages } = await board.run([deploy(), { boot: { method: 'u-boot', failure_retry: 2, failure_retry_interval: 0, commands: ['setenv autoload no', 'dhcp', 'setenv serverip {SERVER_IP}', 'tftp {KERNEL_ADDR} {KERNEL}.gone', 'tftp {DTB_ADDR} {DTB}', '{BOOTX}'], ...login } }]);
    expect(outcome).toMatchObject({ result: 'fail', errorType: 'Infrastructure', errorMessage: expect.stringMatching(/^matched a bootloader error message: 'File not found' \(7\)$/) as string });
    expect(messages).toContain('WARNING: Using boot commands supplied in the job definition, NOT the LAVA device configuration');
    expect(messages.filter((m) => m.startsWith('uboot-action failed: '))).toHaveLength(2);
    // No device tree is deployed: its line is left out.
    expect(messages.filter((m) => /^- (tftp|booti)/.test(m))).toEqual([
      expect.stringMatching(/^- tftp 0x40400000 .*vmlinuz\.gone$/), '- booti 0x40400000 0x48000000 0x40000000',
      expect.stringMatching(/^- tftp 0x40400000 .*vmlinuz\.gone$/), '- booti 0x40400000 0x48000000 0x40000000',
    ]);
  });
});
