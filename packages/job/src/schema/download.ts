import { anyMapping, bool, either, eitherMeant, empty, integer, literal, mapping, named, oneOf, range, record, required, text, type Schema } from './schema.ts';
import { isMapping } from '../mapping.ts';

type Fields = Readonly<Record<string, Schema>>;

const backend = oneOf('auto', 'e2fsprogs', 'guestfs');

/** Keys of everything that is downloaded. */
const urlKeys = {
  url: required(text({ about: 'an address with http, https, file, scp, rclone or downloads' })),
  headers: anyMapping('HTTP headers to send, by name'),
  compression: { ...either(oneOf('bz2', 'gz', 'xz', 'zip', 'zstd'), empty()), about: 'how the file is compressed: it is decompressed while it is downloaded' },
  archive: literal('tar', { about: 'unpack the file: it is a tar archive' }),
  md5sum: text({ about: 'the checksum of the file as it is downloaded' }),
  sha256sum: text({ about: 'the checksum of the file as it is downloaded' }),
  sha512sum: text({ about: 'the checksum of the file as it is downloaded' }),
  use_cache: bool('false: fetch from the address itself, not through the cache of the worker'),
};

const overlay = mapping({
  ...urlKeys,
  format: required(oneOf('file', 'tar')),
  path: required(text({ about: 'the place in the image, from /' })),
});

const overlayKeys = {
  format: required({ ...oneOf('cpio.newc', 'ext4', 'tar'), about: 'the format of the image that overlays are put into' }),
  partition: integer({ about: 'the number of the partition that overlays are put into, from 0' }),
  sparse: bool('the image is an Android sparse image'),
  overlay_backend: { ...backend, about: 'the tool that writes into an ext4 image' },
  overlays: required(named('overlays', mapping({ lava: bool("put LAVA's own files of the tests into the image") }, { others: overlay, about: 'what to put into the image, by name' }))),
};

const withOverlays = (value: unknown) => (isMapping(value) && (Object.hasOwn(value, 'overlays') || Object.hasOwn(value, 'format')) ? 1 : 0);

/** A file to download, with overlays put into it or without. @param more keys that the method adds */
export const file = (more: Fields = {}, about = 'a file to download') => ({
  ...eitherMeant(withOverlays, mapping({ ...urlKeys, ...more } as Fields), mapping({ ...urlKeys, ...overlayKeys, ...more } as Fields)), about,
  ...(Object.keys(more).length ? {} : { name: 'file' }),
});

/** A file of an emulator: it may be a qcow2 image, and says how it stands on the command line. */
export const emulatorFile = (() => {
  const argument = { image_arg: text({ about: 'the arguments for the emulator; {NAME} stands for the file' }) };
  const qcow2 = (value: unknown) => (isMapping(value) && (Object.hasOwn(value, 'overlays') || (Object.hasOwn(value, 'format') && value['format'] !== 'qcow2')) ? 1 : 0);
  return {
    ...eitherMeant(qcow2,
      mapping({ ...urlKeys, format: literal('qcow2'), ...argument }),
      mapping({ ...urlKeys, ...overlayKeys, format: oneOf('cpio.newc', 'ext4', 'tar'), ...argument })),
    about: 'a file to download for the emulator',
  };
})();

/** Files by names of the author's choice, at least one. */
export const files = (item: Schema = file()) => required(record(item, { some: true, about: 'the files to download, by name, each with a "url"' }));

export const applyOverlayKeys = {
  'apply-overlay': bool("put LAVA's files of the tests into this image"),
  root_partition: range({ min: 0, about: 'the number of the partition with the root file system, from 0' }),
};

/** Keys of every deploy block. */
const deployKeys = {
  os: text({ about: 'the family of the system that is deployed, such as debian or oe' }),
  authorize: literal('ssh', { about: 'let the worker sign in over ssh' }),
  overlay_backend: { ...backend, about: 'the tool that writes into ext4 images' },
};

/** One method of deployment. */
export const deployMethod = (to: string, keys: Fields, options: { about: string; exclusive?: readonly [string, readonly string[]] }): Schema =>
  mapping({ ...deployKeys, to: required(literal(to)), ...keys } as Fields, options);

export const uniquify = bool('false: keep all files in one directory, under their own names');
