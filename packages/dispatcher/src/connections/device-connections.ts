import { ConfigurationError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';

/** One way to reach a device, as its configuration names it. */
export interface DeviceConnection {
  /** Its name below `commands.connections`; `connect` for a device with one command only. */
  readonly name: string;
  readonly command: string;
  readonly tags: readonly string[];
}

type Device = Readonly<Record<string, unknown>>;

/** The connections below `commands.connections`, in order. @throws ConfigurationError for one without a command */
export function deviceConnections(device: Device): DeviceConnection[] {
  return Object.entries(mappingAt(device, 'commands', 'connections') ?? {}).map(([name, entry]) => {
    const command = isMapping(entry) ? entry['connect'] : undefined;
    if (!isMapping(entry) || typeof command !== 'string' || command.trim() === '') {
      throw new ConfigurationError(`The connection '${name}' of the device has no command`, {
        code: 'connection-command', hint: `Write it as 'commands.connections.${name}.connect', e.g. with connection_commands in the device dictionary.`,
      });
    }
    return { name, command, tags: Array.isArray(entry['tags']) ? entry['tags'].map(asText) : [] };
  });
}

/** The main console: `commands.connect`, else the connection tagged `primary`; undefined if there is none. */
export function primaryConnection(device: Device): DeviceConnection | undefined {
  const command = mappingAt(device, 'commands')?.['connect'];
  if (typeof command === 'string' && command !== '') return { name: 'connect', command, tags: [] };
  return deviceConnections(device).find(({ tags }) => tags.includes('primary'));
}
