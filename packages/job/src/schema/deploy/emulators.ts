import { bool, literal, mapping, range, required, text } from '../schema.ts';
import { deployMethod, emulatorFile, file, files } from '../download.ts';

const rootPartition = range({ min: 0, about: 'the number of the partition with the root file system, from 0' });

/** Deployments for emulators and simulators. */
export const emulators = {
  tmpfs: deployMethod('tmpfs', {
    images: files(emulatorFile),
    type: literal('monitor', { about: 'the system has no shell' }),
    uefi: file({}, 'the firmware'),
  }, { about: 'files on the worker, for emulators and for tools that flash' }),
  'iso-installer': deployMethod('iso-installer', {
    images: required(mapping({
      iso: required(file({ image_arg: text({ about: 'the arguments for the emulator' }) }, 'the image of the installer')),
      preseed: required(file({}, 'the answers for the installer')),
    })),
    iso: required(mapping({
      installation_size: required(text({ about: 'the size of the disk, such as 20G or 800M' })),
      kernel: text({ about: 'the path of the kernel in the image' }),
      initrd: text({ about: 'the path of the first root file system in the image' }),
    })),
  }, { about: 'an installation from a CD image in QEMU' }),
  fvp: deployMethod('fvp', {
    ramdisk: mapping({ install_overlay: bool(), compression: text(), header: literal('u-boot') }),
    uniquify: bool(),
    images: files(),
  }, { about: "files for Arm's Fixed Virtual Platforms" }),
  avh: deployMethod('avh', {
    options: mapping({ model: text(), api_endpoint: text(), project_name: text() }, { about: 'the virtual board and the project that it is made in' }),
    images: mapping({ kernel: file(), dtb: file(), rootfs: file({ root_partition: rootPartition }) }),
    fw_package: file({ storage_file: text({ about: 'the file in the package that holds the root file system' }), root_partition: rootPartition }),
  }, { about: 'firmware for an Arm Virtual Hardware instance' }),
};
