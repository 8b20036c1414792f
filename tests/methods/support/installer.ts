import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { guestRamdisk, type GuestImage } from '@lava/testbed';

/** GRUB for PCs without EFI (Debian: grub-pc-bin). */
export const grubPc = '/usr/lib/grub/i386-pc';
const bytesPerSector = 512;
/** The partition: where it begins, and its size in sectors. */
const firstSector = 2048;
const sectors = (24 << 20) / bytesPerSector;

/**
 * A CD image with an installer that does what Debian's does, as far as jobs see it: it fetches the answers over TFTP, puts
 * a boot loader and the test guest on the disk, runs the late command of the answers, and powers off.
 * @param folder for the image and what it is made of @returns the image: /install/vmlinuz and /install/initrd.gz start the installer
 */
export async function installerCd(folder: string, guest: GuestImage): Promise<string> {
  const [cd, system] = [join(folder, 'cd'), join(folder, 'system')];
  for (const path of [join(cd, 'install'), join(system, 'boot')]) mkdirSync(path, { recursive: true });
  const initrd = await guestRamdisk(guest, 'disk');
  // The installed system: boot loader, and one partition with the guest.
  execFileSync('tar', ['-xzf', guest.archive, '-C', system]);
  // Tests of Debian's systems are scripts of bash.
  writeFileSync(join(system, 'bin/bash'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
  cpSync(guest.kernel, join(system, 'boot/vmlinuz'));
  cpSync(initrd, join(system, 'boot/initrd'));
  const partition = join(folder, 'partition');
  execFileSync('mke2fs', ['-q', '-t', 'ext2', '-d', system, partition, `${(sectors * bytesPerSector) >> 10}k`], { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
  writeFileSync(join(cd, 'disk.gz'), gzipSync(Buffer.concat([bootSectors(folder), readFileSync(partition)]), { level: 1 }));
  // The installer itself. An archive behind another replaces its files.
  cpSync(guest.kernel, join(cd, 'install/vmlinuz'));
  writeFileSync(join(folder, 'init'), installer, { mode: 0o755 });
  const own = execFileSync('cpio', ['--quiet', '-o', '-H', 'newc'], { cwd: folder, input: 'init\n' });
  writeFileSync(join(cd, 'install/initrd.gz'), Buffer.concat([readFileSync(initrd), gzipSync(own)]));
  const iso = join(folder, 'cd.iso');
  execFileSync('bsdtar', ['--format=iso9660', '-cf', iso, '-C', cd, '.']);
  return iso;
}

/** What stands before the first partition: table of partitions, GRUB. */
function bootSectors(folder: string): Buffer {
  const config = join(folder, 'grub.cfg');
  writeFileSync(config, `serial
terminal_output serial
set root=(hd0,msdos1)
echo Loading Linux ...
linux /boot/vmlinuz console=ttyS0,115200 root=/dev/sda1
echo Loading initial ramdisk ...
initrd /boot/initrd
boot
`);
  const core = join(folder, 'core.img');
  execFileSync('grub-mkimage', ['-O', 'i386-pc', '-o', core, '-p', '/boot', '-c', config, 'biosdisk', 'part_msdos', 'ext2', 'linux', 'serial', 'terminal', 'echo', 'boot']);
  const bytes = Buffer.alloc(firstSector * bytesPerSector);
  readFileSync(join(grubPc, 'boot.img')).copy(bytes);
  readFileSync(core).copy(bytes, bytesPerSector);
  // The table of partitions: one of Linux, active.
  const entry = 446;
  bytes.fill(0, entry, entry + 64);
  bytes[entry] = 0x80;
  bytes[entry + 4] = 0x83;
  bytes.writeUInt32LE(firstSector, entry + 8);
  bytes.writeUInt32LE(sectors, entry + 12);
  return bytes;
}

const installer = `#!/bin/sh
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
[ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net scsi_common scsi_mod libata ata_piix sd_mod cdrom sr_mod isofs; do
    insmod /lib/modules/$module.ko 2> /dev/null
done
fail() {
    echo "ERROR: $1"
    while :; do sleep 60; done
}
ip link set eth0 up && udhcpc -i eth0 -q -n -s /bin/udhcpc-lease > /dev/null
read -r cmdline < /proc/cmdline
for word in $cmdline; do
    case $word in preseed/url=tftp://*) url=\${word#*://} ;; esac
done
tftp -g -r "\${url#*/}" -l /preseed.cfg "\${url%%/*}" || fail 'Failed to retrieve the preconfiguration file'
while ! { [ -b /dev/sda ] && [ -b /dev/sr0 ]; }; do sleep 0.1; done
mkdir -p /cdrom /target
mount -t iso9660 -o ro /dev/sr0 /cdrom || fail 'Installation step failed'
gunzip -c /cdrom/disk.gz > /dev/sda
blockdev --rereadpt /dev/sda
while ! [ -b /dev/sda1 ]; do sleep 0.1; done
mount -t ext4 /dev/sda1 /target || fail 'Installation step failed'
sed -n 's,^d-i preseed/late_command string ,,p' /preseed.cfg > /late-command
sh -x /late-command
umount /target
poweroff -f
`;
