import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guestImage, project, type GuestImage } from '@lava/testbed';
import { login, lookAround, network, QemuBoard } from './support/qemu-board.ts';

// A PC whose network card has iPXE, stopped at its command line.

let guest: GuestImage;
let board: QemuBoard | undefined;
beforeAll(async () => { guest = await guestImage(join(project, '.cache')); });
afterEach(() => board?.remove());

/** It loses characters that come faster than 50 ms one after the other. */
const dictionary = `{% extends 'x86.jinja2' %}
{% set boot_character_delay = 50 %}
{% set base_ip_args = '' %}
`;

describe.skipIf(!existsSync('/usr/lib/ipxe/qemu/efi-virtio.rom'))('iPXE', () => {
  test('Ctrl-B, dhcp, a script over tftp, login, test', async () => {
    board = await QemuBoard.start(['qemu-system-x86_64', '-M', 'q35,graphics=off', '-vga', 'none', '-cpu', 'qemu64', '-m', '512', '-boot', 'n', ...network('virtio-net-pci')], dictionary);
    const { outcome, cases, typed, printed } = await board.run([
      { deploy: { to: 'tftp', os: 'oe', kernel: { url: `file://${guest.kernel}` }, ramdisk: { url: `file://${guest.ramdisk}`, compression: 'gz' } } },
      { boot: { method: 'ipxe', commands: 'ramdisk', use_bootscript: true, ...login } },
      { test: lookAround },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_look/shell pass');
    expect(typed.slice(0, 3)).toEqual(['\u0002', 'dhcp net0\n', expect.stringMatching(/^chain tftp:\/\/127\.\d+\.\d+\.\d+\/4212\/tftp-deploy-\w{6}\/script\.ipxe\n$/)]);
    expect(printed).toMatch(/kernel\/vmlinuz\.\.\. .*ok\n.*ramdisk\/ramdisk\.cpio\.gz\.\.\. ok\n.*Command line: +console=ttyS0,115200n8/s);
  });
});
