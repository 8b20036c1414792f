import { beyond, bool, eitherMeant, list, literal, mapping, oneOf, record, required, text } from '../schema.ts';
import { isMapping } from '../../mapping.ts';
import { deployMethod, file, files } from '../download.ts';

const kernel = file({ type: { ...oneOf('image', 'uimage', 'zimage'), about: 'the kind of kernel, which decides the boot command' } }, 'the kernel');
const install = {
  install_modules: bool('unpack the modules into it; true if not said'),
  install_overlay: bool("put LAVA's files of the tests into it; true if not said"),
};
const nfsrootfs = file({ ...install, prefix: text({ about: 'the directory in the archive that becomes the root, with / at its end' }) }, 'the archive of the root file system, which the worker exports over NFS');
const modules = file({}, 'the archive of the modules');

/** Deployments over the network: the board fetches its files from the worker. */
export const network = {
  tftp: deployMethod('tftp', {
    kernel: required(kernel, 'needs a kernel to deploy'),
    dtb: file({}, 'the device tree'),
    dtbo: beyond(list(file({}, 'a device tree overlay'))),
    modules,
    preseed: file({}, 'answers for an installer'),
    ramdisk: file({ ...install, header: literal('u-boot', { about: 'the file has a header of U-Boot, which is taken off' }) }, 'the first root file system'),
    nfsrootfs,
    persistent_nfs: mapping({ address: required(text({ about: 'host:/path' })), install_overlay: bool() }, { about: 'a root file system that a server exports already' }),
    tee: file({}, 'the trusted execution environment'),
    extra_files: beyond(record(file(), { about: 'further files by name' })),
  }, { about: 'kernel, device tree and root file system for a boot over the network', exclusive: ['nfs', ['nfsrootfs', 'persistent_nfs']] }),
  nbd: deployMethod('nbd', {
    kernel: required(kernel, 'needs a kernel to deploy'),
    nbdroot: required(file({}, 'the root file system, served as a network block device')),
    initrd: required(file({}, 'the first root file system')),
    dtb: file({}, 'the device tree'),
  }, { about: 'a root file system on a network block device' }),
  nfs: eitherMeant(
    (value) => (isMapping(value) && Object.hasOwn(value, 'images') ? 1 : 0),
    deployMethod('nfs', { nfsrootfs: file({ prefix: beyond(text()), install_modules: beyond(bool()), install_overlay: beyond(bool()) }), modules }, { about: 'a root file system over NFS' }),
    deployMethod('nfs', { images: files(file({ image_arg: text({ about: 'the arguments for the emulator; {NAME} stands for the file' }) })), uefi: beyond(file()) }, { about: 'files of an emulator with its root file system over NFS' }),
  ),
  ssh: deployMethod('ssh', {
    firmware: file(), kernel: file(), dtb: beyond(file()), rootfs: file(), modules: file(),
  }, { about: 'files copied over ssh to a system that runs already' }),
  overlay: deployMethod('overlay', {}, { about: "only LAVA's files of the tests, for devices that fetch them" }),
};
