// Deploy blocks that are valid, by name. `classic`: LAVA's schema has had all their keys for years; `newer`: it has not.

const url = 'http://files.example.org/x';
const f = { url };
const withOverlays = { url, format: 'ext4', partition: 0, sparse: false, overlays: { lava: true, extra: { url, format: 'tar', path: '/opt' } } };
const full = { url, headers: { PRIVATE: 'token' }, compression: 'xz', archive: 'tar', md5sum: 'a', sha256sum: 'b', sha512sum: 'c' };
const tool = { tool: '/usr/bin/curl', options: '-L {DOWNLOAD_URL}', prompt: 'length' };

export const classic: Readonly<Record<string, object>> = {
  'tmpfs': { to: 'tmpfs', images: { kernel: f } },
  'tmpfs, all keys': { to: 'tmpfs', os: 'debian', authorize: 'ssh', type: 'monitor', uefi: full, images: { rootfs: { ...full, format: 'qcow2', image_arg: '-drive file={rootfs}' }, initrd: { ...withOverlays, image_arg: 'x' } } },
  'tmpfs, no compression': { to: 'tmpfs', images: { rootfs: { url, compression: null } } },
  'tftp': { to: 'tftp', kernel: f },
  'tftp, ramdisk': { to: 'tftp', os: 'oe', kernel: { ...full, type: 'zimage' }, dtb: full, modules: full, preseed: f, tee: f, ramdisk: { ...full, install_modules: false, install_overlay: true, header: 'u-boot' } },
  'tftp, nfsrootfs': { to: 'tftp', kernel: { url, type: 'image' }, nfsrootfs: { ...full, install_modules: true, install_overlay: true, prefix: 'root/' }, ramdisk: { url, format: 'cpio.newc', overlays: { lava: true } } },
  'tftp, persistent_nfs': { to: 'tftp', kernel: { url, type: 'uimage' }, persistent_nfs: { address: 'host:/root', install_overlay: false } },
  'nfs': { to: 'nfs', nfsrootfs: f, modules: full },
  'nfs, nothing': { to: 'nfs' },
  'nfs, emulator': { to: 'nfs', os: 'debian', images: { kernel: { url, image_arg: '-kernel {kernel}' }, nfsrootfs: full } },
  'nbd': { to: 'nbd', kernel: { url, type: 'image' }, nbdroot: f, initrd: f, dtb: withOverlays, protocols: { 'lava-xnbd': [{ action: 'nbd-deploy', request: 'set_port' }] } },
  'ssh': { to: 'ssh', os: 'debian', firmware: f, kernel: f, rootfs: full, modules: f },
  'overlay': { to: 'overlay' },
  'iso-installer': { to: 'iso-installer', os: 'debian_installer', images: { iso: { url, image_arg: '-drive file={iso}' }, preseed: full }, iso: { installation_size: '2G', kernel: '/install/vmlinuz', initrd: '/install/initrd' } },
  'fvp': { to: 'fvp', images: { software: full, rootfs: withOverlays }, uniquify: false, ramdisk: { install_overlay: true, compression: 'gz', header: 'u-boot' } },
  'fastboot': { to: 'fastboot', images: { boot: f } },
  'fastboot, all keys': { to: 'fastboot', os: 'debian', images: { boot: { ...full, 'apply-overlay': true, root_partition: 1, sparse: false, reboot: 'hard-reset' }, system: { url, format: 'ext4', sparse: true, overlays: { lava: true } } }, docker: { image: 'debian:12', local: true, container_name: 'a', network_from: 'b' } },
  'usb': { to: 'usb', device: 'stick', image: full, download: tool },
  'usb, images': { to: 'usb', device: 'stick', images: { image: f, bmap: f }, writer: tool, tool: { prompts: ['done'] }, uniquify: false },
  'sata': { to: 'sata', device: 'ssd', image: f, download: tool },
  'uuu': { to: 'uuu', images: { boot: f } },
  'uuu, all keys': { to: 'uuu', images: { boot: full, system: { ...full, 'apply-overlay': true, root_partition: 0 } } },
  'u-boot-ums': { to: 'u-boot-ums', image: { ...full, root_partition: 1 } },
  'vemsd': { to: 'vemsd', recovery_image: { url, compression: 'zip' } },
  'mps': { to: 'mps', images: { recovery_image: f, test_binary: f, test_binary_2: { url, rename: 'b.axf' } } },
  'musca': { to: 'musca', images: { test_binary: f } },
  'docker': { to: 'docker', image: 'debian:bookworm' },
  'docker, all keys': { to: 'docker', os: 'debian', image: { name: 'registry.example.org/a/b', local: true, container_name: 'c', network_from: 'd' } },
  'download': { to: 'download', images: { rootfs: full } },
  'downloads': { to: 'downloads', images: { rootfs: f, kernel: full }, postprocess: { docker: { image: 'debian:12', local: false, steps: ['ls'] } } },
  'flasher': { to: 'flasher', images: { firmware: full } },
  'flasher, no images': { to: 'flasher', images: {} },
  'recovery': { to: 'recovery', images: { firmware: f } },
  'every block key': { to: 'overlay', namespace: 'a', 'connection-namespace': 'b', protocols: { any: 1 }, timeout: { minutes: 1 }, timeouts: { 'http-download': { seconds: 5 } }, repeat: 2, failure_retry: 3, failure_retry_interval: 5 },
};

export const newer: Readonly<Record<string, object>> = {
  'sd': { to: 'sd', device: 'card', image: f, download: tool },
  'qdl': { to: 'qdl', qcomflash: { url, 'apply-overlay': true }, rootfs_image: 'rootfs.img', uniquify: false },
  'usbg-ms': { to: 'usbg-ms', image: f },
  'avh': { to: 'avh', options: { model: 'rpi4b', api_endpoint: 'https://example.org', project_name: 'p' }, images: { kernel: f, dtb: f, rootfs: { url, root_partition: 1 } } },
  'avh, package': { to: 'avh', fw_package: { url, storage_file: 'nand', root_partition: 1 } },
  'cache': { to: 'tmpfs', images: { kernel: { url, use_cache: false } } },
  'backend': { to: 'tmpfs', overlay_backend: 'guestfs', images: { rootfs: { ...withOverlays, overlay_backend: 'e2fsprogs' } } },
  'a container with an account': { to: 'fastboot', images: { boot: f }, docker: { image: 'debian', login: { registry: 'r', user: 'u', password: 'p' } } },
};

/** Valid for submission and in the lax form of the schema; its strict form refuses them. */
export const beyond: Readonly<Record<string, object>> = {
  'dtbo': { to: 'tftp', kernel: f, dtbo: [f] },
  'extra files': { to: 'tftp', kernel: f, extra_files: { a: f } },
  'uniquify': { to: 'downloads', images: { a: f }, uniquify: true },
  'flasher, an address': { to: 'flasher', images: { a: { url, download: false } } },
  'connection timeout': { to: 'overlay', connection_timeout: { minutes: 1 } },
  'ssh, dtb': { to: 'ssh', dtb: f },
};
