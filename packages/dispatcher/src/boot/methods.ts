import type { Method } from '../pipeline/action.ts';
import { avh } from './avh.ts';
import { barebox } from './barebox.ts';
import { bootloader } from './bootloader.ts';
import { cmsisDap } from './cmsis-dap.ts';
import { depthcharge } from './depthcharge.ts';
import { dfu } from './dfu.ts';
import { docker } from './docker.ts';
import { fastboot } from './fastboot.ts';
import { fvp } from './fvp.ts';
import { gdb } from './gdb.ts';
import { grub, grubSequence } from './grub.ts';
import { ipxe } from './ipxe.ts';
import { jlink } from './jlink.ts';
import { kexec } from './kexec.ts';
import { minimal } from './minimal.ts';
import { musca } from './musca.ts';
import { newConnection } from './new-connection.ts';
import { nodebooter } from './nodebooter.ts';
import { openocd } from './openocd.ts';
import { pyocd } from './pyocd.ts';
import { qdl } from './qdl.ts';
import { qemu } from './qemu.ts';
import { qemuIso } from './qemu-iso.ts';
import { recovery } from './recovery.ts';
import { schroot } from './schroot.ts';
import { ssh } from './ssh.ts';
import { uboot } from './u-boot.ts';
import { uefi } from './uefi.ts';
import { uefiMenu } from './uefi-menu.ts';
import { uuu } from './uuu.ts';

/** Every way to boot; when several accept a block, the highest priority wins, then the first. */
export const bootMethods: readonly Method[] = [
  avh, barebox, bootloader, cmsisDap, depthcharge, dfu, docker, fastboot, fvp, gdb, grub, grubSequence, ipxe, jlink, kexec, minimal, musca, newConnection, nodebooter, openocd, pyocd, qdl, qemu, qemuIso, recovery,
  schroot, ssh, uboot, uefi, uefiMenu, uuu,
];
