import { sharedKey, type Action } from './action.ts';

/** A file that a deploy block fetched, as boot methods use it. */
export interface Downloaded {
  /** Absolute path of the file (decompressed, overlays applied), or of the folder when it was an archive. */
  readonly file: string;
  /** Free text for the emulator's command line, with `{label}` where the path goes. */
  readonly imageArg?: string;
  /** What the block declared, also when the file was kept compressed. */
  readonly compression?: string;
  readonly decompressed: boolean;
  /** Of the bytes as received. */
  readonly sha256: string;
}

/** What the deploy blocks of this namespace fetched: by label, in the order of the block. */
export const downloadedFiles = sharedKey<ReadonlyMap<string, Downloaded>>('download-action');

/** The disk with the overlay that `apply-overlay-guest` made, to be attached to the guest. */
export interface GuestDisk {
  readonly file: string;
  /** Of its file system, which is mounted at the overlay's folder before the tests. */
  readonly uuid: string;
  /** As QEMU calls it. */
  readonly format: string;
}
export const guestDisk = sharedKey<GuestDisk>('apply-overlay-guest');

/** Where devices find files of the namespace over TFTP: by label, relative to the server's root. */
export const tftpFiles = sharedKey<ReadonlyMap<string, string>>('tftp-deploy');

export function setTftpFile(a: Action, label: string, path: string): void {
  a.set(tftpFiles, new Map(a.get(tftpFiles)).set(label, path));
}

/** A root file system that devices mount over NFS. */
export interface NfsRoot {
  /** Absolute path on its server. */
  readonly folder: string;
  readonly server: string;
}
export const nfsRoot = sharedKey<NfsRoot>('extract-rootfs');

/** Where the root file system is served as a network block device. */
export interface BlockServer {
  readonly host: string;
  readonly port: number;
}
export const blockServer = sharedKey<BlockServer>('lava-xnbd');

/** Which disk the job has written; filled by the deployment that writes it. */
export const writtenMedia = sharedKey<string>('storage-deploy');

/** How U-Boot starts the kernel: `bootm`, `bootz` or `booti`. */
export const bootCommand = sharedKey<string>('uboot-prepare-kernel');

/** Facts that only this job knows and that shells on the device are told, by name. */
export const dynamicData = sharedKey<Readonly<Record<string, string>>>('dynamic-data');

/** The overlay as a gzipped tar, for boot methods that bring it to the device. */
export const overlayArchive = sharedKey<string>('compress-overlay');

/** Folder of the unpacked overlay on the worker: it holds `lava-<job>/…` below it. */
export const overlayFolder = sharedKey<string>('lava-overlay');

/** Absolute path of the overlay on the device, e.g. `/lava-4212`. */
export const resultsFolder = sharedKey<string>('lava_test_results_dir');

/** Lines to type before a shell test starts, e.g. to mount the guest disk; boot methods fill it. */
export const preTestCommands = sharedKey<readonly string[]>('pre-command-list');

/** Environment for the device, ready to be typed after login; filled by `deploy-device-env`. */
export interface DeviceEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Where the lines go, e.g. `~/.bashrc`. */
  readonly shellFile: string;
}
export const deviceEnvironment = sharedKey<DeviceEnvironment>('deploy-device-env');

/** True once some image of the namespace got the overlay by its `overlays:`. */
export const overlayApplied = sharedKey<boolean>('append-overlays');

export function addDownloaded(a: Action, label: string, file: Downloaded): void {
  a.set(downloadedFiles, new Map(a.get(downloadedFiles)).set(label, file));
}
