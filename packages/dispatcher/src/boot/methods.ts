import type { Method } from '../pipeline/action.ts';
import { barebox } from './barebox.ts';
import { bootloader } from './bootloader.ts';
import { depthcharge } from './depthcharge.ts';
import { docker } from './docker.ts';
import { grub, grubSequence } from './grub.ts';
import { ipxe } from './ipxe.ts';
import { kexec } from './kexec.ts';
import { minimal } from './minimal.ts';
import { newConnection } from './new-connection.ts';
import { qemu } from './qemu.ts';
import { schroot } from './schroot.ts';
import { ssh } from './ssh.ts';
import { uboot } from './u-boot.ts';
import { uefi } from './uefi.ts';
import { uefiMenu } from './uefi-menu.ts';

/** Every way to boot; when several accept a block, the highest priority wins, then the first. */
export const bootMethods: readonly Method[] = [
  barebox, bootloader, depthcharge, docker, grub, grubSequence, ipxe, kexec, minimal, newConnection, qemu, schroot, ssh, uboot, uefi, uefiMenu,
];
