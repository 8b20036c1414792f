import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfrastructureError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { disconnectDevice } from '../connections/disconnect-device.ts';
import { mountDrive, mountedDrive, unmountDrive } from '../flash/drive.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { needUdev, waitForDevice, watchEvents, type UdevEvents } from '../usb/udev.ts';
import type { UdevRecord } from '../usb/udev-records.ts';
import { deployTestBinary } from './board-drive.ts';
import { Downloads } from './download.ts';
import { imagesOf } from './fetch-images.ts';
import { to } from './to.ts';

/** A program for Arm's Musca boards, on the drive of their debugger. */
export const muscaDeploy: Method = {
  name: 'musca',
  accepts(job, parameters) {
    const meant = to('musca', { method: 'musca', keys: ['images'] })(job, parameters);
    return meant === true ? job.device['board_id'] !== undefined || '"board_id" is not in the device configuration' : meant;
  },
  build(job, parameters) {
    const downloads = new Downloads();
    // The drive comes again when the board has been written, which may be before anybody waits for it.
    let events: UdevEvents | undefined;
    const unmountAndListen: ActionSpec = {
      ...unmountMusca,
      async run(a) {
        events = watchEvents(a);
        await events.ready;
        await unmountDrive(a);
      },
      async cleanup() {
        events?.end();
        events = undefined;
      },
    };
    const waitForChange: ActionSpec = {
      ...waitMuscaPath,
      async run(a) {
        a.log.debug(`Waiting for the drive ${path(a)} to come again`);
        for (;;) {
          const event = await events?.next();
          if (!event || (['add', 'change'].includes(event['ACTION'] ?? '') && isDrive(a)(event))) break;
        }
        events?.end();
        events = undefined;
      },
    };
    return {
      name: 'musca-deploy',
      summary: 'deploy image to the musca',
      description: 'deploy image to the musca',
      retry: true,
      children: [
        disconnectDevice, downloads.spec(job, parameters, 'test_binary', imagesOf(parameters)['test_binary']), resetDevice(job), waitMuscaPath, mountMusca,
        deployTestBinary('deploy-musca-test-binary', 'test_binary', undefined), unmountAndListen, waitForChange, mountMusca, checkFlash, unmountMusca,
      ],
      validate(a) {
        downloads.check(a);
        if (idOf(a) === undefined) a.error("'id_serial' of musca is missing in the device configuration");
      },
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};

const idOf = (a: Action) => mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'musca')?.['id_serial'];
const path = (a: Action) => `/dev/disk/by-id/${asText(idOf(a))}`;
const isDrive = (a: Action) => (device: UdevRecord) => device['ID_FS_VERSION'] === 'FAT16' && `${device['DEVNAME'] ?? ''} ${device['DEVLINKS'] ?? ''}`.split(' ').includes(path(a));

const waitMuscaPath: ActionSpec = {
  name: 'wait-musca-path',
  summary: 'wait for musca path',
  description: 'wait for the drive of the board',
  timeoutError: 'Infrastructure',
  validate: needUdev,
  async run(a) {
    a.log.debug(`Waiting for the drive ${path(a)}`);
    await waitForDevice(a, isDrive(a));
  },
};

const mountMusca: ActionSpec = {
  name: 'mount-musca-usbmsd',
  summary: 'mount musca usb mass storage device',
  description: 'mount the drive of the board on the worker',
  timeoutError: 'Infrastructure',
  run: async (a) => { await mountDrive(a, path(a)); },
  cleanup: unmountDrive,
};

const unmountMusca: ActionSpec = {
  name: 'unmount-musca-usbmsd',
  summary: 'unmount musca usb mass storage device',
  description: 'write out and unmount the drive of the board',
  timeoutError: 'Infrastructure',
  run: unmountDrive,
};

const checkFlash: ActionSpec = {
  name: 'check-musca-flash',
  summary: 'check for errors after flashing',
  description: 'look for the file by which the board tells what went wrong',
  timeoutError: 'Infrastructure',
  async run(a) {
    const file = join(a.get(mountedDrive) ?? '', 'FAIL.TXT');
    if (!existsSync(file)) return;
    throw new InfrastructureError(`Flash failure indicated by presence of FAIL.TXT (Details: ${(await readFile(file, 'utf8')).trim()})`, { code: 'flash-failed', hint: 'The board refused the file: is it made for this board, and in a format that its drive takes?' });
  },
};
