import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { primaryConnection } from './device-connections.ts';
import { checkConnection, openConnection } from './open-connection.ts';

/** Whether the device says that it has a serial console; every connection of `commands` counts as one. */
export function hasSerial(device: Readonly<Record<string, unknown>>): boolean {
  const connections: unknown = mappingAt(device, 'actions', 'boot')?.['connections'];
  return Array.isArray(connections) ? connections.includes('serial') : isMapping(connections) && Object.hasOwn(connections, 'serial');
}

/** Opens the device's console with the command its configuration names, unless it is open already. */
export const connectDevice: ActionSpec = {
  name: 'connect-device',
  summary: 'run connection command',
  description: 'use the configured command to connect serial to the device',
  timeoutError: 'Infrastructure',
  validate(a) {
    const commands = mappingAt(a.job.device, 'commands');
    if (!commands) return;
    if (!hasSerial(a.job.device)) return a.error('Device not configured to support serial connection.');
    if (commands['must_use_connection'] && commands['connect'] !== undefined && commands['connections'] === undefined) {
      return a.error("'connect' command is not supported by this device, use 'connections'");
    }
    const primary = primaryConnection(a.job.device);
    if (!primary) return a.error('Unable to identify a primary connection command.');
    checkConnection(primary);
  },
  async run(a) {
    borrowConnection(a);
    if (a.connection?.alive) {
      a.log.debug('Already connected');
      return;
    }
    if (a.connection) {
      a.log.warning('Dead connection, reconnecting');
      await a.connection.close();
    }
    const primary = primaryConnection(a.job.device);
    if (primary) a.connection = await openConnection(a, primary);
  },
};

/** A block may use the connection of another namespace (`connection-namespace`), which its own has then, too. */
function borrowConnection(a: Action): void {
  const borrowed = a.parameters['connection-namespace'];
  if (typeof borrowed !== 'string' || borrowed === a.namespace) return;
  const { connection } = a;
  if (!connection) throw new JobError(`Unable to reuse connection from namespace '${borrowed}'`, { code: 'no-connection' });
  a.connection = connection;
}
