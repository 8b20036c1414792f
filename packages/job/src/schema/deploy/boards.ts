import { beyond, bool, list, mapping, oneOf, range, required, text } from '../schema.ts';
import { dockerWithDevices } from '../common.ts';
import { applyOverlayKeys, deployMethod, file, files, uniquify } from '../download.ts';

const rootPartition = range({ min: 0, about: 'the number of the partition with the root file system, from 0' });

const partition = file({
  ...applyOverlayKeys,
  sparse: bool('false: the image is not an Android sparse image'),
  reboot: { ...oneOf('hard-reset', 'fastboot-reboot', 'fastboot-reboot-bootloader', 'fastboot-reboot-fastboot'), about: 'what to do once this partition is written' },
}, 'the image of a partition');

const tool = (what: string) => mapping({
  tool: required(text({ about: `the absolute path of the program that ${what}` })),
  options: required(text({ about: 'its arguments; {DOWNLOAD_URL} and {DEVICE} are replaced' })),
  prompt: required(text({ about: 'a regular expression for what it prints first' })),
});

/** The same for all media that a running system writes. */
const removable = (to: string) => deployMethod(to, {
  images: mapping({ image: required(file({ 'apply-overlay': beyond(bool()), root_partition: beyond(rootPartition) })) }, { others: file({ 'apply-overlay': beyond(bool()), root_partition: beyond(rootPartition) }) }),
  image: file({ root_partition: beyond(rootPartition) }, 'the image that is written'),
  device: required(text({ about: 'the name of the medium in the configuration of the device' })),
  download: tool('downloads the image'),
  writer: tool('writes the image'),
  tool: mapping({ prompts: required(list(text())), flags: beyond(text()) }, { about: 'what the tool prints when it is done' }),
  uniquify,
}, { about: `an image written to ${to} from a system that runs already`, exclusive: ['image', ['images', 'image']] });

/** Deployments that write to a board, or to what the board shows as a disk. */
export const boards = {
  fastboot: deployMethod('fastboot', {
    images: files(partition),
    docker: dockerWithDevices,
  }, { about: 'partitions written with fastboot' }),
  usb: removable('usb'), sata: removable('sata'), sd: removable('sd'),
  uuu: deployMethod('uuu', {
    images: required(mapping({ boot: required(file({}, 'the bootloader')) }, { min: 1, others: file({ ...applyOverlayKeys, sparse: beyond(bool()) }) })),
    uniquify: beyond(uniquify),
  }, { about: "images for NXP's uuu" }),
  'u-boot-ums': deployMethod('u-boot-ums', { image: required(file({ root_partition: rootPartition })) }, { about: 'an image written to the disk that U-Boot shows over USB' }),
  'usbg-ms': deployMethod('usbg-ms', { image: required(file()) }, { about: 'an image that the worker shows to the board as a USB disk' }),
  qdl: deployMethod('qdl', {
    qcomflash: required(file({ 'apply-overlay': bool() }, 'the archive with all images of the board')),
    rootfs_image: text({ about: 'the name of the root file system in the archive; rootfs.img if not said' }),
    uniquify,
  }, { about: "images for Qualcomm's emergency download" }),
  vemsd: deployMethod('vemsd', { recovery_image: required(file({}, 'the archive of the recovery image')) }, { about: 'firmware of a Versatile Express board' }),
  mps: deployMethod('mps', {
    images: required(mapping({ recovery_image: file({}, 'the archive of the recovery image') }, { min: 1, keys: /^test_binary(_\w+)?$/, others: file({ rename: text({ about: 'the name on the board' }) }), about: '"recovery_image", "test_binary" and "test_binary_NAME"' })),
  }, { about: 'firmware of an MPS board' }),
  musca: deployMethod('musca', { images: required(mapping({ test_binary: required(file(), "'images' has no 'test_binary' entry") })) }, { about: 'a binary for a Musca board' }),
};
