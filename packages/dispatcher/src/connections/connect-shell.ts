import { JobError } from '@lava/base';
import { mappingAt } from '@lava/job';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { hasSerial } from './connect-device.ts';
import { type DeviceConnection, deviceConnections } from './device-connections.ts';
import { checkConnection, openConnection } from './open-connection.ts';

/**
 * The connection that a block names with `connection`: one of the device's that is not the primary one. Without any tag
 * on it a connection may be the one that is meant, whatever it is called.
 */
function namedConnection(a: Action): DeviceConnection | undefined {
  const wanted = asText(a.parameters['connection']);
  const others = deviceConnections(a.job.device).filter(({ tags }) => !tags.includes('primary'));
  return others.find(({ name }) => name === wanted) ?? others.find(({ tags }) => tags.length === 0);
}

/** Opens another connection to a device that runs already, such as a second serial port (boot method `new_connection`). */
export const connectShell: ActionSpec = {
  name: 'connect-shell',
  summary: 'run connection command',
  description: 'use the configured command to connect to a shell of the device',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (!mappingAt(a.job.device, 'commands')) return;
    if (!hasSerial(a.job.device)) return a.error('Device not configured to support serial connection.');
    const found = namedConnection(a);
    if (!found) return a.error(`Unable to identify connection command for connection '${asText(a.parameters['connection'])}'`);
    checkConnection(found);
  },
  async run(a) {
    if (a.connection?.alive) {
      a.log.debug('Already connected');
      return;
    }
    await a.connection?.close();
    const found = namedConnection(a);
    if (!found) throw new JobError(`No connection '${asText(a.parameters['connection'])}'`, { code: 'no-connection' });
    const connection = await openConnection(a, found);
    a.connection = connection;
    await connection.sendLine('');
  },
};
