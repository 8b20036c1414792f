import { copyFile, cp, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobError } from '@lava/base';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { copyToDrive, mountDrive, mountedDrive, unmountDrive } from '../flash/drive.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';

// The drive of the controller on Arm's Versatile Express and MPS boards: what lies on it is what the board starts with.

const unpacked = sharedKey<string>('extract-vexpress-recovery-image');

const drive = (a: Action) => a.get(mountedDrive) ?? '';

export const mountBoardDrive: ActionSpec = {
  name: 'mount-vexpress-usbmsd',
  summary: 'mount vexpress usb mass storage device',
  description: 'mount the drive of the board on the worker',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (a.job.device['usb_filesystem_label'] === undefined) a.error("Filesystem label not present for Vexpress: set 'usb_filesystem_label' in the device dictionary");
  },
  run: async (a) => { await mountDrive(a, `/dev/disk/by-label/${asText(a.job.device['usb_filesystem_label'])}`); },
  cleanup: unmountDrive,
};

export const unmountBoardDrive: ActionSpec = {
  name: 'unmount-vexpress-usbmsd',
  summary: 'unmount vexpress usb mass storage device',
  description: 'write out and unmount the drive of the board',
  timeoutError: 'Infrastructure',
  run: unmountDrive,
};

/** Unpacks the image of a whole drive. @param label key of the image */
export function extractRecoveryImage(label: string): ActionSpec {
  return {
    name: 'extract-vexpress-recovery-image',
    summary: 'unpack versatile express recovery image ready for deployment',
    description: 'unpack versatile express recovery image',
    timeoutError: 'Infrastructure',
    async run(a) {
      const found = a.get(downloadedFiles)?.get(label);
      if (!found) throw new JobError(`'${label}' was not downloaded`, { code: 'flash-image-missing' });
      const folder = await a.makeFolder();
      const argv = found.compression === 'zip' ? ['unzip', '-q', found.file, '-d', folder] : ['tar', '-x', '-f', found.file, '-C', folder];
      await a.exec(argv, { errorMessage: `Unable to unpack the recovery image '${found.file}'`, code: 'recovery-image' });
      a.set(unpacked, folder);
    },
  };
}

/** Makes the drive hold what the image holds. */
export const deployRecoveryImage: ActionSpec = {
  name: 'deploy-vexpress-recovery-image',
  summary: 'deploy vexpress recovery image to usb msd',
  description: 'replace all files on the drive of the board by those of the recovery image',
  timeoutError: 'Infrastructure',
  async run(a) {
    const from = a.get(unpacked) ?? '';
    for (const name of await readdir(drive(a))) await rm(join(drive(a), name), { recursive: true, force: true });
    a.log.debug(`Copying the recovery image to '${drive(a)}'`);
    for (const name of (await readdir(from)).filter((entry) => !entry.startsWith('.')).sort()) await cp(join(from, name), join(drive(a), name), { recursive: true });
  },
};

/** Copies one program to the drive. @param rename its path there, if not its own name at the top */
export function deployTestBinary(name: string, label: string, rename: unknown): ActionSpec {
  return {
    name,
    summary: 'copy test binary to the board',
    description: 'copy the test binary to the drive of the board',
    timeoutError: 'Infrastructure',
    async run(a) {
      const file = a.get(downloadedFiles)?.get(label)?.file;
      if (file === undefined) throw new JobError(`'${label}' was not downloaded`, { code: 'flash-image-missing' });
      if (rename === undefined) return copyToDrive(a, [file], drive(a));
      a.log.debug(`Copying '${basename(file)}' to '${drive(a)}' as '${asText(rename)}'`);
      await copyFile(file, join(drive(a), join('/', asText(rename))));
    },
  };
}

/** Writes the file by which the controller of an MPS board is told to reboot. */
export const deployRebootText: ActionSpec = {
  name: 'deploy-mps-reboot-txt',
  summary: 'deploy reboot.txt to the board',
  description: 'write reboot.txt, which reboots the board',
  timeoutError: 'Infrastructure',
  async run(a) {
    await a.exec(['sync', drive(a)], { error: 'Infrastructure' });
    await writeFile(join(drive(a), 'reboot.txt'), asText(a.parameters['reboot-string'] ?? 'hsyxhj'));
  },
};
