/** How a method is shown to work: on real firmware or programs, against a stand-in of ours, by the words of its command line, or not yet. */
type Shown = 'real' | 'fake' | 'argv' | 'not yet';

export interface MethodCoverage {
  /** As job definitions write it. */
  readonly name: string;
  readonly shown: Shown;
  /** What stands in for a lab's hardware in the tests. */
  readonly by?: string;
  /** The test that shows it. */
  readonly test?: string;
}

const real = (name: string, by: string, test: string): MethodCoverage => ({ name, shown: 'real', by, test });
const fake = (name: string, by: string, test: string): MethodCoverage => ({ name, shown: 'fake', by, test });
const missing = (...names: string[]): MethodCoverage[] => names.map((name) => ({ name, shown: 'not yet' }));

const uboot = 'U-Boot 2023.01 on QEMU (64-bit Arm)';
const podman = 'Podman';
const sshd = 'OpenSSH; dropbear in a container';
const dispatcher = 'packages/dispatcher/src';

/** Every method that job definitions know, by kind of block. docs/methods.md is made of this. */
export const methodCoverage: Readonly<Record<'deploy' | 'boot' | 'test', readonly MethodCoverage[]>> = {
  deploy: [
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('ssh', sshd, 'tests/methods/ssh.test.ts'),
    real('tftp', `${uboot}, GRUB on EFI, iPXE; root over NFS from nfs-ganesha`, 'tests/methods/u-boot.test.ts'),
    real('tmpfs', 'QEMU', `${dispatcher}/boot/qemu.test.ts`),
    ...missing('avh', 'download', 'downloads', 'fastboot', 'flasher', 'fvp', 'iso-installer', 'mps', 'musca', 'nbd', 'nfs', 'overlay', 'qdl', 'recovery', 'sata', 'sd',
      'u-boot-ums', 'usb', 'usbg-ms', 'uuu', 'vemsd'),
  ],
  boot: [
    fake('barebox', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    real('bootloader', uboot, 'tests/methods/bootloader.test.ts'),
    fake('depthcharge', 'a scripted board; real mkimage', `${dispatcher}/boot/bootloaders.test.ts`),
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('grub', 'GRUB 2.06 on OVMF in QEMU (PC)', 'tests/methods/grub.test.ts'),
    fake('grub-efi', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    real('ipxe', 'iPXE of the network card in QEMU (PC)', 'tests/methods/ipxe.test.ts'),
    fake('kexec', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    real('minimal', 'QEMU behind a serial line', 'tests/methods/new-connection.test.ts'),
    real('monitor', 'QEMU', `${dispatcher}/boot/qemu.test.ts`),
    real('new_connection', 'a second serial port of a QEMU', 'tests/methods/new-connection.test.ts'),
    real('qemu', 'QEMU', `${dispatcher}/boot/qemu.test.ts`),
    real('schroot', 'schroot of Debian', 'tests/methods/ssh.test.ts'),
    real('ssh', sshd, 'tests/methods/ssh.test.ts'),
    real('u-boot', uboot, 'tests/methods/u-boot.test.ts'),
    fake('uefi', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    fake('uefi-menu', 'a scripted board', `${dispatcher}/boot/bootloaders.test.ts`),
    ...missing('avh', 'cmsis-dap', 'dfu', 'fastboot', 'fvp', 'gdb', 'jlink', 'musca', 'nodebooter', 'openocd', 'pyocd', 'qdl', 'qemu-iso', 'qemu-nfs', 'recovery', 'uuu'),
  ],
  test: [
    real('definitions', 'QEMU; shells on this machine', `${dispatcher}/test/definitions.test.ts`),
    real('docker', podman, 'tests/methods/docker.test.ts'),
    real('interactive', uboot, 'tests/methods/bootloader.test.ts'),
    fake('monitors', 'a shell on this machine', `${dispatcher}/test/other-tests.test.ts`),
    real('services', 'podman-compose', 'tests/methods/docker.test.ts'),
  ],
};

/** Whether a method of job definitions is one that has no code yet. */
export function isNotYet(family: 'deploy' | 'boot' | 'test', name: string): boolean {
  return methodCoverage[family].some((method) => method.name === name && method.shown === 'not yet');
}
