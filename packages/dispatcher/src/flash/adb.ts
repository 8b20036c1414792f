import { join } from 'node:path';
import { JobError } from '@lava/base';
import { connectProcess } from '../connections/process-connection.ts';
import { overlayArchive } from '../pipeline/namespace-data.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { adbSerial } from './fastboot.ts';

/** A shell of an Android system as the connection of the namespace. */
export const connectAdb: ActionSpec = {
  name: 'connect-adb',
  summary: 'connect to a device via adb shell',
  description: 'open a shell of the device over adb',
  timeoutError: 'Infrastructure',
  async run(a) {
    if (a.connection?.alive) return a.log.debug('Already connected');
    const serial = adbSerial(a);
    await a.exec(['adb', 'start-server'], { error: 'Infrastructure' });
    await a.exec(['adb', '-s', serial, 'wait-for-device'], { error: 'Infrastructure' });
    a.connection = await connectProcess(a, ['adb', '-s', serial, 'shell'], { tags: ['adb', 'shell'], terminal: true });
  },
};

/** Brings the overlay to an Android system. */
export const adbOverlayUnpack: ActionSpec = {
  name: 'adb-overlay-unpack',
  summary: 'unpack the overlay on the remote device via adb',
  description: 'unpack the overlay over adb',
  timeoutError: 'Infrastructure',
  async run(a) {
    const archive = a.get(overlayArchive);
    if (archive === undefined) return a.log.debug('No overlay to unpack');
    const folder = await a.makeFolder();
    await a.exec(['tar', '-x', '-f', archive, '-C', folder], { error: 'Infrastructure' });
    const serial = adbSerial(a);
    const { stdout, stderr } = await a.exec(['adb', '-s', serial, 'push', join(folder, 'data/local/tmp'), '/data/local'], { error: 'Infrastructure', errorMessage: 'Unable to push the overlay over adb' });
    if (!`${stdout}${stderr}`.includes('pushed')) throw new JobError(`Unable to push the overlay over adb: ${stdout.trim()}`, { code: 'overlay-push' });
    await a.exec(['adb', '-s', serial, 'shell', '/system/bin/chmod', '-R', '0777', '/data/local/tmp'], { error: 'Infrastructure' });
  },
};
