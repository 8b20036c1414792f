/** How a method is shown to work: on real firmware or programs, against a stand-in of ours, or by the words of its command line. */
type Shown = 'real' | 'fake' | 'argv';

export interface MethodCoverage {
  /** As job definitions write it. */
  readonly name: string;
  readonly shown: Shown;
  /** What stands in for a lab's hardware in the tests. */
  readonly by: string;
  /** The test that shows it. */
  readonly test: string;
}

const real = (name: string, by: string, test: string): MethodCoverage => ({ name, shown: 'real', by, test });
const fake = (name: string, by: string, test: string): MethodCoverage => ({ name, shown: 'fake', by, test });
const argv = (name: string, by: string, test: string): MethodCoverage => ({ name, shown: 'argv', by, test });

const uboot = 'U-Boot 2023.01 on QEMU (64-bit Arm)';
const podman = 'Podman';
const sshd = 'OpenSSH; dropbear in a container';
const dispatcher = 'packages/dispatcher/src';
const vendorTools = `${dispatcher}/flash/vendor-tools.test.ts`;
const drives = `${dispatcher}/flash/drives.test.ts`;
const files = `${dispatcher}/deploy/files.test.ts`;
const fastboot = `${dispatcher}/flash/fastboot.test.ts`;
const debuggers = `${dispatcher}/boot/debuggers.test.ts`;
const microcontrollers = `${dispatcher}/boot/microcontrollers.test.ts`;
const nrf51 = 'to an nRF51 in QEMU, which then runs what was written';
const drive = 'a folder as the drive; USB devices of umockdev';
const model = 'Podman; a script as the model, with its consoles on ports';
const installation = 'QEMU, with an installer in the place of Debian’s';
const shell = 'a shell on this machine';

/** Every method that job definitions know, by kind of block. docs/methods.md is made of this. */
export const methodCoverage: Readonly<Record<'deploy' | 'boot' | 'test', readonly MethodCoverage[]>> = {
  deploy: [
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('ssh', sshd, 'tests/methods/ssh.test.ts'),
    real('tftp', `${uboot}, GRUB on EFI, iPXE; root over NFS from nfs-ganesha`, 'tests/methods/u-boot.test.ts'),
    real('tmpfs', 'QEMU', `${dispatcher}/boot/qemu.test.ts`),
    real('download', 'Android’s fastboot, over TCP to a device that keeps what is written', fastboot),
    real('downloads', 'files of the worker', files),
    real('fastboot', 'Android’s fastboot, over TCP to a device that keeps what is written', fastboot),
    real('flasher', 'a program of the lab', vendorTools),
    fake('fvp', model, 'tests/methods/fvp.test.ts'),
    real('iso-installer', installation, 'tests/methods/qemu-iso.test.ts'),
    fake('mps', drive, drives),
    fake('musca', drive, drives),
    real('nbd', 'nbd-server', files),
    real('nfs', 'QEMU; root over NFS from nfs-ganesha', 'tests/methods/nfs-root.test.ts'),
    real('overlay', 'the files of the tests', files),
    fake('qdl', 'a played qdl; USB devices of umockdev', vendorTools),
    argv('recovery', 'relays and power switch', vendorTools),
    fake('sata', shell, files),
    fake('sd', shell, files),
    fake('u-boot-ums', 'a scripted U-Boot; a played bmaptool', vendorTools),
    fake('usb', shell, files),
    argv('usbg-ms', 'the programs of the lab', vendorTools),
    real('uuu', 'uuu, over USB (umockdev) to a board that waits for it', vendorTools),
    fake('vemsd', drive, drives),
    fake('avh', 'a service played as its public API says; a played docker', `${dispatcher}/boot/avh.test.ts`),
  ],
  boot: [
    fake('barebox', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    real('bootloader', uboot, 'tests/methods/bootloader.test.ts'),
    fake('depthcharge', 'a scripted board; real mkimage', `${dispatcher}/boot/bootloaders.test.ts`),
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('grub', 'GRUB 2.06 on OVMF in QEMU (PC)', 'tests/methods/grub.test.ts'),
    fake('grub-efi', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    real('ipxe', 'iPXE of the network card in QEMU (PC)', 'tests/methods/ipxe.test.ts'),
    real('kexec', 'kexec of Debian, in QEMU', 'tests/methods/kexec.test.ts'),
    real('minimal', 'QEMU behind a serial line', 'tests/methods/new-connection.test.ts'),
    real('monitor', 'firmware of a microcontroller (Cortex-M3) in QEMU', 'tests/methods/monitors.test.ts'),
    real('new_connection', 'a second serial port of a QEMU', 'tests/methods/new-connection.test.ts'),
    real('qemu', 'QEMU', `${dispatcher}/boot/qemu.test.ts`),
    real('schroot', 'schroot of Debian', 'tests/methods/ssh.test.ts'),
    real('ssh', sshd, 'tests/methods/ssh.test.ts'),
    real('u-boot', uboot, 'tests/methods/u-boot.test.ts'),
    fake('uefi', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    fake('uefi-menu', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    fake('cmsis-dap', drive, drives),
    real('dfu', 'dfu-util, over USB (umockdev) to a device that keeps what is written', debuggers),
    real('fastboot', 'Android’s fastboot, over TCP to a device that starts QEMU', 'tests/methods/fastboot.test.ts'),
    fake('fvp', model, 'tests/methods/fvp.test.ts'),
    real('gdb', `GDB, ${nrf51}`, microcontrollers),
    argv('jlink', 'a played JLinkExe; USB devices of umockdev', debuggers),
    fake('musca', 'a scripted board; USB devices of umockdev', debuggers),
    real('openocd', `OpenOCD, through CMSIS-DAP on USB (umockdev) ${nrf51}`, microcontrollers),
    real('pyocd', `pyOCD 0.13, through CMSIS-DAP on USB (umockdev) ${nrf51}`, microcontrollers),
    fake('qdl', 'a played qdl; USB devices of umockdev', vendorTools),
    real('qemu-iso', installation, 'tests/methods/qemu-iso.test.ts'),
    real('qemu-nfs', 'QEMU; root over NFS from nfs-ganesha', 'tests/methods/nfs-root.test.ts'),
    argv('recovery', 'relays and power switch', vendorTools),
    real('uuu', 'uuu, over USB (umockdev) to a board that waits for it; played bcu, and a played uuu where the boot ROM answers', vendorTools),
    fake('avh', 'a service played as its public API says; a played docker', `${dispatcher}/boot/avh.test.ts`),
    fake('nodebooter', 'a played service; a played docker', `${dispatcher}/boot/nodebooter.test.ts`),
  ],
  test: [
    real('definitions', 'QEMU; shells on this machine', `${dispatcher}/test/definitions.test.ts`),
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('interactive', uboot, 'tests/methods/bootloader.test.ts'),
    real('monitors', 'firmware of a microcontroller (Cortex-M3) in QEMU', 'tests/methods/monitors.test.ts'),
    real('services', 'podman-compose', 'tests/methods/docker.test.ts'),
  ],
};
