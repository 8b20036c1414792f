import { connectDevice } from '../connections/connect-device.ts';
import type { Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitUsbSerial } from '../usb/wait-usb.ts';
import { byMethod } from './by-method.ts';
import { bootTail } from './tail.ts';

/** Arm's Musca boards, whose serial port comes with their power. */
export const musca: Method = {
  name: 'musca',
  accepts: byMethod('musca', { id: 'board_id' }),
  build: (job, parameters) => ({
    name: 'musca-boot',
    summary: 'boot musca device with image',
    description: 'boot musca device with the program on it',
    retry: true,
    children: [resetDevice(job), waitUsbSerial, connectDevice, ...bootTail(job, parameters)],
  }),
};
