import { classic as boot } from './boot.ts';
import { classic as deploy } from './deploy.ts';
import { classic as test } from './test.ts';

// Whole jobs as labs submit them, put together from the valid blocks: what is deployed, how it boots, what is tested.
// Several of a kind are separated by `;`.

const combinations = `
tmpfs | qemu | inline
tmpfs, gz | qemu, one prompt | git
tmpfs, several drives | qemu, password | git, all keys
tmpfs, overlay in a tar | qemu | inline, install
tmpfs, overlay in a cpio | qemu | many
tmpfs | monitor | monitor
tmpfs, all keys | qemu, in a container | url
nfs, emulator | qemu-nfs | git, parameters
iso-installer | qemu-iso | inline
tftp, ramdisk | u-boot | inline
tftp, nfsrootfs | u-boot, nfs | git
tftp, persistent_nfs | u-boot, nfs | git, a tag
tftp, device tree | u-boot, fetched overlay | two
tftp, modules | u-boot, own commands | inline, signals
tftp, device tree | u-boot, no boot script | interactive, of a bootloader
tftp, trusted environment | u-boot | url, gz
nbd | u-boot, nfs | inline
tftp, ramdisk | barebox | git
tftp, nfsrootfs | barebox, own commands | inline
tftp, nfsrootfs | depthcharge | git
tftp, nothing put in | depthcharge, ramdisk | inline
tftp, nfsrootfs | grub | git
tftp, an installer | grub, an installer | none
tftp, ramdisk | grub-efi | inline
tftp, nothing put in | grub, own commands | inline, no installation
tftp | ipxe | inline
tftp, modules | ipxe, own commands | git, no packages
overlay | uefi | inline
overlay | uefi-menu | inline
overlay, its system | minimal | git
overlay | minimal, password | inline; monitor
overlay | minimal, restart | interactive
overlay, its system | minimal, ask again | git, over ssh
overlay | bootloader | interactive
tftp, ramdisk | u-boot; kexec | inline; git
ssh | ssh | git
ssh, nothing | ssh, bare | inline
overlay | ssh; schroot | inline
fastboot | fastboot | git
fastboot, all keys | fastboot, commands | docker
fastboot, restarts | fastboot, bare | docker
fastboot, raw image | fastboot | inline
downloads; fastboot | fastboot | docker, with downloads
downloads, several steps; fastboot | fastboot | inline
downloads, an archive; overlay | minimal | inline
download, several; fastboot | fastboot | git
tftp, ramdisk; usb | u-boot; grub | inline
tftp, nfsrootfs; sata | u-boot; minimal | inline
uuu | uuu | none
uuu, all keys | uuu, control of the board; u-boot | inline
u-boot-ums | u-boot | inline
vemsd; tftp, ramdisk | uefi-menu | inline
mps | minimal, nothing | monitor
musca | musca | monitor, measurements
tmpfs | cmsis-dap | monitor
tmpfs | pyocd | monitor, all results
tmpfs | jlink | monitor
tmpfs | openocd | monitor
tmpfs | dfu | monitor
tmpfs | gdb | monitor
docker | docker | inline
docker, all keys | docker, a place for files | git
docker, of a registry | docker, bare | inline
fvp | fvp | inline
fvp | fvp, bare | monitor
flasher | minimal | inline
flasher, several | u-boot | git
recovery | recovery; recovery, exit | none
overlay | new_connection | interactive, roles that wait
overlay | minimal | docker
`;

const blocksOf = (kind: string, names: string, of: Readonly<Record<string, object>>): object[] => names.split(';').map((name) => {
  const block = of[name.trim()];
  if (!block) throw new Error(`the corpus has no ${kind} block '${name.trim()}'`);
  return { [kind]: block };
});

const priorities = ['low', 'medium', 'high', 30];

export const whole: Readonly<Record<string, object>> = Object.fromEntries(combinations.trim().split('\n').map((line, i) => {
  const [deploys = '', boots = '', tests = ''] = line.split(' | ');
  return [line, {
    job_name: line, device_type: 'board', visibility: i % 3 ? 'public' : { group: ['lab', 'kernel'] }, priority: priorities[i % priorities.length],
    timeouts: { job: { hours: 4 }, action: { minutes: 10 }, connection: { minutes: 2 }, actions: { 'http-download': { minutes: 20 } } },
    metadata: { source: 'https://example.org/build/1', build: String(i) },
    actions: [...blocksOf('deploy', deploys, deploy), ...blocksOf('boot', boots, boot), ...blocksOf('test', tests, test)],
  }];
}));
