import { any, bool, either, empty, integer, list, literal, mapping, oneOf, record, required, text } from './schema.ts';
import { methodBlock } from './common.ts';

const overlay = either(bool(), mapping({ url: required(text()), format: oneOf('file', 'tar'), path: text() }, { others: 'allow' }));

/** Something to download and what to do with it. */
const download = {
  url: required(text({ about: 'an address with http, https, file, scp, rclone or downloads' })),
  headers: record(text()),
  compression: either(oneOf('bz2', 'gz', 'xz', 'zip', 'zstd'), empty()),
  archive: literal('tar'),
  md5sum: text(), sha256sum: text(), sha512sum: text(),
  use_cache: bool(),
  format: oneOf('cpio.newc', 'ext4', 'tar'),
  overlays: record(overlay, { about: 'overlays by name; "lava: true" is LAVA\'s own' }),
  partition: integer({ min: 0 }),
  sparse: bool(),
  overlay_backend: oneOf('auto', 'e2fsprogs', 'guestfs'),
  image_arg: text(),
};
const file = mapping(download);

const everyDeploy = {
  os: text({ about: 'the family of the system that is deployed, such as debian or oe' }),
  authorize: literal('ssh'),
  overlay_backend: oneOf('auto', 'e2fsprogs', 'guestfs'),
};

const tmpfs = {
  ...everyDeploy,
  images: required(record(file, { about: 'files by name, each with a "url"' })),
  type: literal('monitor'),
  uefi: file,
};

/** One row a method; those without keys are accepted as they are. */
const methods = {
  tmpfs,
  avh: undefined, docker: undefined, download: undefined, downloads: undefined, fastboot: undefined, flasher: undefined, fvp: undefined,
  'iso-installer': undefined, mps: undefined, musca: undefined, nbd: undefined, nfs: undefined, overlay: undefined, qdl: undefined,
  recovery: undefined, sata: undefined, sd: undefined, ssh: undefined, tftp: undefined, 'u-boot-ums': undefined, usb: undefined,
  'usbg-ms': undefined, uuu: undefined, vemsd: undefined,
};

export const deploy = methodBlock('to', { to: required(text({ about: 'the method, such as tmpfs or tftp' })) }, methods);

/** A list of devices in a docker block and the like. */
export const dockerBlock = mapping({ image: required(text()), binary: text(), local: bool(), container_name: text(), network_from: text(), login: any(), devices: list(text()) }, { others: 'allow' });
