import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guestImage, project, type GuestImage } from '@lava/testbed';
import { login, lookAround, network, QemuBoard } from './support/qemu-board.ts';

// A PC with a real EFI firmware that starts a real GRUB, which fetches kernel and ramdisk over TFTP.

const firmware = '/usr/share/ovmf/OVMF.fd';
const modules = '/usr/lib/grub/x86_64-efi/tftp.mod';
let guest: GuestImage;
let board: QemuBoard | undefined;
let disk: string | undefined;
beforeAll(async () => { guest = await guestImage(join(project, '.cache')); });
afterEach(async () => {
  await board?.remove();
  if (disk !== undefined) rmSync(disk, { recursive: true, force: true });
});

/** A disk whose only system is a GRUB with a menu. */
async function grubDisk(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lava-grub-'));
  const efi = join(folder, 'disk/EFI/BOOT');
  mkdirSync(efi, { recursive: true });
  const config = join(folder, 'grub.cfg');
  writeFileSync(config, 'terminal_input console\nterminal_output console\nset timeout=10\nmenuentry "the disk" { true }\n');
  await promisify(execFile)('grub-mkstandalone', ['-O', 'x86_64-efi', '-o', join(efi, 'BOOTX64.EFI'), '--locales=', '--fonts=', '--themes=',
    '--install-modules=normal linux tftp efinet net', '--modules=normal linux tftp efinet', `boot/grub/grub.cfg=${config}`]);
  return folder;
}

describe.skipIf(!existsSync(firmware) || !existsSync(modules))('GRUB', () => {
  test('EFI, the menu, tftp, login, test', async () => {
    disk = await grubDisk();
    board = await QemuBoard.start(['qemu-system-x86_64', '-M', 'q35', '-cpu', 'qemu64', '-m', '512', '-bios', firmware, '-drive', `file=fat:rw:${disk}/disk,format=raw`, ...network('virtio-net-pci,romfile=')],
      // The firmware's console is narrow: the line of the menu that tells of the command line is broken.
      `{% extends 'base-grub.jinja2' %}
{% set grub_autoboot_prompt = 'a command-line' %}
{% set base_ip_args = '' %}
`);
    const { outcome, cases, typed, printed } = await board.run([
      { deploy: { to: 'tftp', os: 'oe', kernel: { url: `file://${guest.kernel}` }, ramdisk: { url: `file://${guest.ramdisk}`, compression: 'gz' } } },
      { boot: { method: 'grub', commands: 'ramdisk', ...login } },
      { test: lookAround },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_look/shell pass');
    const commands = typed.slice(0, typed.indexOf('root\n')).filter((line) => line !== 'clear\n').map((line) => line.replace(/tftp-deploy-\w{6}/, 'FOLDER'));
    expect(commands).toEqual([
      'c', 'net_bootp\n', 'insmod linux\n', 'insmod tftp\n', `linux (tftp,${board.workerAddress})/4212/FOLDER/kernel/vmlinuz console=ttyS0,115200  \n`,
      `initrd (tftp,${board.workerAddress})/4212/FOLDER/ramdisk/ramdisk.cpio.gz\n`, 'boot\n',
    ]);
    expect(printed).toMatch(/GNU GRUB {2}version 2.*Linux version 6.*efi: EFI v2/s);
  });
});
