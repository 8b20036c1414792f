import type { ActionSpec } from '../pipeline/action.ts';
import { connectDevice } from './connect-device.ts';
import { connectionAddress } from './address.ts';
import { primaryConnection } from './device-connections.ts';

/** Tags that tell how a program is made to hang up. */
const endings = ['telnet', 'ssh', 'shell'];

/** Gives the device's console back, so that a flasher (or a person) can have the line. */
export const disconnectDevice: ActionSpec = {
  name: 'disconnect-device',
  summary: 'disconnect from the serial connection',
  description: 'end the connection to the serial console of the device',
  timeoutError: 'Infrastructure',
  validate(a) {
    const primary = primaryConnection(a.job.device);
    if (!primary) return a.error('Unable to identify a primary connection command.');
    if (connectionAddress(primary.command).kind !== 'program' || primary.tags.some((tag) => endings.includes(tag))) return;
    a.error("The primary connection must have one of the tags 'telnet', 'ssh' and 'shell' to be disconnected");
  },
  async run(a) {
    const { connection } = a;
    if (!connection) {
      a.log.debug('No connection to disconnect');
      return;
    }
    await connection.close();
    a.connection = undefined;
  },
};

/** Disconnects and connects again: for devices whose serial port goes away with a reset. */
export const resetConnection: ActionSpec = {
  name: 'reset-connection',
  summary: 'disconnect and connect again',
  description: 'end the connection to the device and make a new one',
  retry: true,
  timeoutError: 'Infrastructure',
  children: [disconnectDevice, connectDevice],
};

